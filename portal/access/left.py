"""Addresses that somebody has left: hers until she can take the change back no more.

What was asked for under such an address stays to be found by it (`subject_aliases`), so that a
restored system is told once more. But a mailbox gets new owners: whoever proves it after that time,
on a site whose systems the change has reached, is somebody else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session as Db

from portal.domain.rights import DeliveryState, Right
from portal.store.tables import Delivery, Request, SubjectAlias

Aliases = Sequence[tuple[int, bytes]]
"""Key version and keyed hash, as `Vault.aliases` gives them."""


def leave(db: Db, aliases: Aliases, subject_id: str, at: datetime, sites: Sequence[str]) -> None:
    """She has another address on these sites, and can take that back until a moment (UTC)."""
    hers = SubjectAlias.subject_id == subject_id
    left = update(SubjectAlias).where(hers, _any_of(aliases))
    db.execute(left.values(left_at=at, left_sites=[*sites]))


def return_to(db: Db, aliases: Aliases, subject_id: str) -> None:
    """It is hers as before."""
    hers = SubjectAlias.subject_id == subject_id
    db.execute(
        update(SubjectAlias).where(hers, _any_of(aliases)).values(left_at=None, left_sites=[])
    )


def was_left(db: Db, aliases: Aliases) -> bool:
    """Has whoever is known by it another address since, wherever that may be?"""
    found = select(SubjectAlias.digest).where(_any_of(aliases), SubjectAlias.left_at.is_not(None))
    return db.scalar(found.limit(1)) is not None


def is_being_left(db: Db, aliases: Aliases, site: str, now: datetime) -> bool:
    """Was it left on this site a short while ago, everywhere, and can that be taken back still?"""
    return any(
        one.left_at is not None and now < one.left_at
        for one in _left(db, aliases, site)
        if not _stands_still(db, one)
    )


def left_until(db: Db, aliases: Aliases, site: str, now: datetime) -> datetime | None:
    """When whoever proves it on this site is somebody else from; None: she has not just left it."""
    ends = [one.left_at for one in _left(db, aliases, site) if one.left_at is not None]
    return min((at for at in ends if now < at), default=None)


def is_free(db: Db, alias: SubjectAlias, site: str, now: datetime) -> bool:
    """Is whoever proves this address on this site somebody else than whom it was of?"""
    if alias.left_at is None or now < alias.left_at or site not in alias.left_sites:
        return False
    return not _stands_still(db, alias)


def left_as(db: Db, aliases: Aliases, subject_id: str) -> dict[str, Any]:
    """What is known of her leaving it: the same goes for its hash under a newer key."""
    hers = SubjectAlias.subject_id == subject_id
    left = SubjectAlias.left_at.is_not(None)
    one = db.scalar(select(SubjectAlias).where(hers, left, _any_of(aliases)).limit(1))
    return {"left_at": one.left_at if one else None, "left_sites": one.left_sites if one else []}


def let_go(db: Db, aliases: Aliases, site: str, now: datetime) -> list[str]:
    """Whoever comes next by this address is somebody else: the ids of those who had left it."""
    free = [one for one in _left(db, aliases, site) if is_free(db, one, site, now)]
    for one in free:
        db.execute(
            delete(SubjectAlias).where(
                SubjectAlias.key_version == one.key_version,
                SubjectAlias.digest == one.digest,
                SubjectAlias.subject_id == one.subject_id,
            )
        )
    return sorted({one.subject_id for one in free})


def _left(db: Db, aliases: Aliases, site: str) -> list[SubjectAlias]:
    found = db.scalars(
        select(SubjectAlias)
        .where(_any_of(aliases), SubjectAlias.left_at.is_not(None))
        .execution_options(populate_existing=True)
    )
    return [one for one in found if site in one.left_sites]


def _stands_still(db: Db, alias: SubjectAlias) -> bool:
    """Is there a system that a change of hers has not reached, so that her record has the old one?

    In a system where somebody has entered a third address it stands under that, and not there. What
    she has changed since she could take it back no more began at another address.
    """
    moved = (DeliveryState.CONFIRMED, DeliveryState.CONFLICT)
    found = (
        select(Delivery.id)
        .join(Request, Request.id == Delivery.request_id)
        .where(Request.subject_id == alias.subject_id, Request.right == Right.ADDRESS)
        .where(Request.received_at <= alias.left_at, Delivery.state.not_in(moved))
    )
    return db.scalar(found.limit(1)) is not None


def _any_of(aliases: Aliases) -> ColumnElement[bool]:
    return or_(
        *(
            and_(SubjectAlias.key_version == version, SubjectAlias.digest == digest)
            for version, digest in aliases
        )
    )
