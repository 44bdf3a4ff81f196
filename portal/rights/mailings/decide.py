"""Deciding about purposes: withdrawing, objecting, giving again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Mailbox, Whose, take_turns
from portal.adapters.contract import Adapter
from portal.consent.record import ConsentRecord, Decision
from portal.consent.sources import SOURCE
from portal.consent.suppression import Suppressions
from portal.domain.register import Ground, Purpose, Register
from portal.domain.rights import Right
from portal.rights.deeds.doing import consent
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.held.parts import hers
from portal.rights.mailings.own_breaks import keep_breaks
from portal.rights.requests.receiving import Alongside, Requests, nothing_before, nothing_else
from portal.store.database import Database, Unit

BY_EXCEPTION = frozenset({Ground.CUSTOMER, Ground.LEGITIMATE_INTEREST})
"""Grounds on which something goes on until the subscriber objects (Art. 21(2) GDPR)."""
STOPPABLE = BY_EXCEPTION | {Ground.CONSENT}
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Proof = tuple[datetime | None, str | None, str | None]
"""When, by which channel, to which words."""


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
    source: str | None = None
    """The channel by which it came to be so, as the system or the portal's own record tells."""
    wording: str | None = None
    """The words that were agreed to, as far as either keeps them."""
    paused_until: datetime | None = None
    """Her last word is a break, until then (UTC). A system that was not told yet still says on."""

    @property
    def has_no_evidence(self) -> bool:
        """A consent of which nobody has kept when, where or to what: it was imported, perhaps."""
        told = (self.since, self.source, self.wording)
        return self.on and self.purpose.ground is Ground.CONSENT and not any(told)

    @property
    def can_be_stopped(self) -> bool:
        """It is on, may be, or will be: whoever wants it to stop need not wait for a system."""
        return self.on or not self.certain or self.paused_until is not None


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
        """Every purpose that can be stopped and concerns her site, in the register's order."""
        with self._database.reading() as db:
            decisions = latest_of(db, signed_in)
        return [
            standing_of(purpose, held, decisions.get(purpose.id))
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE and self.concerns(signed_in, purpose.id)
        ]

    def concerns(self, whose: Mailbox, purpose: str) -> bool:
        """Does what has this id concern her site?"""
        return is_of(purpose, self._reading.adapters_of(whose), self._reading.adapters)

    def decide(
        self,
        signed_in: SignedIn,
        purpose: Purpose,
        granted: bool,
        locale: str,
        first: Callable[[Unit], None] = nothing_before,
        along: Alongside = nothing_else,
    ) -> str:
        """Take a decision down, with its proof; the request's id.

        It goes to every system that holds the purpose, also to one that is away now. ``first`` and
        ``along`` are what else belongs into the same commit (see `Requests.receive`). Of several
        people under one address each may stop for all, and give for herself alone.
        """
        whose: Whose = signed_in if granted else signed_in.as_mailbox
        taken = self._taken(whose, purpose, granted, locale, SOURCE)

        def in_her_turn(unit: Unit) -> None:
            take_turns(unit.session, whose.subject_id)
            first(unit)

        def both(unit: Unit, request_id: str) -> None:
            taken.proof(unit, request_id)
            along(unit, request_id)

        return self._requests.receive(
            whose,
            taken.right,
            taken.deliveries,
            locale=locale,
            details={"purposes": [purpose.id]},
            first=in_her_turn,
            along=both,
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
        until: datetime | None = None,
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
            until: Of a break: when it is over (UTC).
            right: Which right it is, where that does not follow from the ground.
        """
        taken = self._taken(whose, purpose, granted, locale, source, until)
        about = {"purposes": [purpose.id], **details}
        request_id = self._requests.write(
            unit, whose, right or taken.right, taken.deliveries, locale, about
        )
        taken.proof(unit, request_id)
        return request_id

    def _taken(
        self,
        whose: Whose,
        purpose: Purpose,
        granted: bool,
        locale: str,
        source: str,
        until: datetime | None = None,
    ) -> Taken:
        adapters = self._reading.adapters_of(whose)
        holders = holders_of(purpose, adapters)
        own_break = until if until and keep_breaks(purpose, adapters) else None
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
                until=until,
            )
            if granted:
                for one in {whose.subject_id, whose.mailbox_id or whose.subject_id}:
                    self._suppressions.lift(unit.session, one, evidence.at, "portal", request_id)

        deliveries = {
            name: consent(whose.email, purpose.id, granted, evidence, hers=part, until=own_break)
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


def is_of(purpose: str, here: Mapping[str, Adapter], everywhere: Mapping[str, Adapter]) -> bool:
    """Does what has this id concern a site that looks in these systems?

    Not what others hold, and none of these: to stop it here would stop it nowhere.
    """
    return _some_hold(purpose, here) or not _some_hold(purpose, everywhere)


def _some_hold(purpose: str, adapters: Mapping[str, Adapter]) -> bool:
    return any(purpose in one.capabilities.consents for one in adapters.values())


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
    paused = own.until if own and not own.granted else None
    if states:
        on = any(state.granted for state in states)
        there = min((one.paused_until for one in states if one.paused_until), default=None)
        if there is not None and not on:
            if own is None or own.granted:  # paused there, and not by the portal
                paused = there
            elif paused is not None:  # somebody may have made it longer there
                paused = max(paused, there)
        own = own if own and own.granted is on else None
        told = [state for state in states if state.granted is on and (state.at or state.source)]
        if told:
            last = max(told, key=lambda state: state.at or LONG_AGO)
            proof = (last.at, last.source or (own.source if own else None), last.wording)
        else:
            proof = _proof_in(own)
        return _standing(purpose, on, holders, certain, proof, paused)
    known_better = bool(holders) and certain  # they answered, and hold no consent
    if own is not None and not (own.granted and known_better):
        return _standing(purpose, own.granted, holders, certain, _proof_in(own), paused)
    by_exception = purpose.ground in BY_EXCEPTION and (held.anything or not known_better)
    return Standing(purpose, by_exception, None, holders, certain)


def _standing(
    purpose: Purpose,
    on: bool,
    holders: Sequence[str],
    certain: bool,
    proof: Proof,
    paused: datetime | None,
) -> Standing:
    since, source, wording = proof
    return Standing(purpose, on, since, holders, certain, source, wording, paused)


def _proof_in(own: Decision | None) -> Proof:
    return (own.at, own.source, own.wording) if own else (None, None, None)
