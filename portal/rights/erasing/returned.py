"""Somebody who was erased: is there a record of hers again, and did she want that herself?"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from portal.adapters.contract import Adapter, Record, Ref
from portal.domain.addresses import Email
from portal.rights.held.known import is_any

SKEW = timedelta(minutes=5)
"""By how much a CRM's clock may be ahead; a consent of a later time than that proves nothing."""


class Finding(StrEnum):
    """What one record is to somebody who was erased."""

    GONE = "gone"
    """Nothing is left of her here, or the record is somebody else's by now."""
    BACK = "back"
    """She is there again, and not by her own doing."""
    OPTED_IN = "opted_in"
    """She is there again, by an opt-in later than her erasure."""


def look_at(
    adapter: Adapter,
    ref: Ref,
    addresses: Sequence[Email],
    since: datetime,
    opt_ins: Collection[str],
    now: datetime,
    left: Sequence[Email] = (),
) -> Finding:
    """Look at one record of somebody who was erased.

    A CRM may give the key of a deleted record to somebody new, so a record with an address that is
    not hers is left alone. One without an address may be what was kept of hers.

    Args:
        adapter: The system.
        ref: The record.
        addresses: Hers; more than one after a change of address.
        since: When she asked to be erased (UTC).
        opt_ins: Ids of the purposes that rest on consent: giving one is an opt-in.
        now: UTC.
        left: Those of hers that she has changed into others. An opt-in there may be of whoever has
            the mailbox by now, and lets nobody take her in again.

    Raises:
        AdapterError: The system could not be asked.
    """
    record = adapter.read(ref)
    hers = record is not None and is_any(addresses, record.email)
    if record is not None and record.email.strip() and not hers:
        return Finding.GONE
    if record is not None and hers and opted_in_at(record, since, opt_ins, now):
        return Finding.GONE if is_any(left, record.email) else Finding.OPTED_IN
    if adapter.capabilities.erase is None:
        return Finding.BACK if hers else Finding.GONE
    return Finding.GONE if adapter.erased(ref) else Finding.BACK


def opted_in_at(
    record: Record, since: datetime, opt_ins: Collection[str], now: datetime
) -> datetime | None:
    """When she opted in after her erasure, as the CRM holds it with a time; None: she did not."""
    times = [
        state.at
        for purpose, state in record.consents.items()
        if purpose in opt_ins and state.granted and state.at is not None
    ]
    return max((at for at in times if since < at <= now + SKEW), default=None)
