"""Restricting: a record is kept and not used (Art. 18 GDPR) until it is freed again, or erased."""

from collections.abc import Mapping
from typing import Any

from portal.adapters.contract import Adapter, Outcome, Record
from portal.domain.addresses import Email
from portal.domain.rights import DeliveryState
from portal.rights.deeds.ended import GONE, NOT_CONFIRMED, Ended, Rehearsal
from portal.rights.held.known import addresses_in, records_under
from portal.rights.held.parts import hers_among

SPARED = "spared"
"""In a payload that is being done: keys of the records that somebody else had marked before."""


def restriction(email: Email, on: bool, of: str, hers: Mapping[str, Any]) -> dict[str, Any]:
    """Mark every record of the address, or take the mark off.

    Args:
        email: Whose records.
        on: Mark them, or free them.
        of: The request that it is for: a restriction, or an erasure that waits. Two that are for
            different ones are never one and the same job.
        hers: Whose records: nothing for all, or one of several people's
            (`portal.rights.held.parts`).
    """
    return {**hers, "do": "restrict", "email": email.address, "on": on, "of": of}


def marked_by_others(adapter: Adapter, payload: Mapping[str, Any]) -> list[str]:
    """Keys of the records that are marked now, before any mark of ours is there.

    :raises AdapterError: the system could not be asked.
    """
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    return [record.ref.key for record in records if record.restricted]


def restrict(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    """The deed: reads first, marks or frees, reads back.

    Where the system knows no such mark, a person has to do it.
    """
    on, spared = bool(payload["on"]), payload.get(SPARED, ())
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    if not records:
        return Ended(DeliveryState.CONFIRMED, {"cause": GONE})
    if not adapter.capabilities.restrict:
        return Ended(DeliveryState.AWAITING, by_a_person=True)
    outcomes, left, shadow = set(), False, Rehearsal()
    for number, record in enumerate(records):
        if record.restricted is on or record.ref.key in spared:
            continue
        with shadow:
            outcomes.add(adapter.restrict(record.ref, on, key=f"{key}:{number}"))
            left |= not _is_so(adapter.read(record.ref), on)
    if in_shadow := shadow.ended():
        return in_shadow
    if Outcome.MANUAL in outcomes:
        return Ended(DeliveryState.AWAITING, by_a_person=True)
    if not left:
        return Ended(DeliveryState.CONFIRMED)
    if Outcome.ASYNC in outcomes:
        return Ended(DeliveryState.AWAITING)
    return Ended(DeliveryState.UNCONFIRMED, {"cause": NOT_CONFIRMED})


def _is_so(record: Record | None, on: bool) -> bool:
    return record is None or record.restricted is on
