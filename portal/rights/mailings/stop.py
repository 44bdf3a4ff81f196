"""Stopping mailings: by a footer link, without a session and never more than that, or on her page.

Either way one click can be taken back for some minutes (`portal.rights.mailings.undo`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Named, Whose, subject_of, take_turns
from portal.consent.links import Link
from portal.consent.record import ConsentRecord
from portal.consent.sources import BY_LINK, SOURCE
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.mailings.decide import STOPPABLE, Deciding, Standing, standing_of
from portal.rights.mailings.undo import Part, Undoing
from portal.rights.mailings.where_on import (
    is_being_stopped,
    is_under_way,
    stood_before,
    was_on,
)
from portal.rights.requests.receiving import WITH, acknowledged, as_code
from portal.store.database import Database, Unit
from portal.store.vault import Vault


@dataclass(frozen=True, slots=True, repr=False)
class Stopped:
    """What a click has done."""

    request_id: str
    undo: str | None
    """What takes back this very click; None: how it stood before is not known anywhere."""
    purposes: Sequence[Purpose]
    """What was stopped: of several, those that were on."""


class Stopping:
    """Takes stops down, each with what takes it back."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        reading: Reading,
        deciding: Deciding,
        record: ConsentRecord,
        undoing: Undoing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._reading = reading
        self._deciding = deciding
        self._record = record
        self._undoing = undoing
        self._clock = clock

    def mailing(self, link: Link) -> Purpose | None:
        """The mailing that a link is about; None: it is none (any more) that can be stopped."""
        try:
            purpose = self._register.purpose(link.purpose)
        except KeyError:
            return None
        return purpose if purpose.ground in STOPPABLE else None

    def topics(self, link: Link, purpose: Purpose) -> list[Purpose]:
        """All that stand under one heading with it on the link's site; none: it stands alone."""
        found = [
            one
            for one in self._register.purposes
            if one.group == purpose.group is not None
            and one.ground in STOPPABLE
            and self._deciding.concerns(link, one.id)
        ]
        return found if purpose in found and len(found) > 1 else []

    # --- by a link -----------------------------------------------------------------------------

    def stop(
        self, link: Link, purpose: Purpose, locale: str, source: str = BY_LINK
    ) -> Stopped | None:
        """Stop it in every record of the address; None: it was off, and nothing was written.

        It goes to every system that holds the purpose, also to one that is away now. What is
        being stopped already is not stopped once more, however often the link is used.
        """
        return self.stop_these(link, [purpose], locale, source)

    def stop_these(
        self, link: Link, purposes: Sequence[Purpose], locale: str, source: str = BY_LINK
    ) -> Stopped | None:
        """The same of several topics, by one click."""
        asked_at = self._clock()
        held = self._reading.everywhere(link)
        with self._database.unit("stopped by a link") as unit:
            db = unit.session
            subject_id = subject_of(db, self._vault, link.email, self._clock())
            take_turns(db, subject_id)
            whose = Named(subject_id, link.email, link.site)
            stopped: list[Purpose] = []
            parts: list[Part] = []
            can_be_undone: list[Part] = []
            for purpose in purposes:
                standing = self.standing(db, subject_id, purpose, held)
                if _under_way(db, subject_id, standing) or not (
                    standing.can_be_stopped or _is_coming(db, subject_id, standing, asked_at)
                ):
                    continue
                along = parts[0].request_id if parts else None
                part = self.within(unit, whose, standing, held, locale, source, along)
                stopped.append(purpose)
                parts.append(part)
                if can_be_put_back(standing, part):
                    can_be_undone.append(part)
            if not parts:
                return None  # not even a subject is left behind
            unit.commit()
        acknowledged()
        undo = self._undoing.offer(whose, can_be_undone) if can_be_undone else None
        return Stopped(parts[0].request_id, undo, stopped)

    # --- on her page ---------------------------------------------------------------------------

    def stop_mine(
        self,
        signed_in: SignedIn,
        purposes: Sequence[Purpose],
        locale: str,
    ) -> str | None:
        """Stop these by one click, for all who use the address.

        Returns:
            The id of the request; of several, the one that they came with.

        What she stopped a moment ago, and can take back still, is not stopped once more: a double
        click is one click. None: there was nothing to do.
        """
        held, whose = self._reading.everywhere(signed_in), signed_in.as_mailbox
        with self._database.unit("mailings stopped") as unit:
            db = unit.session
            take_turns(db, whose.subject_id)
            just_now = self._undoing.stopped_just_now(db, whose.subject_id)
            parts: list[Part] = []
            can_be_undone: list[Part] = []
            for purpose in purposes:
                standing = self.standing(db, whose.subject_id, purpose, held)
                if purpose.id in just_now and (
                    not standing.can_be_stopped or _under_way(db, whose.subject_id, standing)
                ):
                    continue
                along = parts[0].request_id if parts else None
                part = self.within(unit, whose, standing, held, locale, SOURCE, along)
                parts.append(part)
                if can_be_put_back(standing, part):
                    can_be_undone.append(part)
            if not parts:
                return next((just_now[one.id] for one in purposes if one.id in just_now), None)
            if can_be_undone:
                self._undoing.keep(unit, signed_in, can_be_undone, parts[0].request_id)
            unit.commit()
        acknowledged()
        return parts[0].request_id

    # --- both ----------------------------------------------------------------------------------

    def standing(self, db: Db, subject_id: str, purpose: Purpose, held: Holdings) -> Standing:
        """How it stands, by what was read and by what the record says within this unit of work."""
        return standing_of(purpose, held, self._record.latest(db, subject_id).get(purpose.id))

    @staticmethod
    def is_under_way(db: Db, subject_id: str, standing: Standing) -> bool:
        """Is a stop of it on its way to every system that holds it?"""
        return _under_way(db, subject_id, standing)

    def within(
        self,
        unit: Unit,
        whose: Whose,
        standing: Standing,
        held: Holdings,
        locale: str,
        source: str,
        along: str | None = None,
        until: datetime | None = None,
    ) -> Part:
        """Take it down for all records of the address, as a part of something larger.

        Returns:
            Its request, and where it was on.
        """
        on = was_on(unit.session, whose.subject_id, held, standing)
        details = {"by": source} if source != SOURCE else {}
        if until:
            details["until"] = as_code(until)
        if along:
            details[WITH] = along
        purpose = standing.purpose
        request_id = self._deciding.within(
            unit, whose, purpose, False, locale, source=source, details=details, until=until
        )
        return Part(request_id, purpose.id, on, stood_before(held, purpose.id, on))


def can_be_put_back(standing: Standing, part: Part) -> bool:
    """Is it known what to put back? Where no system holds it, the portal's own record tells."""
    return bool(part.on) if standing.systems else standing.on


def _under_way(db: Db, subject_id: str, standing: Standing) -> bool:
    """Is it on its way to every system that holds it, by a decision that still stands?

    A break is not: it ends by itself, and a stop does not.
    """
    return (
        bool(standing.systems)
        and standing.paused_until is None
        and all(
            is_being_stopped(db, subject_id, standing.purpose.id, name) for name in standing.systems
        )
    )


def _is_coming(db: Db, subject_id: str, standing: Standing, asked_at: datetime) -> bool:
    """Is it about to be on, though what was read a moment ago (UTC) says off?

    A break may have ended in between, or a "yes" of hers is on its way: to say "this was off
    already" would let it come on after she stopped it.
    """
    last = ConsentRecord.last(db, subject_id, standing.purpose.id)
    if last is None or not last.granted:
        return False
    return last.at >= asked_at or any(
        is_under_way(db, subject_id, standing.purpose.id, name) for name in standing.systems
    )
