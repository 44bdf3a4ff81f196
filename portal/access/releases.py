"""Releases: an operator was sure who somebody is, so for some days she sees more on one site."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as Db

from portal.store.tables import Release, Session

LONGEST = timedelta(days=30)
RELEASED_TIER = 2
"""What a release opens: everything that is held."""


def released_tier(db: Db, subject_id: str, site: str, now: datetime) -> int:
    """The highest tier that she is released for there; 0: none."""
    tier = db.scalar(
        select(func.max(Release.tier)).where(
            Release.subject_id == subject_id, Release.site == site, Release.until > now
        )
    )
    return tier or 0


def release(
    db: Db,
    subject_id: str,
    site: str,
    *,
    case: str,
    operator: int,
    now: datetime,
    until: datetime,
) -> None:
    """Let her see more there until then; what is open in this moment sees it at once.

    Args:
        db: The transaction that also notes it in the ledger.
        subject_id: Who it is.
        site: Where.
        case: The reference of the case in which it was asked for.
        operator: The number of the operator who was sure.
        now: UTC.
        until: UTC. Sessions that run then end by themselves within the hour.
    """
    db.add(
        Release(
            subject_id=subject_id,
            site=site,
            tier=RELEASED_TIER,
            case=case,
            operator_id=operator,
            made_at=now,
            until=until,
        )
    )
    hers = func.coalesce(Session.person_id, Session.subject_id) == subject_id
    db.execute(
        update(Session)
        .where(hers, Session.site == site, Session.ended_at.is_(None))
        .values(tier=RELEASED_TIER)
    )


def forget(db: Db, now: datetime) -> None:
    """Delete those that are over: the ledger keeps that there was one."""
    db.execute(delete(Release).where(Release.until <= now))
