"""What is told of a request: how far it is, system by system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.consent.sources import PAUSE_OVER, TAKEN_BACK, UNDONE
from portal.domain.rights import DeliveryState, Right
from portal.rights.cases.casebook import CaseBrief, CaseState, Outcome, case_of_request
from portal.rights.cases.recipients import told_of
from portal.rights.deeds.ended import CANCELLED, GONE, SOONER
from portal.rights.requests.planned import is_planned
from portal.store.tables import Delivery, Request


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is in one system."""

    adapter: str
    state: DeliveryState
    changed_at: datetime
    outcome: Mapping[str, Any]
    sent_at: datetime | None = None
    """When it was first passed on."""

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
    lifts_at: datetime | None = None
    """Of an operator's lifting that takes effect later: when. She was told."""
    case: CaseBrief | None = None
    """Of a request that a person fulfils."""
    recipients: Sequence[tuple[str, CaseBrief | None]] = ()
    """Whom we tell of it by hand, and how far that is; None: once it is done."""

    @property
    def paused_until(self) -> datetime | None:
        """Of a break: when what it stopped is given back."""
        until = self.details.get("until")
        return datetime.fromisoformat(until) if until else None

    @property
    def takes_a_stop_back(self) -> bool:
        """It puts back what a stop turned off: no new "yes"."""
        return self.details.get("by") in {UNDONE, TAKEN_BACK}

    @property
    def ends_a_break(self) -> bool:
        """It gives back what a break turned off, as she chose when she began it."""
        return self.details.get("by") == PAUSE_OVER

    @property
    def was_taken_back(self) -> bool:
        """An erasure that she took back while it waited."""
        return self._was_let_go(CANCELLED)

    @property
    def was_hurried(self) -> bool:
        """An erasure that waited, and that she asked for at once instead."""
        return self._was_let_go(SOONER)

    @property
    def was_let_go(self) -> bool:
        """An erasure that waited, and that was not done."""
        return self.was_taken_back or self.was_hurried

    def _was_let_go(self, cause: str) -> bool:
        return bool(self.progress) and all(one.cause == cause for one in self.progress)

    @property
    def is_final(self) -> bool:
        """Nothing more is to happen: in no system, and no person is to do anything."""
        is_over = self.case is None or self.case.state is CaseState.CLOSED
        return is_over and not self.moves

    @property
    def moves(self) -> bool:
        """Something may still happen by itself, in a moment."""
        return not all(one.state.is_final for one in self.progress)

    @property
    def went_well(self) -> bool:
        """Done everywhere, or kept for a reason."""
        good = {DeliveryState.CONFIRMED, DeliveryState.RETAINED}
        by_hand = self.case is None or self.case.outcome is Outcome.DONE
        return by_hand and all(one.state in good for one in self.progress)

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


def history_of(db: Db, row: Request, now: datetime) -> History:
    """One request with its progress, as it stands now (UTC). Who may see it is for the caller."""
    deliveries = db.scalars(
        select(Delivery).where(Delivery.request_id == row.id).order_by(Delivery.id)
    )
    waits = is_planned(row, now)
    return History(
        id=row.id,
        right=Right(row.right),
        received_at=row.received_at,
        details=row.details,
        progress=[
            Progress(
                one.adapter, DeliveryState(one.state), one.changed_at, one.outcome, one.sent_at
            )
            for one in deliveries
        ],
        planned_for=row.due_at if waits and row.right == Right.ERASE else None,
        lifts_at=row.due_at if waits and row.right == Right.LIFT else None,
        case=case_of_request(db, row.id),
        recipients=told_of(db, row.details),
    )
