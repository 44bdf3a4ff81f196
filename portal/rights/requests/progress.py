"""How far a request is, for whoever has just made it without a session.

The reference names the request and shows by its signature that a page of ours gave it out. It
opens nothing, and tells no more than which systems have done it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState
from portal.rights.requests.history import History, history_of
from portal.rights.requests.receiving import WITH
from portal.store.database import Database
from portal.store.tables import Request
from portal.store.vault import Vault

PURPOSE = "progress"
LASTS = timedelta(days=1)
"""After that she signs in to see her requests."""
DONE = frozenset({DeliveryState.CONFIRMED, DeliveryState.RETAINED})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, and the site that it was made on."""

    history: History
    site: str
    along: Sequence[History]
    """What was taken down together with it."""

    @property
    def is_final(self) -> bool:
        """Nothing more is to happen, to any of them."""
        return all(one.is_final for one in (self.history, *self.along))

    @property
    def done_in(self) -> Mapping[str, bool]:
        """System → is all of it done there?"""
        steps = [step for one in (self.history, *self.along) for step in one.progress]
        done: dict[str, bool] = {}
        for step in steps:
            done[step.adapter] = done.get(step.adapter, True) and step.state in DONE
        return done


class Following:
    """Gives references out, and shows what they name."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def reference(self, request_id: str) -> str:
        """What stands in the address of the page that shows it."""
        return f"{request_id}.{self._vault.mac(PURPOSE, request_id)}"

    def look(self, reference: str) -> Seen | None:
        """How far it is; None: no page of ours gave this out, or it is too long ago."""
        request_id, _, signed = reference.rpartition(".")
        if not reference.isascii() or not self._vault.check_mac(PURPOSE, request_id, signed):
            return None
        with self._database.reading() as db:
            row = db.get(Request, request_id)
            if row is None or self._clock() - row.received_at >= LASTS:
                return None
            now = self._clock()
            since = db.scalars(
                select(Request)
                .where(Request.subject_id == row.subject_id, Request.site == row.site)
                .where(Request.received_at >= row.received_at)
                .order_by(Request.received_at, Request.id)
            )
            with_it = [one for one in since if one.details.get(WITH) == row.id]
            return Seen(
                history_of(db, row, now), row.site, [history_of(db, one, now) for one in with_it]
            )
