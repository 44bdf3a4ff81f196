"""Restriction (Art. 18 GDPR): her data is kept and not used, until she or an operator lifts that.

She may ask for it and take it back at any time: either is less than what she may have erased, or
what she had before. An operator tells her first (Art. 18(3)): the letter goes out with the commit
that plans the lifting, which is done some days later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.notices import Notices
from portal.access.sessions import SignedIn
from portal.access.subjects import MAILBOX_TIER, Named, Whose, take_turns
from portal.consent.record import OVERTAKEN
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.rights.holdings import Holdings, Reading
from portal.rights.marks import Marks
from portal.rights.requests import Requests, acknowledged
from portal.rights.restricting import restriction
from portal.rights.restrictions import OF, Standing, standing
from portal.store.database import Database, Unit
from portal.store.tables import Delivery, Request
from portal.store.vault import new_reference

TOLD_BEFORE = timedelta(days=3)
"""She is told so long before an operator's lifting takes effect."""
BY = "by"
OPERATOR = "operator"
NOTICE = "restriction_ends"


class CannotLift(Exception):
    """The message says why, for an operator; it holds nothing of hers."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A lifting of which she is being told."""

    request_id: str
    at: datetime


class Restricting:
    """Takes restrictions down, and lifts them."""

    def __init__(
        self,
        database: Database,
        reading: Reading,
        requests: Requests,
        marks: Marks,
        notices: Notices,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reading = reading
        self._requests = requests
        self._marks = marks
        self._notices = notices
        self._zone = zone
        self._clock = clock

    def standing(self, whose: Whose) -> Standing | None:
        """Her restriction that stands; of several the last."""
        with self._database.reading() as db:
            found = standing(db, whose.subject_id, self._clock())
        return found[-1] if found else None

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
        before = standing(db, signed_in.subject_id, self._clock())
        if before and before[-1].until is None:
            return before[-1].request_id
        request_id = new_reference()
        deliveries = {
            name: restriction(signed_in.email, True, request_id)
            for name in held.adapters
            if held.records.get(name) or name in held.away
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
        self._marks.keep_address(db, signed_in.subject_id, request_id, signed_in.email)
        return request_id

    def take_back(self, signed_in: SignedIn, locale: str) -> str | None:
        """Use it again: she lifts all that stands; the request's id. None: nothing stands."""
        with self._database.unit("restriction taken back") as unit:
            db = unit.session
            take_turns(db, signed_in.subject_id)
            found = standing(db, signed_in.subject_id, self._clock())
            if not found:
                return None
            request_id = self._lift(unit, signed_in, found, locale, {}, None)
            unit.commit()
        acknowledged()
        return request_id

    # --- an operator's ---------------------------------------------------------------------------

    def lift(self, request_id: str) -> Planned:
        """Tell her that her restriction ends, and lift it some days later.

        All that stands of hers ends with it: a CRM knows one mark, not whose.

        :raises CannotLift: there is none that stands, it is planned already, or she cannot be told.
        """
        with self._database.unit("restriction to be lifted") as unit:
            db = unit.session
            request = db.get(Request, request_id) if "\0" not in request_id else None
            if request is None or request.right != Right.RESTRICT:
                raise CannotLift("there is no restriction of this number")
            take_turns(db, request.subject_id)
            found = standing(db, request.subject_id, self._clock())
            if request_id not in [one.request_id for one in found]:
                raise CannotLift("it does not stand any more, or it belongs to an erasure")
            if found[-1].until is not None:
                raise CannotLift("she was told already; it ends by itself")
            email = self._address(db, found, request.subject_id)
            if email is None:
                raise CannotLift(
                    "her address is not known here any more, so she cannot be told: "
                    "she can take it back herself, once signed in"
                )
            whose = Named(request.subject_id, email, request.site, MAILBOX_TIER)
            at = self._clock() + TOLD_BEFORE
            lift_id = self._lift(unit, whose, found, request.locale, {BY: OPERATOR}, at)
            self._tell(unit, request, email, at)
            unit.commit()
        acknowledged()
        return Planned(lift_id, at)

    def _address(self, db: Db, found: Sequence[Standing], subject_id: str) -> Email | None:
        known = (self._marks.address(db, subject_id, one.request_id) for one in reversed(found))
        return next((email for email in known if email is not None), None)

    def _tell(self, unit: Unit, request: Request, email: Email, at: datetime) -> None:
        day = format_date(at.astimezone(self._zone).date(), "d MMMM y", locale=request.locale)
        self._notices.put(
            unit,
            NOTICE,
            to=email,
            site=request.site,
            locale=request.locale,
            at=self._clock(),
            words={"day": day},
            until=at,
        )

    # --- both ------------------------------------------------------------------------------------

    def _lift(
        self,
        unit: Unit,
        whose: Whose,
        found: Sequence[Standing],
        locale: str,
        details: Mapping[str, Any],
        at: datetime | None,
    ) -> str:
        db, ids = unit.session, [one.request_id for one in found]
        known = self._reading.adapters_of(whose)
        names = [one.adapter for one in _deliveries(db, ids) if one.adapter in known]
        deliveries = {
            name: restriction(whose.email, False, ids[-1]) for name in dict.fromkeys(names)
        }
        about = {OF: ids, **details}
        request_id = self._requests.write(
            unit, whose, Right.LIFT, deliveries, locale, about, due_at=at
        )
        if at is None:
            self._overtake(_deliveries(db, ids))
        self._marks.forget_address(db, whose.subject_id)
        return request_id

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
