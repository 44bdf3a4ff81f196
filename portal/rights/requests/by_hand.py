"""What a person has done in a system, for a request whose delivery waited for that."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.domain.rights import DeliveryState
from portal.proof.ledger import Event, Ledger
from portal.rights.requests.receiving import job_key
from portal.store.tables import Delivery, Job, Request

BY_HAND = "by_hand"
"""Cause: a person has said that it is done; nothing was read back."""


def done_by_hand(db: Db, ledger: Ledger, request_id: str, now: datetime) -> None:
    """Confirm what waits for a person, in the transaction that closes her case as done.

    What a system does later by itself has an open job, and is read back by that.
    """
    request = db.get_one(Request, request_id)
    waiting = db.scalars(
        select(Delivery).where(
            Delivery.request_id == request_id, Delivery.state == DeliveryState.AWAITING
        )
    )
    for one in waiting:
        job = select(Job.id).where(Job.key == job_key(one), Job.ended_at.is_(None))
        if db.scalar(job) is not None:
            continue
        one.state, one.changed_at = DeliveryState.CONFIRMED, now
        one.outcome = {**one.outcome, "cause": BY_HAND}
        ledger.note(
            db,
            Event.DELIVERED,
            subject_id=request.subject_id,
            request_id=request_id,
            facts={
                "adapter": one.adapter,
                "right": request.right,
                "state": DeliveryState.CONFIRMED,
                "cause": BY_HAND,
            },
        )
