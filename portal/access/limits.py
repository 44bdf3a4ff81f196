"""Quotas, counted in the same transaction as what they limit. Only keyed digests are kept."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.store.tables import QuotaHit
from portal.store.vault import Vault

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` hits on one `bucket` within `span`."""

    bucket: bytes
    most: int
    span: timedelta


class Quotas:
    """Counts hits. A hit over the quota counts too, so that the statements are always the same."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def quota(self, most: int, span: timedelta, *what: str) -> Quota:
        """A quota on whatever the words together name."""
        return Quota(self._vault.bucket(str(int(span.total_seconds())), *what), most, span)

    def hit(self, session: Session, now: datetime, quotas: list[Quota]) -> bool:
        """Count one hit on each; True if none is over its quota."""
        within = True
        for quota in quotas:
            session.add(QuotaHit(bucket=quota.bucket, at=now))
            session.flush()
            hits = session.scalar(
                select(func.count())
                .select_from(QuotaHit)
                .where(QuotaHit.bucket == quota.bucket, QuotaHit.at > now - quota.span)
            )
            within &= (hits or 0) <= quota.most
        return within

    @staticmethod
    def forget(session: Session, now: datetime) -> None:
        """Delete hits that no quota looks back to any more."""
        session.execute(delete(QuotaHit).where(QuotaHit.at < now - DAY))


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
