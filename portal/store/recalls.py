"""Recalls: what is kept of a subscriber for one stated purpose, sealed, until a stated moment.

A value in flight is wiped once it is confirmed. What a later duty needs all the same (the address
to go back to, the record to look at again) is a row here, and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.store.tables import Recall
from portal.store.vault import Vault


class Purpose(StrEnum):
    """What a recall is kept for. ``/privacy`` says each in words, with its time."""

    ADDRESS_CHANGE = "address_change"
    """The address before a change, so that its mailbox can take the change back; and which records
    may stand under an address still that is hers no longer."""
    OTHER_ADDRESS = "other_address"
    """Where else she may be found after a change of address: until it has reached every system, and
    for as long as the links in older mail are to stop what she gets at the new one."""
    FEED = "feed"
    """Whom a decision or a change of address is about, for a mailing tool that asks by itself."""
    PAUSE = "pause"
    """What a pause stopped and where, so that exactly that begins again."""
    UNDO = "undo"
    """What a stop turned off and where, so that exactly that is put back."""
    RESTRICTION = "restriction"
    """Whom to tell before her restriction is lifted, and which records others had marked before."""
    SECOND_ERASURE = "second_erasure"
    """The record of which a part had to be kept, to erase that when its time is over."""


@dataclass(frozen=True, slots=True, repr=False)
class Recalled:
    """One recall, opened."""

    id: int
    purpose: Purpose
    subject_id: str
    request_id: str | None
    told: Any
    until: datetime


class Recalls:
    """Keeps and finds recalls, each within a unit of work of the caller's."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def keep(
        self,
        db: Db,
        purpose: Purpose,
        subject_id: str,
        told: Any,
        until: datetime,
        request_id: str | None = None,
    ) -> int:
        """Keep it; its id.

        Args:
            db: The session of the unit of work that also holds what it is for.
            purpose: What it is kept for.
            subject_id: Whose it is.
            told: Anything that JSON holds.
            until: From this moment (UTC) on it is not found any more, and swept.
            request_id: The request that it belongs to.
        """
        row = Recall(
            subject_id=subject_id,
            purpose=purpose,
            request_id=request_id,
            sealed=self._vault.seal(told, _sealed_for(purpose)),
            made_at=self._clock(),
            until=until,
        )
        db.add(row)
        db.flush()
        return row.id

    def get(self, db: Db, purpose: Purpose, id: int) -> Recalled | None:
        """The one of this id, if its time is not over."""
        row = db.get(Recall, id, populate_existing=True)
        if row is None or row.purpose != purpose or row.until <= self._clock():
            return None
        return self._opened(row)

    def of(self, db: Db, purpose: Purpose, subject_id: str) -> Iterator[Recalled]:
        """Those of one subscriber for one purpose, oldest first."""
        rows = db.scalars(
            select(Recall)
            .where(
                Recall.purpose == purpose,
                Recall.subject_id == subject_id,
                Recall.until > self._clock(),
            )
            .order_by(Recall.id)
        )
        return map(self._opened, rows)

    def all_of(self, db: Db, purpose: Purpose) -> Iterator[Recalled]:
        """Those of everybody for one purpose, for a chore."""
        rows = db.scalars(
            select(Recall)
            .where(Recall.purpose == purpose, Recall.until > self._clock())
            .order_by(Recall.id)
        )
        return map(self._opened, rows.all())

    def keep_until(self, db: Db, id: int, until: datetime) -> None:
        """Let it end at another moment."""
        db.execute(update(Recall).where(Recall.id == id).values(until=until))

    def tell_anew(self, db: Db, one: Recalled, told: Any) -> None:
        """Keep this from now on instead, for as long as before."""
        sealed = self._vault.seal(told, _sealed_for(one.purpose))
        db.execute(update(Recall).where(Recall.id == one.id).values(sealed=sealed))

    def drop(self, db: Db, id: int) -> None:
        """It has served: forget it now."""
        db.execute(delete(Recall).where(Recall.id == id))

    @staticmethod
    def forget(db: Db, now: datetime) -> None:
        """Delete those whose time is over."""
        db.execute(delete(Recall).where(Recall.until <= now))

    def _opened(self, row: Recall) -> Recalled:
        purpose = Purpose(row.purpose)
        told = self._vault.unseal(row.sealed, _sealed_for(purpose))
        return Recalled(row.id, purpose, row.subject_id, row.request_id, told, row.until)


def _sealed_for(purpose: Purpose) -> str:
    """A purpose of the vault's for each of ours: what is kept for one cannot serve another."""
    return f"recall: {purpose}"
