"""Requests and cases that the law wants answered soon and that are still open: a person is told."""

from datetime import datetime, timedelta, tzinfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.domain.deadlines import days_left
from portal.domain.rights import FINAL_STATES, DeliveryState
from portal.store.database import Database
from portal.store.tables import Alarm, Case, Delivery, Request
from portal.sync.alarms import AlarmKind, clear_alarm, is_settled, open_alarms, raise_alarm

TELL_BEFORE = 7
"""Days before the deadline."""
YOUNGER = timedelta(days=28 - TELL_BEFORE - 1)
"""A month has 28 days at least: what is younger than that less the warning cannot be near."""
IS_OPEN = or_(
    Delivery.state.in_((set(DeliveryState) - FINAL_STATES) | {DeliveryState.FAILED}),
    # Once she has chosen, or has not in time, a conflict has a cause and is over.
    and_(Delivery.state == DeliveryState.CONFLICT, Delivery.outcome["cause"].as_string().is_(None)),
)


class Overdue:
    """A duty: raises the alarm for what comes near its deadline, clears it for what is answered."""

    def __init__(self, database: Database, zone: tzinfo, clock: Clock) -> None:
        self._database = database
        self._zone = zone
        self._clock = clock

    def watch(self) -> int:
        """Look once; how many requests and cases are near their deadline or past it."""
        now = self._clock()
        with self._database.unit("deadlines watched") as unit:
            near = self._near(unit.session, now)
            for request in near:
                raise_alarm(
                    unit.session,
                    AlarmKind.DEADLINE,
                    _about(request.id),
                    now=now,
                    subject_id=request.subject_id,
                    request_id=request.id,
                    facts={"right": request.right},
                )
            cases = self._near_cases(unit.session, now)
            for case in cases:
                raise_alarm(
                    unit.session,
                    AlarmKind.DEADLINE,
                    about_case(case),
                    now=now,
                    subject_id=case.subject_id,
                    facts={"case": case.reference, "kind": case.kind},
                )
            still = {*map(about_case, cases), *(_about(request.id) for request in near)}
            for alarm in open_alarms(unit.session):
                if _is_answered(alarm, still):
                    clear_alarm(unit.session, alarm.key, now)
            unit.commit()
        return len(near) + len(cases)

    def _near(self, db: Db, now: datetime) -> list[Request]:
        oldest = now - YOUNGER
        is_open = select(Delivery.id).where(Delivery.request_id == Request.id, IS_OPEN).exists()
        rows = db.scalars(select(Request).where(Request.received_at <= oldest, is_open))
        return [
            row
            for row in rows
            if days_left(row.received_at, self._zone, now) <= TELL_BEFORE
            # Who was answered by hand stays open here, and need not be told of every hour.
            and not is_settled(db, _about(row.id), row.received_at)
        ]

    def _near_cases(self, db: Db, now: datetime) -> list[Case]:
        unanswered = (Case.closed_at.is_(None), Case.answered_at.is_(None))
        rows = db.scalars(select(Case).where(Case.received_at <= now - YOUNGER, *unanswered))
        return [
            row
            for row in rows
            if days_left(row.received_at, self._zone, now) <= TELL_BEFORE
            and not is_settled(db, about_case(row), row.written_at)
        ]


def about_case(case: Case) -> str:
    """The key of the alarm that a case is near its deadline."""
    return f"deadline:case:{case.reference}"


def _is_answered(alarm: Alarm, still_open: set[str]) -> bool:
    return alarm.kind == AlarmKind.DEADLINE and alarm.key not in still_open


def _about(request_id: str) -> str:
    return f"deadline:{request_id}"
