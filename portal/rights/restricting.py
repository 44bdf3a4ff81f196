"""Restricting: a record is kept and not used (Art. 18 GDPR) until it is erased, or freed again."""

from collections.abc import Mapping
from typing import Any

from portal.adapters.contract import Adapter, Outcome
from portal.domain.addresses import Email
from portal.domain.rights import DeliveryState
from portal.rights.ended import GONE, NOT_CONFIRMED, Ended, Rehearsal
from portal.rights.known import addresses_in, records_under
from portal.rights.parts import hers_among


def restriction(
    email: Email, on: bool, erasure: str, hers: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Mark every record of the address, or take the mark off, for an erasure that waits.

    Two that are for different erasures are never one and the same job. ``hers``: only the records
    of one of several people, see `portal.rights.parts`.
    """
    return {**(hers or {}), "do": "restrict", "email": email.address, "on": on, "erasure": erasure}


def restrict(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    """The deed: reads first, marks, reads back."""
    on = bool(payload["on"])
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    if not records:
        return Ended(DeliveryState.CONFIRMED, {"cause": GONE})
    outcomes, left, shadow = set(), False, Rehearsal()
    for number, record in enumerate(records):
        if record.restricted is on:
            continue
        with shadow:
            outcomes.add(adapter.restrict(record.ref, on, key=f"{key}:{number}"))
            after = adapter.read(record.ref)
            left |= after is not None and after.restricted is not on
    if in_shadow := shadow.ended():
        return in_shadow
    if Outcome.MANUAL in outcomes:
        return Ended(DeliveryState.AWAITING, by_a_person=True)
    if not left:
        return Ended(DeliveryState.CONFIRMED)
    if Outcome.ASYNC in outcomes:
        return Ended(DeliveryState.AWAITING)
    return Ended(DeliveryState.UNCONFIRMED, {"cause": NOT_CONFIRMED})
