"""What an adapter in shadow would have done: for the desk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.domain.rights import DeliveryState, Right
from portal.rights.deeds.ended import SHADOW
from portal.rights.requests.receiving import JOB, delivery_of
from portal.store.tables import Job, Request


@dataclass(frozen=True, slots=True)
class WouldDo:
    """One delivery that waits for the end of its adapter's shadow; codes only."""

    request_id: str
    right: Right
    adapter: str
    received_at: datetime
    calls: Sequence[Mapping[str, Any]]
    """Call by call: ``do`` names it, the rest are ids of fields, purposes and categories."""
    due_at: datetime
    """When it is done for real (UTC)."""


def would_have_done(db: Db, adapter: str | None = None) -> Iterator[WouldDo]:
    """What waits for the end of shadow, in the order in which it will be done.

    Found by the open jobs, which are few, however many deliveries there were.
    """
    waiting = select(Job).where(Job.ended_at.is_(None), Job.kind == JOB)
    if adapter is not None:
        waiting = waiting.where(Job.adapter == adapter)
    for job in db.scalars(waiting.order_by(Job.due_at, Job.lane, Job.id)):
        delivery = delivery_of(db, job.key)
        if delivery is None or delivery.state != DeliveryState.AWAITING:
            continue
        if delivery.outcome.get("cause") != SHADOW:
            continue
        request = db.get_one(Request, delivery.request_id)
        yield WouldDo(
            request_id=request.id,
            right=Right(request.right),
            adapter=delivery.adapter,
            received_at=request.received_at,
            calls=delivery.outcome["would"],
            due_at=job.due_at,
        )
