"""Which restrictions of a subscriber stand now. Worked out from the requests, and kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.consent.sources import OVERTAKEN
from portal.domain.rights import DeliveryState, Right
from portal.rights.requests.planned import is_planned
from portal.rights.requests.receiving import WITH
from portal.store.tables import Delivery, Request

OF = "of"
"""In the details of a lifting: the restrictions that it is about."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A restriction of hers that stands."""

    request_id: str
    since: datetime
    until: datetime | None
    """When an operator's lifting takes effect, of which she was told (UTC); None: nobody lifts it.
    """


def standing(db: Db, subject_id: str, now: datetime, site: str | None = None) -> list[Standing]:
    """Her own restrictions that stand now (UTC), oldest first; of one site, or of all."""
    hers = _of_kind(db, subject_id, Right.RESTRICT)
    lifted: dict[str, datetime] = {}
    for lift in _of_kind(db, subject_id, Right.LIFT):
        at = lift.due_at or lift.received_at
        for request_id in lift.details.get(OF, ()):
            lifted[request_id] = min(at, lifted.get(request_id, at))
    return [
        Standing(one.id, one.received_at, lifted.get(one.id))
        for one in hers
        if WITH not in one.details
        and one.dropped_at is None
        and site in {None, one.site}
        and (one.id not in lifted or lifted[one.id] > now)
    ]


def restriction_of(
    db: Db, subject_id: str, adapter: str, now: datetime, *, but: Sequence[str] = ()
) -> str | None:
    """A restriction that stands in this system, of her own or of an erasure that waits.

    The id of her request, or of the erasure, other than ``but``; None: nothing of hers is
    restricted there now (UTC).
    """
    there = set(
        db.scalars(
            select(Delivery.request_id)
            .join(Request, Request.id == Delivery.request_id)
            .where(Request.subject_id == subject_id, Request.right == Right.RESTRICT)
            .where(Delivery.adapter == adapter)
        )
    )
    for one in standing(db, subject_id, now):
        if one.request_id in there and one.request_id not in but:
            return one.request_id
    for asked in _of_kind(db, subject_id, Right.RESTRICT):
        if WITH not in asked.details or asked.id not in there:
            continue
        erasure = db.get(Request, asked.details[WITH])
        if erasure is not None and erasure.id not in but and is_planned(erasure, now):
            return erasure.id
    return None


def stands(db: Db, request_id: str, now: datetime) -> bool:
    """Does the restriction that this request is, or that came with this erasure, stand?

    An erasure whose moment has come is on its way: until it is done, nothing is freed.
    """
    request = db.get(Request, request_id)
    if request is None or request.dropped_at is not None:
        return False
    if request.right != Right.RESTRICT:
        return True
    return any(one.request_id == request_id for one in standing(db, request.subject_id, now))


def end(db: Db, erasure: Request, now: datetime) -> list[str]:
    """She was erased by this: nothing is left to be restricted there. What other sites hold is.

    The ids of the requests that restricted it: what a person was to mark by hand is not marked any
    more.
    """
    erased, ended = _systems_of(db, erasure), list[str]()
    for one in _of_kind(db, erasure.subject_id, Right.RESTRICT):
        if WITH in one.details or one.dropped_at is not None:
            continue
        if one.site == erasure.site or _systems_of(db, one) <= erased:
            one.dropped_at = now
            ended.append(one.id)
    by_hand = select(Delivery).where(
        Delivery.request_id.in_(ended), Delivery.state == DeliveryState.AWAITING
    )
    for delivery in db.scalars(by_hand):
        delivery.state, delivery.changed_at = DeliveryState.CONFIRMED, now
        delivery.outcome = {"cause": OVERTAKEN}
    return ended


def _systems_of(db: Db, request: Request) -> set[str]:
    return set(db.scalars(select(Delivery.adapter).where(Delivery.request_id == request.id)))


def _of_kind(db: Db, subject_id: str, right: Right) -> Sequence[Request]:
    return db.scalars(
        select(Request)
        .where(Request.subject_id == subject_id, Request.right == right)
        .order_by(Request.received_at, Request.id)
    ).all()
