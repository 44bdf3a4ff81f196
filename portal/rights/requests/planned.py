"""Erasures that wait until a moment of their own: finding one, and letting it go before that.

What waits are the jobs of its deliveries; or, after a replay of the journal, which holds no
address, one job that will look for her in every system.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session as Db

from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Event, Ledger
from portal.store.tables import Consent, Delivery, Job, Request

PLANNED = "planned"
"""The kind of the one job of an erasure that is known from the journal alone."""
OPEN = (
    DeliveryState.QUEUED,
    DeliveryState.SENT,
    DeliveryState.UNCONFIRMED,
    DeliveryState.AWAITING,
)
LET_GO = "superseded"


def planned_key(request_id: str) -> str:
    """The key of that job."""
    return f"{PLANNED}:{request_id}"


def is_planned(request: Request, now: datetime) -> bool:
    """Does this erasure wait still, so that it can be taken back?"""
    return request.due_at is not None and request.dropped_at is None and now < request.due_at


def planned_of(
    db: Db, subject_id: str, now: datetime, *, site: str | None = None
) -> Request | None:
    """Her erasure that waits, if one does: on this site, or on any."""
    waiting = (
        select(Request)
        .where(Request.subject_id == subject_id, Request.right == Right.ERASE)
        .where(Request.due_at > now, Request.dropped_at.is_(None))
        .order_by(Request.due_at)
    )
    if site is not None:
        waiting = waiting.where(Request.site == site)
    return db.scalar(waiting.limit(1))


def let_go(db: Db, ledger: Ledger, request: Request, cause: str, by: str, now: datetime) -> bool:
    """End an erasure that waits, in all systems; False: its moment has come, nothing was changed.

    Its jobs are taken as a worker takes them, so one of both gets them, and all or none.

    Args:
        db: The transaction to write in.
        ledger: Takes the note.
        request: The erasure.
        cause: Why: `CANCELLED` or `SOONER`.
        by: The request that takes its place.
        now: UTC.
    """
    if not (free := take(db, request, now)):
        return False
    _end(db, Job.id.in_(free), cause, now)
    _close(db, ledger, request, _deliveries(db, request), cause, by, now)
    return True


def take(db: Db, request: Request, now: datetime) -> Sequence[int]:
    """The jobs of an erasure that waits, held until the commit as a worker holds them: all or none.

    Nobody waits for a worker here: what one has in hand is not to be had.
    """
    if not is_planned(request, now):
        return ()
    its_own = Job.key.in_(_keys(request, _deliveries(db, request)))
    jobs = db.scalar(select(func.count()).select_from(Job).where(its_own))
    waiting = select(Job.id).where(its_own, Job.ended_at.is_(None), Job.lease.is_(None))
    free = db.scalars(waiting.with_for_update(skip_locked=True)).all()
    return free if len(free) == jobs else ()


def let_go_anyway(
    db: Db, ledger: Ledger, request: Request, cause: str, by: str, now: datetime
) -> None:
    """The same in a restored database, where nobody works: the journal says that it was let go."""
    deliveries = _deliveries(db, request)
    _end(db, Job.key.in_(_keys(request, deliveries)), cause, now)
    _close(db, ledger, request, deliveries, cause, by, now)


def _deliveries(db: Db, request: Request) -> Sequence[Delivery]:
    return db.scalars(select(Delivery).where(Delivery.request_id == request.id)).all()


def _keys(request: Request, deliveries: Sequence[Delivery]) -> list[str]:
    """Of its jobs: as `requests.job_key` makes them, which knows this module; and the one."""
    return [planned_key(request.id), *(f"{request.id}:{one.id}" for one in deliveries)]


def _end(db: Db, which: ColumnElement[bool], cause: str, now: datetime) -> None:
    gone: dict[str, object] = {"lease": None, "leased_until": None, "payload_sealed": None}
    db.execute(
        update(Job)
        .where(which, Job.ended_at.is_(None))
        .values(ended_at=now, end=LET_GO, cause=cause, **gone)
        .execution_options(synchronize_session="fetch")
    )


def _close(
    db: Db,
    ledger: Ledger,
    request: Request,
    deliveries: Sequence[Delivery],
    cause: str,
    by: str,
    now: datetime,
) -> None:
    """On her page, and in the ledger: it was closed without having been done, and why.

    No state of its own for that: two wishes of hers met, and she has chosen.
    """
    request.dropped_at = now
    right = {"right": request.right, "state": DeliveryState.CONFLICT}
    for one in deliveries:
        one.state, one.changed_at = DeliveryState.CONFLICT, now
        one.outcome = {"cause": cause, "by": by}
        ledger.note(
            db,
            Event.DELIVERED,
            subject_id=request.subject_id,
            request_id=request.id,
            facts={"adapter": one.adapter, **right, **one.outcome},
        )


def under_way(db: Db, subject_id: str) -> dict[str, bool]:
    """Purpose → her last decision about it, where that has not reached every system yet.

    There it still looks as it was before.
    """
    latest = {
        row.purpose: row
        for row in db.scalars(
            select(Consent).where(Consent.subject_id == subject_id).order_by(Consent.id)
        )
    }
    open_ones = set(
        db.scalars(
            select(Delivery.request_id).where(
                Delivery.request_id.in_([row.request_id for row in latest.values()]),
                Delivery.state.in_(OPEN),
            )
        )
    )
    return {name: row.granted for name, row in latest.items() if row.request_id in open_ones}
