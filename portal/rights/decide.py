"""Deciding about purposes: withdrawing, objecting, giving again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Whose, take_turns
from portal.adapters.contract import Adapter
from portal.consent.record import SOURCE, ConsentRecord, Decision
from portal.consent.suppression import Suppressions
from portal.domain.register import Ground, Purpose, Register
from portal.domain.rights import Right
from portal.rights.deeds import consent
from portal.rights.holdings import Holdings, Reading
from portal.rights.parts import hers
from portal.rights.requests import Alongside, Requests
from portal.store.database import Database, Unit

BY_EXCEPTION = frozenset({Ground.CUSTOMER, Ground.LEGITIMATE_INTEREST})
"""Grounds on which something goes on until the subscriber objects (Art. 21(2) GDPR)."""
STOPPABLE = BY_EXCEPTION | {Ground.CONSENT}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one purpose stands for one subscriber."""

    purpose: Purpose
    on: bool
    since: datetime | None
    systems: Sequence[str]
    """The adapters that hold it; none: the portal's own record is the truth."""
    certain: bool
    """False: a system that holds it did not answer, so this is the portal's own record."""

    @property
    def can_be_stopped(self) -> bool:
        """It is on, or may be: whoever wants it to stop need not wait for a system."""
        return self.on or not self.certain


@dataclass(frozen=True, slots=True)
class Taken:
    """One decision, ready to be written down."""

    right: Right
    deliveries: Mapping[str, Mapping[str, Any]]
    proof: Alongside


class Deciding:
    """Tells how purposes stand, and takes decisions."""

    def __init__(
        self,
        database: Database,
        register: Register,
        reading: Reading,
        requests: Requests,
        record: ConsentRecord,
        suppressions: Suppressions,
    ) -> None:
        self._database = database
        self._register = register
        self._reading = reading
        self._requests = requests
        self._record = record
        self._suppressions = suppressions

    def standings(self, signed_in: SignedIn, held: Holdings) -> list[Standing]:
        """Every purpose that can be stopped, in the register's order."""
        with self._database.reading() as db:
            decisions = latest_of(db, signed_in)
        return [
            standing_of(purpose, held, decisions.get(purpose.id))
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE
        ]

    def decide(self, signed_in: SignedIn, purpose: Purpose, granted: bool, locale: str) -> str:
        """Take a decision down, with its proof; the request's id.

        It goes to every system that holds the purpose, also to one that is away now. Of several
        people under one address each may stop for all, and give for herself alone.
        """
        whose: Whose = signed_in if granted else signed_in.as_mailbox
        taken = self._taken(whose, purpose, granted, locale, SOURCE)
        return self._requests.receive(
            whose,
            taken.right,
            taken.deliveries,
            locale=locale,
            details={"purposes": [purpose.id]},
            first=lambda unit: take_turns(unit.session, whose.subject_id),
            along=taken.proof,
        )

    def within(
        self,
        unit: Unit,
        whose: Whose,
        purpose: Purpose,
        granted: bool,
        locale: str,
        *,
        source: str,
        details: Mapping[str, Any],
        right: Right | None = None,
    ) -> str:
        """The same as a part of something larger, in its unit of work.

        Args:
            unit: That of the larger thing.
            whose: Whose decision it is.
            purpose: What about.
            granted: What was decided.
            locale: The language of the page.
            source: What it came with, for the proof.
            details: More codes for the request.
            right: Which right it is, where that does not follow from the ground.
        """
        taken = self._taken(whose, purpose, granted, locale, source)
        about = {"purposes": [purpose.id], **details}
        request_id = self._requests.write(
            unit, whose, right or taken.right, taken.deliveries, locale, about
        )
        taken.proof(unit, request_id)
        return request_id

    def _taken(
        self, whose: Whose, purpose: Purpose, granted: bool, locale: str, source: str
    ) -> Taken:
        holders = holders_of(purpose, self._reading.adapters_of(whose))
        # The evidence belongs to the same commit as the deliveries that carry it.
        evidence = self._record.evidence(purpose, locale, source)

        def proof(unit: Unit, request_id: str) -> None:
            self._record.write(
                unit.session,
                subject_id=whose.subject_id,
                purpose=purpose,
                granted=granted,
                evidence=evidence,
                request_id=request_id,
            )
            if granted:
                for one in {whose.subject_id, whose.mailbox_id or whose.subject_id}:
                    self._suppressions.lift(unit.session, one, evidence.at, "portal", request_id)

        deliveries = {
            name: consent(whose.email, purpose.id, granted, evidence, hers=part)
            for name in holders
            if (part := hers(whose.opened, name)) is not None
        }
        return Taken(right_of(purpose, granted), deliveries, proof)


def latest_of(db: Db, signed_in: SignedIn) -> Mapping[str, Decision]:
    """The latest decision per purpose id; of several people hers, or what was decided for all."""
    decisions = dict(ConsentRecord.latest(db, signed_in.mailbox_id))
    if signed_in.opened is not None:
        for purpose, one in ConsentRecord.latest(db, signed_in.subject_id).items():
            if purpose not in decisions or decisions[purpose].at <= one.at:
                decisions[purpose] = one
    return decisions


def right_of(purpose: Purpose, granted: bool) -> Right:
    """Which right is exercised by deciding so about what rests on this ground."""
    if granted:
        return Right.CONSENT
    return Right.OBJECT if purpose.ground in BY_EXCEPTION else Right.WITHDRAW


def holders_of(purpose: Purpose, adapters: Mapping[str, Adapter]) -> list[str]:
    """The systems that hold this purpose."""
    return [name for name in adapters if purpose.id in adapters[name].capabilities.consents]


def standing_of(purpose: Purpose, held: Holdings, own: Decision | None) -> Standing:
    """How a purpose stands, by what the systems hold and by the portal's own latest decision."""
    holders = holders_of(purpose, held.adapters)
    states = [
        state
        for _name, record in held.each()
        if (state := record.consents.get(purpose.id)) and state.granted is not None
    ]
    certain = not any(name in held.away for name in holders)
    if states:
        on = any(state.granted for state in states)
        times = [state.at for state in states if state.at and state.granted is on]
        since = max(times, default=own.at if own and own.granted is on else None)
        return Standing(purpose, on, since, holders, certain)
    known_better = bool(holders) and certain  # they answered, and hold no consent
    if own is not None and not (own.granted and known_better):
        return Standing(purpose, own.granted, own.at, holders, certain)
    by_exception = purpose.ground in BY_EXCEPTION and (held.anything or not known_better)
    return Standing(purpose, by_exception, None, holders, certain)
