"""Restriction (Art. 18 GDPR): her data is kept and not used, until she or an operator lifts that.

She may ask for it and take it back at any time. How an operator lifts it is told in
`portal.rights.restricting.lifting`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Whose, take_turns
from portal.consent.sources import OVERTAKEN
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.rights.cases.casebook import CaseKind, Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.marks import Marks
from portal.rights.deeds.restricting import restriction
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.held.parts import hers
from portal.rights.requests.receiving import Requests, acknowledged
from portal.rights.requests.restrictions import OF, Standing, standing
from portal.store.database import Database, Unit
from portal.store.tables import Delivery, Request
from portal.store.vault import new_reference


class Restricting:
    """Takes restrictions down, and lifts them."""

    def __init__(
        self,
        database: Database,
        reading: Reading,
        requests: Requests,
        marks: Marks,
        cases: Cases,
        recipients: Recipients,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reading = reading
        self._requests = requests
        self._marks = marks
        self._cases = cases
        self._recipients = recipients
        self._clock = clock

    def standing(self, whose: Whose) -> Standing | None:
        """Her restriction that stands; of several the last."""
        with self._database.reading() as db:
            found = standing(db, whose.subject_id, self._clock(), whose.site)
        return found[-1] if found else None

    def all_standing(self) -> list[Standing]:
        """Everybody's restrictions that stand, oldest first: for operators."""
        with self._database.reading() as db:
            ids = db.scalars(
                select(Request.subject_id)
                .where(Request.right == Right.RESTRICT, Request.dropped_at.is_(None))
                .distinct()
            ).all()
            found = [one for subject_id in ids for one in standing(db, subject_id, self._clock())]
        return sorted(found, key=lambda one: (one.since, one.request_id))

    # --- hers ------------------------------------------------------------------------------------

    def restrict(self, signed_in: SignedIn, held: Holdings, locale: str) -> str:
        """Restrict everything of hers; the request's id.

        While one stands that nobody is about to lift, it is that one.
        """
        with self._database.unit("restricted") as unit:
            take_turns(unit.session, signed_in.subject_id)
            request_id = self.within(unit, signed_in, held, locale)
            unit.commit()
        acknowledged()
        return request_id

    def within(
        self,
        unit: Unit,
        signed_in: SignedIn,
        held: Holdings,
        locale: str,
        details: Mapping[str, Any] | None = None,
    ) -> str:
        """The same as a part of something larger, in its unit of work; her turn is taken there."""
        db = unit.session
        before = standing(db, signed_in.subject_id, self._clock(), signed_in.site)
        if before and before[-1].until is None:
            return before[-1].request_id
        request_id = new_reference()
        deliveries = {
            name: restriction(signed_in.email, True, request_id, part)
            for name in held.adapters
            if (held.records.get(name) or name in held.away)
            and (part := hers(signed_in.opened, name)) is not None
        }
        self._requests.write(
            unit,
            signed_in,
            Right.RESTRICT,
            deliveries,
            locale,
            details or {},
            request_id=request_id,
        )
        parts = {name: dict(hers(signed_in.opened, name) or {}) for name in deliveries}
        self._marks.keep_address(db, signed_in.subject_id, request_id, signed_in.email, parts)
        self._by_hand(unit, signed_in, request_id, deliveries, locale)
        whom = self._recipients.of_held(held)
        self._recipients.tell(unit, signed_in, request_id, whom, locale)
        return request_id

    def take_back(self, signed_in: SignedIn, locale: str) -> str | None:
        """Use it again: she lifts all that stands; the request's id. None: nothing stands.

        Raises:
            Doubtful: See there; nothing was changed.
        """
        self._reading.must_be_hers(signed_in)
        with self._database.unit("restriction taken back") as unit:
            db = unit.session
            take_turns(db, signed_in.subject_id)
            found = standing(db, signed_in.subject_id, self._clock(), signed_in.site)
            if not found:
                return None
            request_id = self.lift(unit, signed_in, found, locale, {}, None)
            unit.commit()
        acknowledged()
        return request_id

    # --- lifting ---------------------------------------------------------------------------------

    def lift(
        self,
        unit: Unit,
        whose: Whose,
        found: Sequence[Standing],
        locale: str,
        details: Mapping[str, Any],
        at: datetime | None,
        parts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> str:
        """Lift all of these, now or at that moment (UTC): a CRM knows one mark, not whose.

        ``parts``: of somebody who is not signed in, adapter name → which records are hers, as
        `portal.rights.held.parts.hers` gives them; in no other system is anything lifted.
        """
        db, ids = unit.session, [one.request_id for one in found]
        known = self._reading.adapters_of(whose)
        names = [one.adapter for one in _deliveries(db, ids) if one.adapter in known]
        deliveries = {
            name: restriction(whose.email, False, ids[-1], part)
            for name in dict.fromkeys(names)
            if (part := hers(whose.opened, name) if parts is None else parts.get(name)) is not None
        }
        about = {OF: ids, **details}
        request_id = self._requests.write(
            unit, whose, Right.LIFT, deliveries, locale, about, due_at=at
        )
        self._by_hand(unit, whose, request_id, deliveries, locale)
        if at is None:
            self._overtake(_deliveries(db, ids))
            self._cases.withdraw(unit, CaseKind.RESTRICT, ids)
        stand = [one.request_id for one in standing(db, whose.subject_id, self._clock())]
        self._marks.forget_address(db, whose.subject_id, but={*stand} - {*ids})
        return request_id

    def _by_hand(
        self,
        unit: Unit,
        whose: Whose,
        request_id: str,
        systems: Iterable[str],
        locale: str,
    ) -> None:
        """Where the mark is unknown, a person sets it, or takes it off."""
        known = self._reading.adapters_of(whose)
        if any(not known[name].capabilities.restrict for name in systems):
            self._cases.open(
                unit,
                CaseKind.RESTRICT,
                site=whose.site,
                locale=locale,
                subject_id=whose.subject_id,
                request_id=request_id,
                contact=whose.email.address,
            )

    def _overtake(self, deliveries: Iterable[Delivery]) -> None:
        """What a person was to mark by hand need not be marked any more."""
        for one in deliveries:
            if one.state == DeliveryState.AWAITING:
                one.state, one.changed_at = DeliveryState.CONFIRMED, self._clock()
                one.outcome = {"cause": OVERTAKEN}


def _deliveries(db: Db, request_ids: Sequence[str]) -> Sequence[Delivery]:
    return db.scalars(
        select(Delivery).where(Delivery.request_id.in_(request_ids)).order_by(Delivery.id)
    ).all()
