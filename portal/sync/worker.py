"""The worker: claims a job, lets its handler do it, and writes down how it ended."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.vault import CannotUnseal, Vault
from portal.sync import claims
from portal.sync.backoff import MAX_ATTEMPTS
from portal.sync.endings import DATABASE_AWAY, Endings, where
from portal.sync.gates import Gates
from portal.sync.jobs import (
    Again,
    GaveUp,
    Handler,
    Handlers,
    Task,
)
from portal.sync.outbox import SEALED_FOR
from portal.sync.renewal import Renewal

log = logging.getLogger(__name__)

SAFETY_POLL = 30.0
"""Seconds after which a worker looks by itself, should a wake-up have been missed."""
CHORES_EVERY = 60.0
"""Seconds between two rounds of chores, at most, however many jobs there are."""
WHILE_CLOSED = 5.0
"""Seconds after which to look whether it may work again."""
AFTER_A_FAULT = 2.0
"""Seconds of rest when the database is away or the engine itself met a fault."""
RENEW_EVERY = claims.LEASE.total_seconds() / 3

Chore = Callable[[], object]


class Worker:
    """One worker of one process.

    It sleeps until it is woken by `wake` or until the next job is due; while it works, jobs follow
    each other without a pause. `chores` are small repeated duties (sealing the ledger, ending
    sessions); they run whenever the worker has run out of jobs, and once a minute while it has not.

    Nothing that a handler or a chore raises ends the worker. What is logged of a fault is its kind
    and its place, never its message, which may quote a value.

    Args:
        database: Holds the jobs.
        vault: Opens their payloads.
        handlers: Who does which kind.
        clock: The time; moved by tests.
        chores: See above.
        max_attempts: After so many a person has to look.
        gates: Which adapters may be called now.
        poll: Seconds after which to look without having been woken.
        renew_every: Seconds after which the lease of a slow job is renewed.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        handlers: Handlers,
        *,
        clock: Clock,
        chores: Sequence[Chore] = (),
        gates: Gates | None = None,
        may_work: Callable[[], bool] = lambda: True,
        max_attempts: int = MAX_ATTEMPTS,
        poll: float = SAFETY_POLL,
        renew_every: float = RENEW_EVERY,
    ) -> None:
        self._database = database
        self._vault = vault
        self._handlers = handlers
        self._clock = clock
        self._chores = tuple(chores)
        self._gates = gates or Gates()
        self._may_work = may_work
        self._endings = Endings(database, vault, self._gates, clock)
        self._max_attempts = max_attempts
        self._poll = poll
        self._renewal = Renewal(self._renew, every=renew_every)
        self._condition = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    # --- in a thread ---------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work in a thread of its own."""
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="portal-worker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def stop(self, timeout: float = 30) -> bool:
        """Finish the job in hand, then stop. False: it is still busy after `timeout` seconds."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def run_forever(self) -> None:
        """Work in the calling thread until `stop` is called from another one or a signal."""
        self._stopping = False
        self._work()

    def _work(self) -> None:
        with self._renewal.watching():
            self._work_until_stopped()

    def _work_until_stopped(self) -> None:
        away = False
        while not self._stopping:
            try:
                wait = self._round()
                if away:
                    log.warning("the portal's own database answers again")
                away = False
            except DATABASE_AWAY as error:
                if not away:
                    log.error("the portal's own database does not answer: %s", type(error).__name__)  # noqa: TRY400  the traceback would print statements
                away, wait = True, AFTER_A_FAULT
            except Exception as error:  # noqa: BLE001  a worker that ends works no more
                log.error("the worker met a fault: %s", where(error))  # noqa: TRY400  see where
                wait = AFTER_A_FAULT
            with self._condition:
                if not (self._woken or self._stopping):
                    self._condition.wait(wait)
                self._woken = False

    def _round(self) -> float:
        """Work until nothing is due or the chores are; seconds to sleep after that."""
        chores_due = time.monotonic() + CHORES_EVERY
        self.drain(lambda: self._stopping or time.monotonic() >= chores_due)
        self._do_chores()
        if not self._may_work():
            return min(self._poll, WHILE_CLOSED)
        now = self._clock()
        with self._database.reading() as session:
            due = claims.next_due(session, now)
        if due is None:
            return self._poll
        # Due and yet not claimed: another worker has it in hand this very moment.
        return min(self._poll, max(0.05, (due - now).total_seconds()))

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except DATABASE_AWAY:
                raise
            except Exception as error:  # noqa: BLE001  one chore must not stop the others
                log.error("a chore failed: %s", where(error))  # noqa: TRY400  see where

    # --- one job -------------------------------------------------------------------------------

    def drain(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Do all jobs that are due now, one after the other; how many attempts that took."""
        attempts = 0
        while not stopped() and self.run_once():
            attempts += 1
        return attempts

    def run_once(self) -> bool:
        """Claim the next job and make one attempt at it. False: there was none to claim."""
        if not self._may_work():
            return False
        with self._database.unit("job claimed") as unit:
            job = claims.claim(unit.session, self._clock(), self._gates)
            if job is None:
                return False
            handler = self._handlers.get(job.kind)
            if handler is not None:
                handler.begin(unit.session, job.key)
            lease, sealed = job.lease or "", job.payload_sealed or b""
            task = Task(
                id=job.id,
                kind=job.kind,
                key=job.key,
                attempt=job.attempts,
                is_last=job.attempts >= self._max_attempts,
                created_at=job.created_at,
                subject_id=job.subject_id,
                adapter=job.adapter,
                payload={},
            )
            unit.commit()
        if handler is None:
            self._endings.end(None, task, lease, GaveUp("no_handler"))
        elif task.attempt > self._max_attempts:
            # Whoever held the last lease never came back; this job may be what they died of.
            self._endings.end(handler, task, lease, GaveUp("worker_lost"), abandon=True)
        else:
            self._attempt(handler, task, lease, sealed)
        return True

    def _attempt(self, handler: Handler, task: Task, lease: str, sealed: bytes) -> None:
        try:
            task = replace(task, payload=self._vault.unseal(sealed, SEALED_FOR))
        except CannotUnseal:
            self._endings.end(handler, task, lease, GaveUp("cannot_unseal"), abandon=True)
            return
        try:
            with self._renewal.of(task.id, lease):
                result = handler.run(task)
        except Exception as error:  # noqa: BLE001  a fault in a handler must not stop the worker
            log.error("job %d (%s) met a fault: %s", task.id, task.kind, where(error))  # noqa: TRY400  see where
            result = Again("fault")
        try:
            self._endings.end(handler, task, lease, result)
        except DATABASE_AWAY:
            raise  # the lease runs out, and the job is done again under the same key
        except Exception as error:  # noqa: BLE001  what goes with the end could not be written
            log.error("job %d (%s) could not be ended: %s", task.id, task.kind, where(error))  # noqa: TRY400  see where
            self._endings.end_bare(handler, task, lease)

    def _renew(self, job_id: int, lease: str) -> bool:
        with self._database.unit("lease renewed") as unit:
            held = claims.renew(unit.session, job_id, lease, self._clock())
            unit.commit()
        return held
