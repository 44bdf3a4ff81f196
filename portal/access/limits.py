"""Quotas, counted in the same transaction as what they limit. Only keyed digests are kept."""

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.domain.terms import QUOTAS
from portal.store.tables import QuotaHit
from portal.store.vault import Vault

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` hits on one `bucket` within `span`."""

    bucket: bytes
    most: int
    span: timedelta


class Quotas:
    """Counts hits. Whatever the answer, the statements are the same."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def quota(self, most: int, span: timedelta, *what: str) -> Quota:
        """A quota on whatever the words together name."""
        return Quota(self._vault.bucket(str(int(span.total_seconds())), *what), most, span)

    def hit(self, session: Session, now: datetime, quotas: list[Quota]) -> bool:
        """Count one hit on each, if none is used up; True if so.

        What is refused does not count, so that nobody keeps a person out for longer by going on.
        Rows are written all the same, for buckets that nothing looks at.
        """
        within = self.have_room(session, now, quotas)
        for quota in quotas:
            bucket = quota.bucket if within else secrets.token_bytes(len(quota.bucket))
            session.add(QuotaHit(bucket=bucket, at=now))
        session.flush()
        return within

    def have_room(self, session: Session, now: datetime, quotas: list[Quota]) -> bool:
        """Is none of them used up? Counts nothing."""
        rooms = [self._has_room(session, now, quota) for quota in quotas]  # asks each, always
        return all(rooms)

    @staticmethod
    def room_in(session: Session, now: datetime, quota: Quota) -> timedelta:
        """After how long a quota that is used up has room again."""
        oldest = session.scalar(
            select(func.min(QuotaHit.at, type_=QuotaHit.at.type)).where(
                QuotaHit.bucket == quota.bucket, QuotaHit.at > now - quota.span
            )
        )
        return quota.span - (now - oldest) if oldest else timedelta()

    @staticmethod
    def forgive(session: Session, quota: Quota) -> None:
        """Forget the hits on one: whoever made them has shown since that she may."""
        session.execute(delete(QuotaHit).where(QuotaHit.bucket == quota.bucket))

    @staticmethod
    def take_back(session: Session, quotas: list[Quota]) -> None:
        """Take the last hit on each back: what was counted was none of what is limited."""
        for quota in quotas:
            last = select(func.max(QuotaHit.id)).where(QuotaHit.bucket == quota.bucket)
            session.execute(delete(QuotaHit).where(QuotaHit.id == last.scalar_subquery()))

    @staticmethod
    def _has_room(session: Session, now: datetime, quota: Quota) -> bool:
        hits = session.scalar(
            select(func.count())
            .select_from(QuotaHit)
            .where(QuotaHit.bucket == quota.bucket, QuotaHit.at > now - quota.span)
        )
        return (hits or 0) < quota.most

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        """Delete hits that no quota looks back to any more."""
        session.execute(delete(QuotaHit).where(QuotaHit.at < now - QUOTAS))


def network_of(address: str | None) -> str:
    """What one visitor can easily change addresses within: an IPv4 address, an IPv6 /64."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
