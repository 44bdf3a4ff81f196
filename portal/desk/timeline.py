"""One request from end to end: what ledger, deliveries and jobs know of it. Codes only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.consent.sources import NO_OPT_IN
from portal.desk.queue import short
from portal.desk.sessions import IDLE, AtTheDesk
from portal.domain.clock import Clock
from portal.domain.deadlines import days_left, respond_by
from portal.domain.rights import DeliveryState
from portal.proof.ledger import Event, Ledger
from portal.rights.requests.receiving import job_key
from portal.store.database import Database
from portal.store.tables import Delivery, Job, LedgerEntry, Operator, Request


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, as the ledger has it."""

    at: datetime
    event: str
    adapter: str | None
    state: str | None
    cause: str | None
    operator: str | None
    """The name of the operator who did it."""
    times: int = 1
    """More than once in a row, by the same operator; ``at`` is the last time."""


@dataclass(frozen=True, slots=True)
class Leg:
    """How far it is in one system, and what its job is up to."""

    adapter: str
    state: str
    changed_at: datetime
    cause: str | None
    attempts: int
    next_at: datetime | None
    """When it is tried next; None when it has ended."""
    goes_along: bool
    """It has no job of its own: that of an earlier request asks for the very same."""
    job_id: int | None
    """Of a job that was given up and can be done again."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One request."""

    request_id: str
    right: str
    site: str
    subject: str | None
    received_at: datetime
    respond_by: date
    days_left: int
    is_moving: bool
    """Something may still happen by itself."""
    details: Mapping[str, Any]
    legs: Sequence[Leg]
    moments: Sequence[Moment]

    @property
    def puts_back(self) -> bool:
        """A consent that is none: what a stop or a break had turned off is on again."""
        return self.details.get("by") in NO_OPT_IN


class Timelines:
    """Looks requests up, and notes in the ledger who looked."""

    def __init__(self, database: Database, ledger: Ledger, zone: tzinfo, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._zone = zone
        self._clock = clock

    def look(self, operator: AtTheDesk, request_id: str, *, again: bool = False) -> Timeline | None:
        """One request's timeline; None when there is no such request.

        The look is in the ledger before anything of it is on a screen.

        Args:
            operator: Who looks.
            request_id: At what.
            again: The page looks again by itself. That is one look with the one before it, if she
                has looked in the last quarter of an hour.
        """
        if "\0" in request_id:  # which PostgreSQL cannot be asked for
            return None
        with self._database.unit("operator looked") as unit:
            request = unit.session.get(Request, request_id)
            if request is None:
                return None
            if not (again and self._has_looked(unit.session, operator, request)):
                self._ledger.note(
                    unit.session,
                    Event.OPERATOR_LOOKED,
                    subject_id=request.subject_id,
                    request_id=request.id,
                    facts={"operator": operator.operator_id},
                )
                unit.commit()
        with self._database.reading() as db:
            return self._timeline(db, request_id)

    def _has_looked(self, db: Db, operator: AtTheDesk, request: Request) -> bool:
        looks = db.scalars(
            select(LedgerEntry.facts).where(
                LedgerEntry.subject_id == request.subject_id,
                LedgerEntry.request_id == request.id,
                LedgerEntry.event == Event.OPERATOR_LOOKED,
                LedgerEntry.at > self._clock() - IDLE,
            )
        )
        return any(facts.get("operator") == operator.operator_id for facts in looks)

    def _timeline(self, db: Db, request_id: str) -> Timeline:
        request = db.get_one(Request, request_id)
        deliveries = db.scalars(
            select(Delivery).where(Delivery.request_id == request_id).order_by(Delivery.id)
        ).all()
        legs = [_leg(db, delivery) for delivery in deliveries]
        return Timeline(
            request_id=request.id,
            right=request.right,
            site=request.site,
            subject=short(request.subject_id),
            received_at=request.received_at,
            respond_by=respond_by(request.received_at, self._zone),
            days_left=days_left(request.received_at, self._zone, self._clock()),
            is_moving=any(not DeliveryState(leg.state).is_final for leg in legs),
            details=request.details,
            legs=legs,
            moments=_moments(db, request),
        )


def _leg(db: Db, delivery: Delivery) -> Leg:
    leader = db.get(Delivery, delivery.follows) if delivery.follows else None
    job = db.scalar(select(Job).where(Job.key == job_key(leader or delivery)))
    dead = job is not None and job.end == "dead" and job.payload_sealed is not None
    waits = job is not None and job.ended_at is None
    return Leg(
        adapter=delivery.adapter,
        state=delivery.state,
        changed_at=delivery.changed_at,
        cause=delivery.outcome.get("cause") or (job.cause if job else None),
        attempts=job.attempts if job else 0,
        next_at=job.due_at if job and waits else None,
        goes_along=leader is not None,
        job_id=job.id if job and dead else None,
    )


def _moments(db: Db, request: Request) -> list[Moment]:
    """What the ledger tells of a request, found by its subject: that is what has an index."""
    entries = db.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.subject_id == request.subject_id, LedgerEntry.request_id == request.id)
        .order_by(LedgerEntry.id)
    ).all()
    named = {entry.facts["operator"] for entry in entries if "operator" in entry.facts}
    found = db.execute(select(Operator.id, Operator.name).where(Operator.id.in_(named)))
    names: dict[int, str] = {row.id: row.name for row in found}
    moments: list[Moment] = []
    for entry in entries:
        moment = _moment(entry, names)
        if moments and _is_one_more_look(moment, moments[-1]):
            moment = replace(moment, times=moments.pop().times + 1)
        moments.append(moment)
    return moments


def _moment(entry: LedgerEntry, names: Mapping[int, str]) -> Moment:
    return Moment(
        at=entry.at,
        event=entry.event,
        adapter=entry.facts.get("adapter"),
        state=entry.facts.get("state"),
        cause=entry.facts.get("cause"),
        operator=names.get(entry.facts.get("operator", 0)),
    )


def _is_one_more_look(one: Moment, before: Moment) -> bool:
    looks = one.event == before.event == Event.OPERATOR_LOOKED
    return looks and one.operator == before.operator
