"""The outbox: work that is written down in the very transaction that promises it."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from portal.domain.clock import Clock
from portal.domain.rights import Lane
from portal.store.database import Unit
from portal.store.tables import Job
from portal.store.vault import Vault

SEALED_FOR = "job"


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
        """
        now = self._clock()
        job = Job(
            kind=kind,
            lane=lane.rank,
            subject_id=subject_id,
            adapter=adapter,
            key=key or secrets.token_hex(16),
            payload_sealed=self._vault.seal(dict(payload), SEALED_FOR),
            created_at=now,
            due_at=due_at or now,
            attempts=0,
        )
        unit.session.add(job)
        unit.after_commit(self.announce)
        return job

    def announce(self) -> None:
        """Tell the workers of this process that there may be something to do."""
        for listener in self._listeners:
            listener()
