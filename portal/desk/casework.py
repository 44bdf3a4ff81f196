"""Cases at the desk: reading one, which the ledger notes, and being done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.releases import release
from portal.desk.queue import short
from portal.domain.clock import Clock
from portal.domain.deadlines import days_left, respond_by
from portal.proof.ledger import Event, Ledger
from portal.rights.cases.casebook import (
    CaseBrief,
    CaseKind,
    Cases,
    CaseState,
    Outcome,
    Written,
    brief,
    case_of,
    state_of,
)
from portal.rights.cases.overdue import about_case
from portal.rights.requests.by_hand import done_by_hand
from portal.store.database import Database
from portal.store.tables import Case, Operator, Request
from portal.store.vault import CannotUnseal
from portal.sync.alarms import clear_alarm


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """One case as an operator sees it. Lives as long as one page."""

    case: CaseBrief
    subject: str | None
    right: str | None
    locale: str
    respond_by: date
    days_left: int
    written_by: str | None
    """The operator who took a letter or a call down."""
    written: Written | None
    """None: it was emptied some weeks after the case was closed, or its key is gone."""
    answered_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None


class Casework:
    """What operators do with cases. ``operator`` is the operator's number."""

    def __init__(
        self, database: Database, cases: Cases, ledger: Ledger, zone: tzinfo, clock: Clock
    ) -> None:
        self._database = database
        self._cases = cases
        self._ledger = ledger
        self._zone = zone
        self._clock = clock

    def all_open(self) -> Sequence[tuple[CaseBrief, date]]:
        """Every open case and the day by which it is due, the most urgent first."""
        with self._database.reading() as db:
            rows = db.scalars(
                select(Case).where(Case.closed_at.is_(None)).order_by(Case.received_at, Case.id)
            )
            return [(brief(row), respond_by(row.received_at, self._zone)) for row in rows]

    def look(self, operator: int, reference: str) -> Opened | None:
        """One case with what she wrote; None: there is none of this reference.

        The look is in the ledger before anything of it is on a screen.
        """
        with self._database.unit("case looked at") as unit:
            case = case_of(unit.session, reference)
            if case is None:
                return None
            self._note(unit.session, Event.CASE_LOOKED, operator, case)
            unit.commit()
        with self._database.reading() as db:
            found = case_of(db, reference)
            return self._opened(db, found) if found else None

    def answered(self, operator: int, reference: str) -> bool:
        """She has been answered, by whatever way. False: it was answered or closed already."""
        with self._database.unit("case answered") as unit:
            case = case_of(unit.session, reference, lock=True)
            if case is None or state_of(case) is not CaseState.OPEN:
                return False
            case.answered_at = self._clock()
            clear_alarm(unit.session, about_case(case), self._clock())
            self._note(unit.session, Event.CASE_ANSWERED, operator, case)
            unit.commit()
        return True

    def close(self, operator: int, reference: str, outcome: Outcome) -> bool:
        """It is over. False: it was closed already, or there is none of this reference."""
        with self._database.unit("case closed") as unit:
            case = case_of(unit.session, reference, lock=True)
            if case is None or state_of(case) is CaseState.CLOSED:
                return False
            case.closed_at, case.closed_by, case.outcome = self._clock(), operator, outcome
            by_hand = outcome is Outcome.DONE and case.kind != CaseKind.RECIPIENT
            if by_hand and case.request_id is not None:
                done_by_hand(unit.session, self._ledger, case.request_id, self._clock())
            clear_alarm(unit.session, about_case(case), self._clock())
            self._note(unit.session, Event.CASE_CLOSED, operator, case, outcome=outcome)
            unit.commit()
        return True

    def release(self, operator: int, reference: str, days: int) -> datetime | None:
        """She is who she says: for so many days she sees everything there; until when (UTC).

        The case is done with it. None: it is closed, or of nobody who has signed in.
        """
        now = self._clock()
        until = now + timedelta(days=days)
        with self._database.unit("case released") as unit:
            case = case_of(unit.session, reference, lock=True)
            if case is None or case.subject_id is None or state_of(case) is CaseState.CLOSED:
                return None
            release(
                unit.session,
                case.subject_id,
                case.site,
                case=case.reference,
                operator=operator,
                now=now,
                until=until,
            )
            self._note(unit.session, Event.RELEASED, operator, case, days=days, site=case.site)
            case.closed_at, case.closed_by, case.outcome = now, operator, Outcome.DONE
            clear_alarm(unit.session, about_case(case), now)
            self._note(unit.session, Event.CASE_CLOSED, operator, case, outcome=Outcome.DONE)
            unit.commit()
        return until

    def write_down(
        self,
        operator: int,
        kind: CaseKind,
        *,
        site: str,
        locale: str,
        received: date,
        message: str,
        contact: str,
        address: str,
    ) -> str:
        """A request that came by letter or by phone; the reference of its case.

        Args:
            operator: Who writes it down.
            kind: What a person is to do.
            site: Whose website it is about.
            locale: The language to answer in.
            received: The day on which it came; from there the clock runs.
            message: What it says.
            contact: How she is reached.
            address: The e-mail address that it is about.
        """
        received_at = datetime.combine(received, time(12), self._zone)
        with self._database.unit("case written down") as unit:
            reference = self._cases.open(
                unit,
                kind,
                site=site,
                locale=locale,
                message=message,
                contact=contact,
                address=address,
                received_at=min(received_at, self._clock()),
                by=operator,
            )
            unit.commit()
        return reference

    def operator_named(self, name: str) -> int | None:
        """The number of an operator who may act; None: there is none of this name."""
        with self._database.reading() as db:
            return db.scalar(
                select(Operator.id).where(Operator.name == name, Operator.disabled_at.is_(None))
            )

    def _opened(self, db: Db, case: Case) -> Opened:
        request = db.get(Request, case.request_id) if case.request_id else None
        who = select(Operator).where(Operator.id.in_({case.written_by, case.closed_by} - {None}))
        names = {one.id: one.name for one in db.scalars(who)}
        try:
            written = self._cases.written(case)
        except CannotUnseal:
            written = None
        return Opened(
            case=brief(case),
            subject=short(case.subject_id),
            right=request.right if request else None,
            locale=case.locale,
            respond_by=respond_by(case.received_at, self._zone),
            days_left=days_left(case.received_at, self._zone, self._clock()),
            written_by=names.get(case.written_by or 0),
            written=written,
            answered_at=case.answered_at,
            closed_at=case.closed_at,
            closed_by=names.get(case.closed_by or 0),
        )

    def _note(self, db: Db, event: Event, operator: int, case: Case, **more: str | int) -> None:
        facts = {"operator": operator, "case": case.reference, "kind": case.kind}
        self._ledger.note(
            db,
            event,
            subject_id=case.subject_id,
            request_id=case.request_id,
            facts={**facts, **more},
        )
