"""Stop now, erase later: everything stops at once, and until a moment told it can be taken back.

All that belongs to it is taken down in one transaction: the erasure, whose own jobs sleep until
then; a decision against each purpose that is on or may be; and, where a CRM can do that, the
restriction of her records. Taking it back is one transaction as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.sessions import Sessions, SignedIn
from portal.access.subjects import take_turns
from portal.consent.record import ConsentRecord
from portal.consent.sources import GIVEN_AGAIN, RESTORED, STOPPED_WITH
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.domain.rights import Right
from portal.proof.ledger import Ledger
from portal.rights.cases.recipients import RECIPIENTS, Recipients
from portal.rights.deeds.ended import CANCELLED
from portal.rights.deeds.restricting import restriction
from portal.rights.erasing.erase import deliveries_of
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.held.parts import hers
from portal.rights.mailings.decide import STOPPABLE, Deciding, Standing, latest_of
from portal.rights.requests.planned import let_go, planned_key, planned_of, take, under_way
from portal.rights.requests.receiving import WITH, Requests, acknowledged, is_hers
from portal.store.database import Database, Unit
from portal.store.tables import Consent, Delivery, Job, Request

WAS_ON = "was_on"
"""In the details of what was stopped: she had it on before."""


class TooLate(Exception):
    """The moment has come, or a worker has it in hand, or it was asked for at once since."""


class Planning:
    """Takes an erasure for later, and takes it back."""

    def __init__(
        self,
        database: Database,
        register: Register,
        reading: Reading,
        requests: Requests,
        deciding: Deciding,
        record: ConsentRecord,
        sessions: Sessions,
        suppressions: Suppressions,
        recipients: Recipients,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._register = register
        self._reading = reading
        self._requests = requests
        self._deciding = deciding
        self._record = record
        self._sessions = sessions
        self._suppressions = suppressions
        self._recipients = recipients
        self._ledger = ledger
        self._clock = clock

    def planned(self, signed_in: SignedIn) -> tuple[str, datetime] | None:
        """Her erasure that waits: the request's id and its moment (UTC)."""
        with self._database.reading() as db:
            found = planned_of(db, signed_in.subject_id, self._clock(), site=signed_in.site)
        return (found.id, found.due_at) if found is not None and found.due_at else None

    # --- stop now, erase later -----------------------------------------------------------------

    def plan(
        self,
        signed_in: SignedIn,
        held: Holdings,
        standings: Sequence[Standing],
        locale: str,
        after: timedelta,
    ) -> str:
        """Stop everything now, and erase after this time; the erasure's id.

        While one waits already, in another window perhaps, it is that one.
        """
        with self._database.unit("erasure planned") as unit:
            db, due_at = unit.session, self._clock() + after
            take_turns(db, signed_in.subject_id)
            before = planned_of(db, signed_in.subject_id, self._clock(), site=signed_in.site)
            if before is not None:
                return before.id
            request_id = self._requests.write(
                unit,
                signed_in,
                Right.ERASE,
                deliveries_of(signed_in, held),
                locale,
                self._to_tell(held),
                due_at,
            )
            self._stop(unit, signed_in, standings, locale, request_id)
            self._restrict(unit, signed_in, held, locale, request_id)
            self._sessions.end_others(db, signed_in)
            unit.commit()
        acknowledged()
        return request_id

    def _to_tell(self, held: Holdings) -> dict[str, Any]:
        """Whom to tell once it is done."""
        ids = self._recipients.of_held(held)
        return {RECIPIENTS: ids} if ids else {}

    def _stop(
        self,
        unit: Unit,
        signed_in: SignedIn,
        standings: Sequence[Standing],
        locale: str,
        request_id: str,
    ) -> None:
        """Everything that is on, that may be, or that is about to be."""
        own = latest_of(unit.session, signed_in)
        on_its_way = under_way(unit.session, signed_in.subject_id)
        for standing in standings:
            purpose = standing.purpose
            decided = own.get(purpose.id)
            # What is not known to have been on is never given again: no more than there was.
            known = standing.certain or (decided is not None and decided.granted)
            was_on = on_its_way.get(purpose.id, standing.on and known)
            if was_on or standing.can_be_stopped:
                self._deciding.within(
                    unit,
                    signed_in,
                    purpose,
                    False,
                    locale,
                    source=STOPPED_WITH,
                    details={WITH: request_id, WAS_ON: was_on},
                )

    def _restrict(
        self, unit: Unit, signed_in: SignedIn, held: Holdings, locale: str, request_id: str
    ) -> None:
        """Where the CRM can. What somebody else has marked before is not ours to free again."""
        deliveries = {
            name: restriction(signed_in.email, True, request_id, part)
            for name, adapter in held.adapters.items()
            if adapter.capabilities.restrict
            and (held.records.get(name) or name in held.away)
            and (part := hers(held.opened, name)) is not None
        }
        if deliveries:
            details = {WITH: request_id}
            self._requests.write(unit, signed_in, Right.RESTRICT, deliveries, locale, details)

    # --- she changed her mind --------------------------------------------------------------------

    def given_again(self, signed_in: SignedIn, request_id: str) -> list[Purpose]:
        """What taking this one back would give again."""
        with self._database.reading() as db:
            return self._stopped_by(db, signed_in, request_id)

    def keep(self, signed_in: SignedIn, request_id: str, locale: str) -> str | None:
        """Take an erasure back while it waits; the id of the request that does so.

        It gives again, as new decisions, what she had on and this erasure has stopped, unless she
        has decided about it since; and frees what it has restricted. A second time, it is the same
        request. None: she has no such request.

        Raises:
            TooLate: See there; nothing was changed.
            Doubtful: See there; nothing was changed.
        """
        self._reading.must_be_hers(signed_in)
        with self._database.unit("erasure taken back") as unit:
            db, now = unit.session, self._clock()
            take_turns(db, signed_in.subject_id)
            erasure = db.get(Request, request_id) if "\0" not in request_id else None
            if erasure is None or not is_hers(erasure, signed_in):
                return None
            if erasure.dropped_at is not None and (before := _taken_back_by(db, erasure)):
                return before
            if not take(db, erasure, now):  # before anything else of hers is locked
                raise TooLate
            again = self._stopped_by(db, signed_in, request_id)
            lifted = self._lifted(db, signed_in, erasure)
            about = {"of": request_id, "purposes": [purpose.id for purpose in again]}
            kept = self._requests.write(unit, signed_in, Right.KEEP, lifted, locale, about)
            if not let_go(db, self._ledger, erasure, CANCELLED, kept, now):
                raise TooLate
            for purpose in again:
                self._deciding.within(
                    unit,
                    signed_in,
                    purpose,
                    True,
                    locale,
                    source=GIVEN_AGAIN,
                    details={WITH: kept},
                )
            # An older erasure has put her on the list; that she stays is her later word.
            self._suppressions.lift(db, signed_in.subject_id, now, "portal", kept)
            unit.commit()
        acknowledged()
        return kept

    def _stopped_by(self, db: Db, signed_in: SignedIn, request_id: str) -> list[Purpose]:
        """Of what this erasure has stopped: what was on, and nothing was decided about since."""
        subject_id, decided = signed_in.subject_id, latest_of(db, signed_in)
        latest = {
            row.purpose: row.request_id
            for row in db.scalars(
                select(Consent).where(Consent.subject_id == subject_id).order_by(Consent.id)
            )
        }
        stopped = {
            one.id: one.details
            for one in _came_with(db, subject_id, request_id)
            if one.details.get(WAS_ON)
        }
        return [
            purpose
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE
            and latest.get(purpose.id) in stopped
            # and not for the whole address since; of a restored one the journal tells no source
            and decided[purpose.id].source in {STOPPED_WITH, RESTORED}
        ]

    def _lifted(
        self, db: Db, signed_in: SignedIn, erasure: Request
    ) -> dict[str, Mapping[str, Any]]:
        """Where it restricted her; of one known from the journal alone: wherever it may have."""
        restricted = [
            one.id
            for one in _came_with(db, erasure.subject_id, erasure.id)
            if one.right == Right.RESTRICT
        ]
        planned = select(Job.id).where(Job.key == planned_key(erasure.id))
        if not restricted and db.scalar(planned) is not None:  # of a journal that said less
            restricted = [erasure.id]
        names = set(db.scalars(select(Delivery.adapter).where(Delivery.request_id.in_(restricted))))
        return {
            name: restriction(signed_in.email, False, erasure.id, part)
            for name, adapter in self._reading.adapters_of(signed_in).items()
            if name in names
            and adapter.capabilities.restrict
            and (part := hers(signed_in.opened, name)) is not None
        }


def _came_with(db: Db, subject_id: str, request_id: str) -> list[Request]:
    hers = db.scalars(select(Request).where(Request.subject_id == subject_id))
    return [one for one in hers if one.details.get(WITH) == request_id]


def _taken_back_by(db: Db, erasure: Request) -> str | None:
    """The request that took it back; None: it was not taken back."""
    hers = db.scalars(
        select(Request).where(Request.subject_id == erasure.subject_id, Request.right == Right.KEEP)
    )
    return next((one.id for one in hers if one.details.get("of") == erasure.id), None)
