"""Requests: a subscriber's exercise of a right, received once and delivered everywhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.domain.clock import Clock
from portal.domain.rights import LANE_OF_RIGHT, DeliveryState, Lane, Right
from portal.faults import fault
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds import likeness
from portal.rights.ended import CANCELLED, GONE, LATER, SOONER
from portal.rights.journaling import JOB as JOURNAL
from portal.rights.journaling import JOURNALED
from portal.rights.journaling import job_key as journal_key
from portal.rights.planned import is_planned
from portal.store.database import Database, Unit
from portal.store.tables import Delivery, Request
from portal.store.vault import new_reference
from portal.sync.outbox import Outbox

JOB = "delivery"
WITH = "with"
"""In the details of a request: the one that it was taken down together with."""

Alongside = Callable[[Unit, str], None]
"""What else belongs into the commit of a new request, given the unit and the request's id."""


def nothing_before(_unit: Unit) -> None:
    """There is nothing to be done before."""


def nothing_else(_unit: Unit, _request_id: str) -> None:
    """The request alone."""


def job_key(delivery: Delivery) -> str:
    """The idempotency key of a delivery's job. Its delivery is found by it, without a payload."""
    return f"{delivery.request_id}:{delivery.id}"


def delivery_of(db: Db, key: str) -> Delivery | None:
    """The delivery that `job_key` made this key for."""
    request_id, _, number = key.rpartition(":")
    found = db.get(Delivery, int(number)) if number.isdecimal() else None
    return found if found and found.request_id == request_id else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is in one system."""

    adapter: str
    state: DeliveryState
    changed_at: datetime
    outcome: Mapping[str, Any]

    @property
    def cause(self) -> str | None:
        """What lies behind the state, as a code."""
        return self.outcome.get("cause")

    @property
    def needs_her(self) -> bool:
        """It met another change, and she has not chosen yet."""
        return self.state is DeliveryState.CONFLICT and self.cause is None


@dataclass(frozen=True, slots=True)
class History:
    """One request and its progress. ``details`` holds ids of fields or purposes."""

    id: str
    right: Right
    received_at: datetime
    details: Mapping[str, Any]
    progress: Sequence[Progress]
    planned_for: datetime | None = None
    """Of an erasure that waits still: when it is done. Until then it can be taken back."""

    @property
    def was_taken_back(self) -> bool:
        """An erasure that she took back while it waited."""
        return self._was_let_go(CANCELLED)

    @property
    def was_hurried(self) -> bool:
        """An erasure that waited, and that she asked for at once instead."""
        return self._was_let_go(SOONER)

    def _was_let_go(self, cause: str) -> bool:
        return bool(self.progress) and all(one.cause == cause for one in self.progress)

    @property
    def is_final(self) -> bool:
        """Nothing more happens by itself, in any system."""
        return all(one.state.is_final for one in self.progress)

    @property
    def went_well(self) -> bool:
        """Done everywhere, or kept for a reason."""
        good = {DeliveryState.CONFIRMED, DeliveryState.RETAINED}
        return all(one.state in good for one in self.progress)

    @property
    def needs_her(self) -> bool:
        """There is something that she has to choose about."""
        return any(one.needs_her for one in self.progress)

    @property
    def was_dropped(self) -> bool:
        """A correction of what is held nowhere any more."""
        return (
            self.right is Right.RECTIFY
            and bool(self.progress)
            and all(
                one.state is DeliveryState.CONFIRMED and one.cause == GONE for one in self.progress
            )
        )

    @property
    def was_settled(self) -> bool:
        """Closed without having been done: dropped, or a conflict about which she has chosen."""
        met = any(one.state is DeliveryState.CONFLICT and one.cause for one in self.progress)
        return self.was_dropped or (self.is_final and met)


class Requests:
    """Takes requests down and tells how far they are."""

    def __init__(self, database: Database, outbox: Outbox, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._ledger = ledger
        self._clock = clock

    def receive(
        self,
        signed_in: SignedIn,
        right: Right,
        deliveries: Mapping[str, Mapping[str, Any]],
        *,
        locale: str,
        details: Mapping[str, Any] | None = None,
        first: Callable[[Unit], None] = nothing_before,
        along: Alongside = nothing_else,
    ) -> str:
        """Take one request down: request, ledger entry, deliveries and their jobs in one commit.

        Args:
            signed_in: Whose right it is.
            right: Which one.
            deliveries: Adapter name → what is to be done there; sealed until it is done.
            locale: The language it was asked in.
            details: Ids of fields or purposes; codes only, they go into the ledger.
            first: What is to be done in that commit before anything is written.
            along: What else belongs into the same commit; what it raises undoes everything.

        Returns:
            The request's id. Only after this may a page say "received".
        """
        with self._database.unit("request received") as unit:
            first(unit)
            request_id = self.write(unit, signed_in, right, deliveries, locale, details or {})
            along(unit, request_id)
            unit.commit()
        acknowledged()
        return request_id

    def write(
        self,
        unit: Unit,
        signed_in: SignedIn,
        right: Right,
        deliveries: Mapping[str, Mapping[str, Any]],
        locale: str,
        details: Mapping[str, Any],
        due_at: datetime | None = None,
    ) -> str:
        """The same within a unit of work of the caller's, who says `acknowledged` after it.

        Until ``due_at`` (UTC) nothing is delivered. What waits so is no other request's, however
        much alike they are: either may come to another end.
        """
        now, db = self._clock(), unit.session
        waits = {"cause": LATER} if due_at else {}
        request_id = new_reference()
        db.add(
            Request(
                id=request_id,
                subject_id=signed_in.subject_id,
                site=signed_in.site,
                right=right,
                locale=locale,
                received_at=now,
                details=dict(details),
                due_at=due_at,
            )
        )
        db.flush()
        when = {"due_at": as_code(due_at)} if due_at else {}
        self._ledger.note(
            db,
            Event.REQUEST_RECEIVED,
            subject_id=signed_in.subject_id,
            request_id=request_id,
            facts={"right": right, "adapters": list(deliveries), **when, **details},
        )
        if right in JOURNALED:  # before its deliveries: what is done first is not forgotten
            self._outbox.put(unit, JOURNAL, {}, key=journal_key(request_id), lane=Lane.PROTECT)
        for adapter, payload in deliveries.items():
            like = None if due_at else likeness(payload)
            waiting = (
                self._outbox.waiting_like(unit, like, signed_in.subject_id, adapter)
                if like
                else None
            )
            leader = delivery_of(db, waiting.key) if waiting else None
            delivery = Delivery(
                request_id=request_id,
                adapter=adapter,
                state=DeliveryState.QUEUED,
                changed_at=now,
                outcome=waits,
                follows=leader.id if leader else None,
            )
            db.add(delivery)
            db.flush()
            if leader is None:
                self._outbox.put(
                    unit,
                    JOB,
                    payload,
                    key=job_key(delivery),
                    lane=LANE_OF_RIGHT.get(right, Lane.ORDINARY),
                    subject_id=signed_in.subject_id,
                    adapter=adapter,
                    due_at=due_at,
                    like=like,
                )
        return request_id

    def all_of(self, signed_in: SignedIn) -> list[History]:
        """This subscriber's requests, newest first."""
        with self._database.reading() as db:
            rows = db.scalars(
                select(Request)
                .where(Request.subject_id == signed_in.subject_id)
                .order_by(Request.received_at.desc(), Request.id)
            ).all()
            return [_history(db, row, self._clock()) for row in rows]

    def one_of(self, signed_in: SignedIn, request_id: str) -> History | None:
        """One request, if it is this subscriber's."""
        if "\0" in request_id:  # which PostgreSQL cannot be asked for
            return None
        with self._database.reading() as db:
            row = db.get(Request, request_id)
            if row is None or row.subject_id != signed_in.subject_id:
                return None
            return _history(db, row, self._clock())

    def that_came_with(self, signed_in: SignedIn, request_id: str) -> list[History]:
        """Her requests that were taken down together with this one, oldest first."""
        came_with = [one for one in self.all_of(signed_in) if one.details.get(WITH) == request_id]
        return came_with[::-1]


def acknowledged() -> None:
    """What was committed is on disk; only now may a page say "received"."""
    fault("request received: acknowledged")


def as_code(at: datetime) -> str:
    """A moment (UTC) as the ledger takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _history(db: Db, row: Request, now: datetime) -> History:
    deliveries = db.scalars(
        select(Delivery).where(Delivery.request_id == row.id).order_by(Delivery.id)
    )
    return History(
        id=row.id,
        right=Right(row.right),
        received_at=row.received_at,
        details=row.details,
        progress=[
            Progress(one.adapter, DeliveryState(one.state), one.changed_at, one.outcome)
            for one in deliveries
        ],
        planned_for=row.due_at if is_planned(row, now) else None,
    )
