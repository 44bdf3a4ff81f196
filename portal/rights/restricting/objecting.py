"""Objecting (Art. 21 GDPR): to direct marketing, which ends; to other use, which a person weighs.

To direct marketing there is nothing to weigh (Art. 21(3)): one click ends every mailing and all
profiling for it, on whatever ground they rest, in one commit. For the rest she has reasons of her
own, and until a person has weighed them she may have her data restricted (Art. 18(1)(d)).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.ask import TooMany
from portal.access.limits import HOUR, Quotas
from portal.access.sessions import SignedIn
from portal.access.subjects import Whose, take_turns
from portal.config.parts import Limits
from portal.consent.sources import OBJECTED
from portal.domain.clock import Clock
from portal.domain.register import Activity, FieldEntry, Ground, Purpose, Register
from portal.domain.rights import Right
from portal.rights.cases.casebook import ACTIVITIES, CaseKind, Cases
from portal.rights.held.holdings import Holdings
from portal.rights.held.values import scalar_of
from portal.rights.mailings.decide import STOPPABLE, Deciding
from portal.rights.requests.receiving import WITH, Requests, acknowledged
from portal.rights.restricting.restrict import Restricting
from portal.store.database import Database, Unit
from portal.store.tables import Consent, Request
from portal.store.vault import Vault

BALANCED = frozenset({Ground.LEGITIMATE_INTEREST, Ground.PUBLIC_TASK})
"""Grounds whose use she may object to for reasons of her own (Art. 21(1))."""
GOES_ON = frozenset({Ground.CONTRACT, Ground.LEGAL_DUTY})
"""What an objection to direct marketing does not end."""
BY = "by"
MARKETING = "direct_marketing"


@dataclass(frozen=True, slots=True)
class Use:
    """Processing that she may object to, of which something is held."""

    activity: Activity
    fields: Sequence[FieldEntry]
    """The fields that rest on such a ground and hold something."""


class Objecting:
    """Takes objections."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        requests: Requests,
        deciding: Deciding,
        restricting: Restricting,
        cases: Cases,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quotas = Quotas(vault)
        self._register = register
        self._requests = requests
        self._deciding = deciding
        self._restricting = restricting
        self._cases = cases
        self._limits = limits
        self._clock = clock

    # --- direct marketing ------------------------------------------------------------------------

    def marketing(self) -> list[Purpose]:
        """Every mailing that can be stopped, and all profiling for that."""
        return [
            purpose
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE and (purpose.mailing or purpose.profiling)
        ]

    def goes_on(self) -> list[Activity]:
        """What she still hears of, such as a letter about an order."""
        return [one for one in self._register.activities if one.ground in GOES_ON]

    def stands(self, whose: SignedIn) -> str | None:
        """The objection to all direct marketing that stands; None: something may be sent."""
        with self._database.reading() as db:
            return self._standing(db, whose.as_mailbox)

    def stop_marketing(self, signed_in: SignedIn, locale: str) -> str:
        """End all of it, on whatever ground and in every system, also where it is off just now.

        A system that is restored later holds perhaps that it is on: so each is decided about, with
        its words. The id of the request that the others came with; of one that stands already,
        that. Of several people under one address each may stop for all.
        """
        whose = signed_in.as_mailbox
        with self._database.unit("marketing objected to") as unit:
            take_turns(unit.session, whose.subject_id)
            before = self._standing(unit.session, whose)
            if before is not None:
                return before
            lead = self._stop(unit, whose, locale)
            unit.commit()
        acknowledged()
        return lead

    def _stop(self, unit: Unit, whose: Whose, locale: str) -> str:
        lead = ""
        for purpose in self.marketing():
            request_id = self._deciding.within(
                unit,
                whose,
                purpose,
                False,
                locale,
                source=OBJECTED,
                details={BY: MARKETING, **({WITH: lead} if lead else {})},
                right=Right.OBJECT,
            )
            lead = lead or request_id
        return lead or self._requests.write(unit, whose, Right.OBJECT, {}, locale, {BY: MARKETING})

    def _standing(self, db: Db, whose: Whose) -> str | None:
        """By the last word about each: the same objection about all of them."""
        last = {
            row.purpose: row
            for row in db.scalars(
                select(Consent).where(Consent.subject_id == whose.subject_id).order_by(Consent.id)
            )
        }
        leads = set()
        for purpose in self.marketing():
            row = last.get(purpose.id)
            request = db.get(Request, row.request_id) if row and row.request_id else None
            if request is None or request.site != whose.site:
                return None
            if request.details.get(BY) != MARKETING:
                return None
            leads.add(request.details.get(WITH, request.id))
        return leads.pop() if len(leads) == 1 else None

    # --- other use -------------------------------------------------------------------------------

    def other_use(self, held: Holdings) -> list[Use]:
        """What rests on a weighing of interests, or on a public task, and of which she has data."""
        if held.several_people:
            return []
        found = []
        for activity in self._register.activities:
            fields = [
                field
                for field in self._register.fields
                if field.activity == activity.id
                and self._register.explain(field).ground in BALANCED
                and _holds(held, field)
            ]
            if fields:
                found.append(Use(activity, fields))
        return found

    def object(
        self,
        signed_in: SignedIn,
        held: Holdings,
        activities: Sequence[str],
        why: str,
        locale: str,
        *,
        restrict: bool,
    ) -> str:
        """Take an objection to other use down, for a person to weigh; the request's id.

        Args:
            signed_in: Whose it is.
            held: What is held, where it is to be restricted meanwhile.
            activities: Ids of what she objects to.
            why: Her reasons; may be empty.
            locale: The language to answer in.
            restrict: Do not use her data until then.

        Raises:
            TooMany: She has asked as often as one may in an hour; nothing was written.
        """
        hour = self._limits.confirms_per_hour
        mine = self._quotas.quota(hour, HOUR, "ask us", signed_in.subject_id)
        with self._database.unit("other use objected to") as unit:
            take_turns(unit.session, signed_in.subject_id)
            if not self._quotas.hit(unit.session, self._clock(), [mine]):
                raise TooMany
            details = {ACTIVITIES: [*activities]}
            request_id = self._requests.write(unit, signed_in, Right.OBJECT, {}, locale, details)
            self._cases.open(
                unit,
                CaseKind.OBJECT,
                site=signed_in.site,
                locale=locale,
                subject_id=signed_in.subject_id,
                request_id=request_id,
                message=why,
                contact=signed_in.email.address,
            )
            if restrict:
                self._restricting.within(unit, signed_in, held, locale, {"for": request_id})
            unit.commit()
        acknowledged()
        return request_id


def _holds(held: Holdings, field: FieldEntry) -> bool:
    for _name, record in held.each():
        value = record.values.get(field.id)
        if isinstance(value, Sequence) and not isinstance(value, str):
            if value:
                return True
        elif scalar_of(value) not in {None, ""}:
            return True
    return False
