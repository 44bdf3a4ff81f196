"""How attempts end: in one transaction, fenced by the lease, with all that belongs to it."""

import logging
import traceback
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync import claims
from portal.sync.backoff import pause
from portal.sync.gates import Gates
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Later, Result, Task, Verdict
from portal.sync.outbox import SEALED_FOR
from portal.sync.replay import ring_for_dead_letter

log = logging.getLogger(__name__)

LONGEST_WISH = 86_400.0
"""Seconds: a CRM that asks to be left alone for longer is asked again after this."""
DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree)


class Endings:
    """Writes down how attempts ended, and tells the gates what that says of the adapter."""

    def __init__(self, database: Database, vault: Vault, gates: Gates, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._gates = gates
        self._clock = clock

    def end_bare(self, handler: Handler, task: Task, lease: str) -> None:
        """After a fault in what a result records: try the job again, or end it without that."""
        try:
            self.end(handler, task, lease, Again("fault_at_end"))
        except DATABASE_AWAY:
            raise
        except Exception as error:  # noqa: BLE001  the job must come to an end all the same
            log.error("job %d (%s) could not be abandoned: %s", task.id, task.kind, where(error))  # noqa: TRY400  see where
            self.end(None, task, lease, GaveUp("fault_at_end"))

    def end(
        self,
        handler: Handler | None,
        task: Task,
        lease: str,
        result: Result,
        *,
        abandon: bool = False,
    ) -> None:
        now = self._clock()
        if isinstance(result, Again) and task.is_last and _counts(result):
            result, abandon = GaveUp(result.cause, result.record), True
        with self._database.unit("job ended") as unit:
            if not self._write_end(unit.session, task, lease, result, now):
                log.warning("job %d: the lease had ended, its result is dropped", task.id)
                return
            result.record(unit.session)
            if abandon and handler is not None:
                handler.abandon(unit.session, task, getattr(result, "cause", ""))
            if task.adapter is not None:
                self._judge(unit.session, task.adapter, result, now)
            unit.commit()
        if isinstance(result, GaveUp):
            log.error("job %d (%s) given up: %s", task.id, task.kind, result.cause)
        elif isinstance(result, Again):
            log.warning("job %d (%s) is tried again: %s", task.id, task.kind, result.cause)

    def _write_end(
        self, session: Session, task: Task, lease: str, result: Result, now: datetime
    ) -> bool:
        match result:
            case Finished(how=how, keep=keep):
                return claims.end(session, task.id, lease, how=how, now=now, cause=None, keep=keep)
            case GaveUp(cause=cause, replayable=keep):
                ended = claims.end(
                    session, task.id, lease, how="dead", now=now, cause=cause, keep=keep
                )
                if ended and keep:
                    ring_for_dead_letter(session, task, cause, now)
                return ended
            case Later(at=at, payload=payload):
                sealed = None if payload is None else self._vault.seal(dict(payload), SEALED_FOR)
                return claims.postpone(
                    session, task.id, lease, at, cause=None, attempts=0, payload=sealed
                )
            case Again(cause=cause, after=after):
                seconds = pause(task.attempt) if after is None else min(after, LONGEST_WISH)
                due_at = now + timedelta(seconds=seconds)
                counted = task.attempt if _counts(result) else task.attempt - 1
                return claims.postpone(
                    session, task.id, lease, due_at, cause=cause, attempts=counted
                )

    def _judge(self, session: Session, adapter: str, result: Result, now: datetime) -> None:
        """What this attempt tells all workers about the adapter."""
        match result:
            case Again(cause=cause, verdict=Verdict.UNANSWERED):
                self._gates.unanswered(session, adapter, cause, now)
            case Again(after=after, verdict=Verdict.BUSY) if after is not None:
                until = now + timedelta(seconds=min(after, LONGEST_WISH))
                self._gates.hold(session, adapter, until)
            case Again(cause=cause, verdict=Verdict.PAUSE):
                self._gates.pause(session, adapter, cause, now)
                log.error("adapter %s is paused: %s", adapter, cause)
            case _:
                self._gates.answered(session, adapter, now)


def _counts(result: Again) -> bool:
    """Was it an attempt at all? Not where the adapter asked for patience or must not be called."""
    wished = result.verdict is Verdict.BUSY and result.after is not None
    return not wished and result.verdict is not Verdict.PAUSE


def where(error: BaseException) -> str:
    """The kind of a fault and where it happened; never its message, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} in {places}"
