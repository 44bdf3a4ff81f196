"""What needs a person, first; then how every system is doing. One look, nothing to scroll for.

No list of all subjects is here or anywhere: what is shown is what is open, and of that the most
urgent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session as Db

from portal.desk.health import Health, health_of_all
from portal.domain.clock import Clock
from portal.domain.deadlines import days_left
from portal.rights.cases.casebook import CaseState, brief
from portal.rights.requests.receiving import delivery_of
from portal.rights.requests.shadowed import WouldDo, would_have_done
from portal.store.database import Database
from portal.store.tables import Alarm, Case, Job, Request
from portal.sync.alarms import AlarmKind

SHOWN = 20
"""Of each kind, the most urgent ones; the rest is counted."""
SHOWN_OF_ID = 8
"""Characters of a subject's random id: enough to tell two apart on one screen."""
SHOWN_BY_THEMSELVES = (AlarmKind.DEAD_LETTER, AlarmKind.ADAPTER_PAUSED)
"""Alarms of what the desk shows anyway, with what can be done about it."""

PRESSING = case(
    (Alarm.kind == AlarmKind.DEADLINE, 0), (Alarm.kind == AlarmKind.REAPPEARED, 1), else_=2
)
"""Which alarms stand first."""

ANSWERED = case((Case.answered_at.is_(None), 0), else_=1)

T = TypeVar("T", Alarm, Case, Job)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up. Codes and ids; its payload stays sealed."""

    job_id: int
    alarm_id: int
    kind: str
    adapter: str | None
    right: str | None
    cause: str | None
    attempts: int
    given_up_at: datetime
    request_id: str | None
    subject: str | None
    days_left: int | None
    """Until the law wants the request answered; negative when that is past."""
    can_be_replayed: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """An open alarm of what the desk does not show by itself."""

    alarm_id: int
    kind: str
    adapter: str | None
    right: str | None
    request_id: str | None
    subject: str | None
    raised_at: datetime
    repeated_at: datetime
    times: int
    days_left: int | None
    case: str | None
    """The reference of the case that it is about."""
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Something that only a person can do or answer."""

    reference: str
    kind: str
    site: str
    subject: str | None
    received_at: datetime
    days_left: int
    answered: bool
    """She has been answered; the case is open still."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A conflict: the CRM changed meanwhile, and the subscriber has not chosen yet."""

    adapter: str | None
    right: str | None
    request_id: str | None
    subject: str | None
    since: datetime
    days_left: int | None


@dataclass(frozen=True, slots=True)
class View:
    """The whole desk, as it was at one moment."""

    dead_letters: Sequence[DeadLetter]
    dead_in_all: int
    notices: Sequence[Notice]
    notices_in_all: int
    cases: Sequence[OpenCase]
    """In order of the day on which they are due, those that were answered last."""
    cases_in_all: int
    choices: Sequence[Choice]
    choices_in_all: int
    systems: Sequence[Health]
    would_do: Sequence[WouldDo]
    """What the systems that are in shadow would have done, the first of it."""

    @property
    def paused(self) -> Sequence[Health]:
        """The systems that are left alone until somebody resumes them."""
        return [one for one in self.systems if one.paused_at]

    @property
    def waiting_for_a_person(self) -> int:
        """How many things wait for an operator; conflicts wait for the subscriber."""
        return self.dead_in_all + self.notices_in_all + self.cases_in_all + len(self.paused)


class Queue:
    """Looks the desk up."""

    def __init__(
        self,
        database: Database,
        adapters: Sequence[str],
        shadowed: Callable[[], Mapping[str, date]],
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._shadowed = shadowed
        self._zone = zone
        self._clock = clock

    def look(self) -> View:
        """Everything that is open now."""
        with self._database.reading() as db:
            dead, dead_in_all = _first(db, Alarm, _given_up(), Alarm.id)
            alarms, alarms_in_all = _first(db, Alarm, _others(), PRESSING, Alarm.id)
            cases, cases_in_all = _first(
                db, Case, [Case.closed_at.is_(None)], ANSWERED, Case.received_at, Case.id
            )
            conflicts, conflicts_in_all = _first(db, Job, _undecided(), Job.id)
            shadowed = self._shadowed()
            letters = [self._dead_letter(db, alarm) for alarm in dead]
            return View(
                dead_letters=sorted(filter(None, letters), key=_urgency),
                dead_in_all=dead_in_all,
                notices=[self._notice(db, alarm) for alarm in alarms],
                notices_in_all=alarms_in_all,
                cases=[self._case(case) for case in cases],
                cases_in_all=cases_in_all,
                choices=[self._choice(db, job) for job in conflicts],
                choices_in_all=conflicts_in_all,
                systems=health_of_all(db, self._adapters, shadowed, self._clock()),
                would_do=list(islice(_would_do(db, shadowed), SHOWN)),
            )

    def _dead_letter(self, db: Db, alarm: Alarm) -> DeadLetter | None:
        job = db.get(Job, job_of(alarm.key) or 0)
        if job is None:
            return None
        request = request_of(db, job)
        return DeadLetter(
            job_id=job.id,
            alarm_id=alarm.id,
            kind=job.kind,
            adapter=job.adapter,
            right=request.right if request else None,
            cause=job.cause,
            attempts=job.attempts,
            given_up_at=alarm.repeated_at,
            request_id=request.id if request else None,
            subject=short(job.subject_id),
            days_left=self._days_left(request),
            can_be_replayed=job.end == "dead" and job.payload_sealed is not None,
        )

    def _case(self, case: Case) -> OpenCase:
        told = brief(case)
        return OpenCase(
            reference=told.reference,
            kind=told.kind,
            site=told.site,
            subject=short(told.subject_id),
            received_at=told.received_at,
            days_left=days_left(told.received_at, self._zone, self._clock()),
            answered=told.state is CaseState.ANSWERED,
        )

    def _choice(self, db: Db, job: Job) -> Choice:
        request = request_of(db, job)
        return Choice(
            adapter=job.adapter,
            right=request.right if request else None,
            request_id=request.id if request else None,
            subject=short(job.subject_id),
            since=job.ended_at or job.created_at,
            days_left=self._days_left(request),
        )

    def _notice(self, db: Db, alarm: Alarm) -> Notice:
        request = db.get(Request, alarm.request_id) if alarm.request_id else None
        return Notice(
            alarm_id=alarm.id,
            kind=alarm.kind,
            adapter=alarm.adapter,
            right=request.right if request else None,
            request_id=alarm.request_id,
            subject=short(alarm.subject_id),
            raised_at=alarm.raised_at,
            repeated_at=alarm.repeated_at,
            times=alarm.times,
            days_left=self._days_left(request),
            case=alarm.facts.get("case"),
            facts=alarm.facts,
        )

    def _days_left(self, request: Request | None) -> int | None:
        if request is None:
            return None
        return days_left(request.received_at, self._zone, self._clock())


def _given_up() -> list[ColumnElement[bool]]:
    return [Alarm.cleared_at.is_(None), Alarm.kind == AlarmKind.DEAD_LETTER]


def _others() -> list[ColumnElement[bool]]:
    return [Alarm.cleared_at.is_(None), Alarm.kind.not_in(SHOWN_BY_THEMSELVES)]


def _undecided() -> list[ColumnElement[bool]]:
    return [Job.end == "conflict", Job.payload_sealed.is_not(None)]


def _first(
    db: Db, what: type[T], which: Sequence[ColumnElement[bool]], *order: Any
) -> tuple[Sequence[T], int]:
    """The first of these, no more than are shown, and how many there are."""
    rows = db.scalars(select(what).where(*which).order_by(*order).limit(SHOWN)).all()
    return rows, db.scalar(select(func.count()).select_from(what).where(*which)) or 0


def _would_do(db: Db, shadowed: Iterable[str]) -> Iterator[WouldDo]:
    for adapter in shadowed:
        yield from would_have_done(db, adapter)


def _urgency(letter: DeadLetter) -> tuple[bool, int]:
    return letter.days_left is None, letter.days_left or 0


def job_of(alarm_key: str) -> int | None:
    """The job that a dead letter's alarm is about, by its key."""
    kind, _, number = alarm_key.partition(":")
    return int(number) if kind == "job" and number.isdecimal() else None


def request_of(db: Db, job: Job) -> Request | None:
    """The request that a delivery's job is about."""
    delivery = delivery_of(db, job.key)
    return db.get(Request, delivery.request_id) if delivery else None


def short(subject_id: str | None) -> str | None:
    """As much of a subject's random id as the desk shows."""
    return subject_id[:SHOWN_OF_ID] if subject_id else None
