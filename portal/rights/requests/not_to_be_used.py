"""What the portal's own records say against using somebody's data: an erasure, a restriction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.consent.suppression import Suppressions
from portal.domain.rights import DeliveryState, Right
from portal.rights.cases.casebook import CaseKind
from portal.rights.requests.planned import OPEN
from portal.rights.requests.receiving import WITH
from portal.rights.requests.restrictions import standing
from portal.store.tables import Case, Delivery, Request

NOT_SO_YET = (*OPEN, DeliveryState.FAILED)
"""What was asked for and is not so yet; one that failed waits for a person."""


class ErasureState(StrEnum):
    """How far an erasure is."""

    WAITS = "waits"
    UNDER_WAY = "under_way"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ErasureOf:
    """An erasure of hers: how far, and the moment (UTC) that it waits for or counts from."""

    state: ErasureState
    at: datetime


def erasure_of(db: Db, subject_id: str, sites: Sequence[str], now: datetime) -> ErasureOf | None:
    """What is known of an erasure of hers on one of these sites that was not taken back."""
    asked = db.scalars(
        select(Request)
        .where(Request.subject_id == subject_id, Request.right == Right.ERASE)
        .where(Request.site.in_(sites), Request.dropped_at.is_(None))
        .order_by(Request.received_at)
    ).all()
    begun = [one for one in asked if one.due_at is None or one.due_at <= now]
    undone = set(
        db.scalars(
            select(Delivery.request_id).where(
                Delivery.request_id.in_([one.id for one in begun]), Delivery.state.in_(NOT_SO_YET)
            )
        )
    )
    for one in begun:
        if one.id in undone:
            return ErasureOf(ErasureState.UNDER_WAY, one.due_at or one.received_at)
    if suppressed := Suppressions.of(db, subject_id, sites):
        return ErasureOf(ErasureState.DONE, suppressed.since)
    waits = [one.due_at for one in asked if one.due_at is not None and one.due_at > now]
    return ErasureOf(ErasureState.WAITS, min(waits)) if waits else None


def is_being_restricted(db: Db, subject_id: str, sites: Collection[str], now: datetime) -> bool:
    """Does a restriction stand (UTC), wherever it has reached a system, or does a person weigh one?

    Who took the erasure that it came with back, asked for the opposite since.
    """
    asked_a_person = select(Case.id).where(
        Case.subject_id == subject_id,
        Case.kind == CaseKind.RESTRICT,
        Case.site.in_(sites),
        Case.closed_at.is_(None),
    )
    if db.scalar(asked_a_person.limit(1)) is not None:
        return True
    if any(standing(db, subject_id, now, site) for site in sites):
        return True
    requests = db.scalars(
        select(Request)
        .where(Request.subject_id == subject_id, Request.right.in_((Right.RESTRICT, Right.KEEP)))
        .order_by(Request.received_at.desc(), Request.right)
    ).all()
    for one in requests:
        if one.right == Right.KEEP:
            return False
        states = db.scalars(select(Delivery.state).where(Delivery.request_id == one.id)).all()
        with_an_erasure = one.site in sites and WITH in one.details
        if with_an_erasure and any(state in NOT_SO_YET for state in states):
            return True
    return False
