"""Taking a stop back, within minutes: exactly what it turned off is on again, and nothing else.

Whoever is signed in finds it on her own pages: what it takes is a recall of hers. To start a
mailing is more than a footer link may do, so there it is a token of its own, sealed, which stands
in the answer to the click and nowhere else. Either is used up, mailing by mailing, by any later
decision about the same purpose, of which it makes one itself; and all of it by an erasure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Named, Whose, take_turns
from portal.consent.record import ConsentRecord
from portal.consent.sources import TAKEN_BACK, UNDONE
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.domain.rights import Right
from portal.rights.deeds.doing import consent
from portal.rights.deeds.putting_back import BEFORE
from portal.rights.held.holdings import Reading
from portal.rights.mailings.decide import holders_of
from portal.rights.requests.receiving import WITH, Requests, acknowledged
from portal.store.database import Database, Unit
from portal.store.recalls import Purpose as KeptFor
from portal.store.recalls import Recalled, Recalls
from portal.store.tables import Request, Subject
from portal.store.vault import CannotUnseal, Vault

SEALED_FOR = "undo of a stop"
LASTS = timedelta(minutes=10)


class TooLate(Exception):
    """It is none of ours, too old, or used up. The message holds nothing of it.

    ``site`` is where it was offered, as far as that is known.
    """

    def __init__(self, message: str, site: str | None = None) -> None:
        super().__init__(message)
        self.site = site


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was put back."""

    request_id: str
    """Of several, the one that the others came with."""
    site: str
    purposes: Sequence[Purpose]


@dataclass(frozen=True, slots=True)
class Part:
    """One mailing that a click has stopped."""

    request_id: str
    purpose: str
    on: Mapping[str, Sequence[str]]
    """Adapter name → keys of the records in which it was on."""
    before: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Adapter name → key of a record → the evidence that stood there, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A stop of hers that she can take back."""

    request_id: str
    """Of the stop; of several by one click, the one that the others came with."""
    purposes: Sequence[Purpose]
    until: datetime


class Undoing:
    """Offers to take a stop back, and does it once."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        reading: Reading,
        requests: Requests,
        record: ConsentRecord,
        recalls: Recalls,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._reading = reading
        self._requests = requests
        self._record = record
        self._recalls = recalls
        self._clock = clock

    # --- offering ------------------------------------------------------------------------------

    def offer(self, whose: Whose, parts: Sequence[Part]) -> str:
        """The token that takes this stop back, for who is not signed in.

        Args:
            whose: Who is stopped being mailed.
            parts: What one click has stopped.
        """
        return self._vault.seal(self._told(whose, parts), SEALED_FOR).decode()

    def keep(self, unit: Unit, signed_in: SignedIn, parts: Sequence[Part], request_id: str) -> None:
        """Keep what takes this stop back, in the unit of work that takes it down.

        ``request_id`` is the request of the stop; of several, the one that the others came with.
        It stopped for all who use the address; only who did it may take it back.
        """
        whose = signed_in.as_mailbox
        by = {"by": signed_in.subject_id, "session": signed_in.session_id}
        told = {**self._told(whose, parts), **by}
        until = datetime.fromisoformat(told["until"])
        self._recalls.keep(unit.session, KeptFor.UNDO, whose.subject_id, told, until, request_id)

    def _told(self, whose: Whose, parts: Sequence[Part]) -> dict[str, Any]:
        return {
            "subject": whose.subject_id,
            "email": whose.email.address,
            "site": whose.site,
            "parts": [
                {
                    "request": part.request_id,
                    "purpose": part.purpose,
                    "on": {name: list(keys) for name, keys in part.on.items()},
                    "before": part.before,
                }
                for part in parts
            ],
            "until": (self._clock() + LASTS).isoformat(),
        }

    def offered(self, signed_in: SignedIn) -> list[Offer]:
        """What she can take back now, the latest first.

        While it is doubtful whose the address is, only where she has stopped it herself.
        """
        with self._database.reading() as db:
            kept = [*self._hers(db, signed_in)][::-1]
            whose = signed_in.as_mailbox
            return [offer for one in kept if (offer := self._as_offer(db, one, whose))]

    def _hers(self, db: Db, signed_in: SignedIn) -> Iterator[Recalled]:
        for one in self._recalls.of(db, KeptFor.UNDO, signed_in.mailbox_id):
            if (one.told["by"], one.told["site"]) != (signed_in.subject_id, signed_in.site):
                continue
            by_this_session = one.told.get("session") == signed_in.session_id
            if by_this_session or not self._reading.is_doubtful(signed_in):
                yield one

    def _as_offer(self, db: Db, kept: Recalled, whose: Whose) -> Offer | None:
        purposes = [purpose for purpose, _ in self._standing(db, whose, kept.told)]
        return Offer(kept.request_id or "", purposes, kept.until) if purposes else None

    def stopped_just_now(self, db: Db, subject_id: str) -> dict[str, str]:
        """Purpose id → the request that she can take back, of those that nothing came after."""
        kept = self._recalls.of(db, KeptFor.UNDO, subject_id)
        parts = [part for one in kept for part in one.told["parts"]]
        return {
            part["purpose"]: part["request"]
            for part in parts
            if self._is_last(db, subject_id, part)
        }

    # --- doing ---------------------------------------------------------------------------------

    def undo(self, token: str, locale: str) -> PutBack:
        """Put it back as it was, by the token of an answer.

        :raises TooLate: it can not be taken back (any more); nothing was changed.
        """
        try:
            told = self._vault.unseal(token.encode(), SEALED_FOR)
        except (CannotUnseal, UnicodeEncodeError):
            raise TooLate("it is none of ours") from None
        if self._clock() >= datetime.fromisoformat(told["until"]):
            raise TooLate("its time is over", told["site"])
        whose = Named(told["subject"], Email.parse(told["email"]), told["site"])
        with self._database.unit("stop taken back") as unit:
            take_turns(unit.session, whose.subject_id)
            put_back = self._put_back(unit, whose, told, locale, UNDONE)
            unit.commit()
        acknowledged()
        return put_back

    def undo_mine(self, signed_in: SignedIn, request_id: str, locale: str) -> PutBack:
        """The same for who is signed in.

        :raises TooLate: see `undo`; or it is no stop of hers.
        """
        with self._database.unit("own stop taken back") as unit:
            db = unit.session
            take_turns(db, signed_in.mailbox_id)
            hers = (one for one in self._hers(db, signed_in) if one.request_id == request_id)
            kept = next(hers, None)
            if kept is None:
                raise TooLate("there is no such stop (any more)", signed_in.site)
            put_back = self._put_back(unit, signed_in.as_mailbox, kept.told, locale, TAKEN_BACK)
            self._recalls.drop(db, kept.id)
            unit.commit()
        acknowledged()
        return put_back

    def _put_back(
        self, unit: Unit, whose: Whose, told: Mapping[str, Any], locale: str, source: str
    ) -> PutBack:
        done: list[str] = []
        standing = self._standing(unit.session, whose, told)
        for purpose, part in standing:
            # In one commit with what carries it, so that there is neither without the other.
            evidence = self._record.evidence(purpose, locale, source)
            deliveries = {
                name: {
                    **consent(whose.email, purpose.id, True, evidence, keys),
                    BEFORE: part.before.get(name, {}),
                }
                for name, keys in part.on.items()
            }
            about = {"purposes": [purpose.id], "by": source, **({WITH: done[0]} if done else {})}
            request_id = self._requests.write(unit, whose, Right.CONSENT, deliveries, locale, about)
            self._record.write(
                unit.session,
                subject_id=whose.subject_id,
                purpose=purpose,
                granted=True,
                evidence=evidence,
                request_id=request_id,
            )
            done.append(request_id)
        if not done:
            raise TooLate("something was decided since", whose.site)
        return PutBack(done[0], whose.site, [purpose for purpose, _ in standing])

    def _standing(
        self, db: Db, whose: Whose, told: Mapping[str, Any]
    ) -> list[tuple[Purpose, Part]]:
        """Of what the click has stopped: what nothing was decided about since, and where it was on.

        What is no mailing (any more), or of a system that is gone, is left out.
        """
        found: list[tuple[Purpose, Part]] = []
        for part in told["parts"]:
            try:
                purpose = self._register.purpose(part["purpose"])
                holders = holders_of(purpose, self._reading.adapters_of(whose))
            except KeyError:
                continue
            if self._is_last(db, whose.subject_id, part):
                on = {name: keys for name, keys in part["on"].items() if name in holders}
                before = part.get("before", {})
                found.append((purpose, Part(part["request"], purpose.id, on, before)))
        return found

    def _is_last(self, db: Db, subject_id: str, part: Mapping[str, Any]) -> bool:
        """Is that stop the last word about its purpose?"""
        last = self._record.last(db, subject_id, part["purpose"])
        if last is None or last.request_id != part["request"]:
            return False
        return not asked_to_erase_since(db, subject_id, last.at)


def asked_to_erase_since(db: Db, subject_id: str, since: datetime) -> bool:
    """Has she, or one of those who use her address, asked for an erasure since (UTC)?

    It may wait, be done, or have been taken back: what was stopped before stays so.
    """
    everybody = select(Subject.id).where(
        or_(Subject.id == subject_id, Subject.part_of == subject_id)
    )
    asked = db.scalar(
        select(func.count())
        .select_from(Request)
        .where(Request.subject_id.in_(everybody), Request.right == Right.ERASE)
        .where(Request.received_at >= since)
    )
    return bool(asked)
