"""The mark "keep, do not use" in the CRMs: what is kept to take it off again, and off no other.

A recall for each system in which a mark of ours may be: the keys of the records that somebody else
had marked before. It is written before the first mark is, so that an attempt whose answer was lost
does not take its own mark for somebody else's. And one for each restriction of hers: her address,
since she is to be told before an operator lifts it (Art. 18(3) GDPR).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.store.recalls import Purpose, Recalled, Recalls
from portal.store.tables import Request

LONGEST = timedelta(days=5 * 365)
"""A restriction has no end of its own. After this it has to be looked into anyway."""


@dataclass(frozen=True, slots=True, repr=False)
class Reached:
    """Where she is told, and which records are meant."""

    email: Email
    parts: Mapping[str, Mapping[str, Any]]
    """Adapter name → whose records, as `portal.rights.held.parts.hers` gives them."""


class Marks:
    """Remembers marks, each time within a unit of work of the caller's."""

    def __init__(self, recalls: Recalls, clock: Clock) -> None:
        self._recalls = recalls
        self._clock = clock

    def before(self, db: Db, subject_id: str, adapter: str) -> Sequence[str] | None:
        """Keys of the records that others had marked; None: no mark of ours can be there."""
        found = self._of_system(db, subject_id, adapter)
        return [*found[0].told["keys"]] if found else None

    def note(self, db: Db, subject_id: str, adapter: str, keys: Sequence[str]) -> None:
        """From here on marks of ours may be there, beside those of others."""
        if not self._of_system(db, subject_id, adapter):
            self._keep(db, subject_id, {"adapter": adapter, "keys": [*keys]}, None)

    def are_gone(self, db: Db, subject_id: str, adapter: str) -> None:
        """No mark of ours is there any more."""
        for one in self._of_system(db, subject_id, adapter):
            self._recalls.drop(db, one.id)

    def keep_address(
        self,
        db: Db,
        subject_id: str,
        request_id: str,
        email: Email,
        parts: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Whom to tell before this restriction is lifted; and which records are hers alone."""
        told: dict[str, object] = {
            "email": email.address,
            "parts": {name: dict(part) for name, part in parts.items()},
        }
        self._keep(db, subject_id, told, request_id)

    def readdress(self, db: Db, subject_id: str, email: Email, sites: Collection[str]) -> None:
        """She has another address on these sites: there she is told, and found, by that one."""
        for one in self._of(db, subject_id):
            request = db.get(Request, one.request_id) if one.request_id else None
            if "email" in one.told and request is not None and request.site in sites:
                self._recalls.tell_anew(db, one, {**one.told, "email": email.address})

    def reached(self, db: Db, subject_id: str, request_ids: Collection[str]) -> Reached | None:
        """Where she is told, by the last of these restrictions, and what all of them restrict.

        None: it is not known any more.
        """
        known = [
            one.told
            for one in self._of(db, subject_id)
            if one.request_id in request_ids and "email" in one.told
        ]
        if not known:
            return None
        parts = {name: part for told in known for name, part in told["parts"].items()}
        return Reached(Email.parse(known[-1]["email"]), parts)

    def forget_address(self, db: Db, subject_id: str, but: Collection[str]) -> None:
        """None of her restrictions stands but these, or she has been told of the others."""
        for one in self._of(db, subject_id):
            if "email" in one.told and one.request_id not in but:
                self._recalls.drop(db, one.id)

    def any_left(self, db: Db, subject_id: str) -> bool:
        """May there be a mark of ours in any system?"""
        return any("adapter" in one.told for one in self._of(db, subject_id))

    def _keep(
        self, db: Db, subject_id: str, told: dict[str, object], request_id: str | None
    ) -> None:
        until = self._clock() + LONGEST
        self._recalls.keep(db, Purpose.RESTRICTION, subject_id, told, until, request_id)

    def _of_system(self, db: Db, subject_id: str, adapter: str) -> list[Recalled]:
        return [one for one in self._of(db, subject_id) if one.told.get("adapter") == adapter]

    def _of(self, db: Db, subject_id: str) -> list[Recalled]:
        return [*self._recalls.of(db, Purpose.RESTRICTION, subject_id)]
