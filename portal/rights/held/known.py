"""By which addresses a subscriber is found when her request is delivered.

A job carries the address that she was signed in with, and beside it every other one that she is
known by while a change of address is under way: so it finds her records before the change has
reached a system, after it, and where an old back-up was put back in between.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.access.directory import records_of
from portal.adapters.contract import Adapter, Record
from portal.domain.addresses import Email

ALSO = "also"
"""In a job's payload: her other addresses."""


def addresses_in(payload: Mapping[str, Any]) -> list[Email]:
    """Her addresses, the one that she was signed in with first."""
    return [Email.parse(one) for one in (payload["email"], *payload.get(ALSO, ()))]


def with_also(payload: Mapping[str, Any], others: Sequence[Email]) -> dict[str, Any]:
    """The same payload, with these addresses beside the one it has; the very same, if it has them.

    Of two spellings of one mailbox the first stays.
    """
    known = addresses_in(payload)
    more = list(payload.get(ALSO, ()))
    for other in others:
        if not is_any(known, other.address):
            known.append(other)
            more.append(other.address)
    return {**payload, ALSO: more} if more else dict(payload)


def is_any(addresses: Sequence[Email], held: str | None) -> bool:
    """Is what a CRM holds one of these?"""
    return any(one.same_mailbox(held) for one in addresses)


def records_under(adapter: Adapter, addresses: Sequence[Email]) -> list[Record]:
    """The records of one system whose own address is one of these."""
    found: dict[str, Record] = {}
    for address in addresses:
        for record in records_of(adapter, address):
            found.setdefault(record.ref.key, record)
    return list(found.values())
