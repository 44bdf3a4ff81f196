"""Writing a new address into one system, or putting the old one back: the deed of a delivery."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.adapters.contract import (
    Adapter,
    Change,
    Outcome,
    Record,
    Ref,
    that_sets_address,
)
from portal.domain.addresses import Email
from portal.domain.rights import DeliveryState
from portal.rights.deeds.ended import GONE, NOT_CONFIRMED, Ended, Rehearsal

CHANGED = "address_changed"
"""Cause: the record has a third address by now; it was not overwritten."""
BY_HAND = "by_hand"
"""Cause: this system's adapter writes no addresses, so a person does."""


def move_records(
    old: Email, to: Mapping[str, str], fields: Sequence[str], change_id: str, *, back: bool
) -> dict[str, Any]:
    """Give each of these records its new address, where it has the old one still.

    Args:
        old: The mailbox that they have now.
        to: The CRM's own key of a record → its address from now on.
        fields: Fields in which a CRM may hold the address once more: those of kind ``email``.
        change_id: Of the `AddressChange`.
        back: Is it the old address that is put back?
    """
    return {
        "do": "address",
        "email": old.address,
        "to": dict(to),
        "fields": list(fields),
        "change": change_id,
        "back": back,
    }


def move(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    """The deed: looks at all of her records, writes, and reads back.

    Of several none is written before every one of them was looked at.
    """
    old = Email.parse(payload["email"])
    there = _there(adapter, payload["to"])
    if any(not (old.same_mailbox(one.email) or to.same_mailbox(one.email)) for one, to in there):
        return Ended(DeliveryState.CONFLICT, {"cause": CHANGED})
    if not there:
        return Ended(DeliveryState.CONFIRMED, {"cause": GONE})
    able = that_sets_address(adapter)
    if able is None:
        left = any(not to.same_mailbox(one.email) for one, to in there)
        return _by_hand() if left else Ended(DeliveryState.CONFIRMED)
    outcomes: list[Outcome] = []
    unconfirmed: set[str] = set()
    shadow = Rehearsal()
    for number, (record, to) in enumerate(there):
        with shadow:
            if not to.same_mailbox(record.email):
                address = payload["to"][record.ref.key]
                outcomes.append(
                    able.set_address(record.ref, record.email, address, key=f"{key}:{number}")
                )
            outcomes += _elsewhere_in_it(adapter, record, old, to, payload["fields"], key, number)
            unconfirmed |= _left(adapter.read(record.ref), old, to, payload["fields"], adapter)
    return shadow.ended() or _ended(outcomes, unconfirmed)


def _there(adapter: Adapter, to: Mapping[str, str]) -> list[tuple[Record, Email]]:
    """Her records that are there still and name somebody, each with its address from now on."""
    read = ((adapter.read(Ref(adapter.name, key)), address) for key, address in to.items())
    return [
        (record, Email.parse(address))
        for record, address in read
        if record is not None and record.email.strip()
    ]


def _elsewhere_in_it(
    adapter: Adapter,
    record: Record,
    old: Email,
    to: Email,
    fields: Sequence[str],
    key: str,
    number: int,
) -> list[Outcome]:
    """A field that says the address once more says the new one from now on."""
    changes = [
        Change(field, str(record.values[field]), to.address)
        for field in _with(record, old, fields, adapter)
    ]
    return [adapter.write(record.ref, changes, key=f"{key}:{number}:fields")] if changes else []


def _with(record: Record, address: Email, fields: Sequence[str], adapter: Adapter) -> list[str]:
    """The fields of this record that can be written and hold this address."""
    writable = adapter.capabilities.writable
    return [
        field
        for field in fields
        if field in writable
        and isinstance(held := record.values.get(field), str)
        and address.same_mailbox(held)
    ]


def _left(
    record: Record | None, old: Email, to: Email, fields: Sequence[str], adapter: Adapter
) -> set[str]:
    """What the record does not hold as it should."""
    if record is None:
        return {"email"}
    left = set(_with(record, old, fields, adapter))
    return left if to.same_mailbox(record.email) else left | {"email"}


def _ended(outcomes: Sequence[Outcome], unconfirmed: set[str]) -> Ended:
    if Outcome.MANUAL in outcomes:
        return _by_hand()
    if not unconfirmed:
        return Ended(DeliveryState.CONFIRMED)
    if Outcome.ASYNC in outcomes:
        return Ended(DeliveryState.AWAITING)
    kept = {"cause": NOT_CONFIRMED, "fields": sorted(unconfirmed)}
    return Ended(DeliveryState.UNCONFIRMED, kept)


def _by_hand() -> Ended:
    return Ended(DeliveryState.AWAITING, {"cause": BY_HAND}, by_a_person=True)
