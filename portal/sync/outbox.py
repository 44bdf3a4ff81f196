"""The outbox: work that is written down in the very transaction that promises it."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from portal.domain.clock import Clock
from portal.domain.rights import Lane
from portal.store.database import Unit
from portal.store.tables import Job
from portal.store.vault import Vault
from portal.sync.ready import THE_SUBJECT, is_free, of_pair

SEALED_FOR = "job"
CHANNEL = "portal_jobs"
"""The name under which PostgreSQL tells workers of new jobs."""


class Outbox:
    """Takes jobs. Workers that `subscribe` are told at once when new ones are on disk."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call this after each commit that brought jobs."""
        self._listeners.append(listener)

    def put(
        self,
        unit: Unit,
        kind: str,
        payload: Mapping[str, Any],
        *,
        lane: Lane = Lane.ORDINARY,
        subject_id: str | None = None,
        adapter: str | None = None,
        key: str | None = None,
        due_at: datetime | None = None,
        like: str | None = None,
    ) -> Job:
        """Write a job down within a unit of work; it exists once that is committed.

        Args:
            unit: The unit of work that also holds what the job is for.
            kind: Which handler does it.
            payload: Anything that JSON holds; sealed at once.
            lane: Which work goes first.
            subject_id: Together with `adapter`: jobs of one pair run one at a time, in order.
            adapter: See `subject_id`.
            key: The idempotency key; made here, once, if not given.
            due_at: Not before this moment (UTC); now, if not given.
            like: What it does, in a text that says no more and no less; see `waiting_like`.
        """
        now = self._clock()
        job = Job(
            kind=kind,
            lane=lane.rank,
            subject_id=subject_id,
            adapter=adapter,
            key=key or secrets.token_hex(16),
            likeness=self._likeness(like) if like else None,
            payload_sealed=self._vault.seal(dict(payload), SEALED_FOR),
            created_at=now,
            due_at=due_at or now,
            attempts=0,
        )
        unit.session.add(job)
        self._tell(unit)
        return job

    def waiting_like(self, unit: Unit, like: str, subject_id: str, adapter: str) -> Job | None:
        """The job that does the very same, if it is the last that waits for this pair.

        Whoever asks for it once more can go along with that one: nothing stands between them, so
        no order is changed. The job is held until the commit, so that no worker takes it before.
        """
        last = unit.session.scalars(
            select(Job)
            .where(*of_pair(Job, subject_id, adapter))
            .order_by(Job.id.desc())
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if last is None or last.lease is not None or last.likeness != self._likeness(like):
            return None
        return last

    def is_waiting(self, unit: Unit, like: str, subject_id: str, adapter: str) -> bool:
        """Does a job that does the very same wait for this pair, and nobody has it in hand?

        Who asks holds the subject's row until the commit: two that ask at once take turns.
        """
        unit.session.execute(THE_SUBJECT, {"subject_id": subject_id})
        waiting = (
            select(Job.id)
            .where(*of_pair(Job, subject_id, adapter))
            .where(Job.likeness == self._likeness(like))
            .where(is_free(Job))
        )
        return unit.session.scalar(waiting.limit(1), {"now": self._clock()}) is not None

    def put_back(self, unit: Unit, job_id: int) -> Job | None:
        """Open a job again that was given up and has its payload still, under the same key."""
        job = unit.session.get(Job, job_id, with_for_update=True, populate_existing=True)
        if job is None or job.end != "dead" or job.payload_sealed is None:
            return None
        job.ended_at = job.end = job.cause = job.lease = job.leased_until = None
        job.attempts, job.due_at = 0, self._clock()
        self._tell(unit)
        return job

    def _likeness(self, like: str) -> bytes:
        return self._vault.bucket("likeness", like)

    def _tell(self, unit: Unit) -> None:
        """Wake workers after the commit: those of this process, and on PostgreSQL all others."""
        unit.after_commit(self.announce)
        told = unit.session.info.setdefault(CHANNEL, False)
        if not told and unit.session.get_bind().dialect.name == "postgresql":
            unit.session.info[CHANNEL] = True
            unit.session.execute(text(f"NOTIFY {CHANNEL}"))  # heard when the commit is done

    def announce(self) -> None:
        """Tell the workers of this process that there may be something to do."""
        for listener in self._listeners:
            listener()
