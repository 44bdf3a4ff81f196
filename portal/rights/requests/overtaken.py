"""What is not delivered any more, because something was decided since: that must stand."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from portal.consent.record import ConsentRecord
from portal.consent.sources import OVERTAKEN
from portal.domain.rights import Right
from portal.rights.deeds.ended import PUT_BACK
from portal.rights.requests.receiving import delivery_of
from portal.rights.requests.restrictions import restriction_of, stands
from portal.store.tables import AddressChange, Delivery, Request
from portal.sync.jobs import Task


def overtaken(db: Db, task: Task, now: datetime) -> str | None:
    """Why a delivery has nothing to do any more, as a cause; None: it has.

    Asked at every attempt: a dead letter may be tried again long after.
    """
    match task.payload["do"]:
        case "consent" if _was_decided_otherwise(db, task):
            return OVERTAKEN
        case "restrict" if _needs_no_restriction(db, task, now):
            return OVERTAKEN
        case "address" if _was_put_back(db, task):
            return PUT_BACK
    return None


def _was_decided_otherwise(db: Db, task: Task) -> bool:
    """Has she decided otherwise since, or asked for erasure?

    Withdrawals are asked as well. They give way to nothing but a consent that reaches this very
    system; a consent gives way to a withdrawal on any site.
    """
    subject_id, purpose = task.subject_id or "", task.payload["purpose"]
    if not task.payload["granted"]:
        here = ConsentRecord.latest_for(db, subject_id, purpose, task.adapter or "")
        return here is not None and here.granted
    own = delivery_of(db, task.key)
    latest = ConsentRecord.latest(db, subject_id).get(purpose)
    erasure = db.scalar(
        select(func.max(Delivery.id))
        .join(Request, Request.id == Delivery.request_id)
        .where(Request.subject_id == task.subject_id, Request.right == Right.ERASE)
        .where(Request.dropped_at.is_(None))
    )
    for_all = ConsentRecord.for_all(db, subject_id, purpose)
    if own is not None and erasure is not None and erasure > own.id:
        return True
    if for_all and latest and not for_all.granted and for_all.at >= latest.at:
        return True
    return latest is not None and not latest.granted


def _needs_no_restriction(db: Db, task: Task, now: datetime) -> bool:
    """It was lifted since; or it is to be lifted, and another one stands: as things stand now."""
    of = task.payload["of"]
    if task.payload["on"]:
        return not stands(db, of, now)
    subject_id, adapter = task.subject_id or "", task.adapter or ""
    return restriction_of(db, subject_id, adapter, now, but=[of]) is not None


def _was_put_back(db: Db, task: Task) -> bool:
    """Has the old mailbox taken this change of address back since?"""
    change = db.get(AddressChange, task.payload["change"])
    return not task.payload["back"] and change is not None and change.reverted_at is not None
