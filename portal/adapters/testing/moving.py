"""An adapter that can write addresses writes the right one, once, and never over another."""

import pytest

from portal.adapters.contract import (
    Conflict,
    Outcome,
    Ref,
    Refused,
    SetsAddress,
    Unsupported,
    that_sets_address,
)
from portal.adapters.testing.crm import ADDRESS, OTHER, Contract, Crm, everything, read

MOVED = "wilma.moved@example.net"


def move(crm: Crm, able: SetsAddress, ref: Ref, seen: str = ADDRESS) -> Outcome:
    """Write the new address; for one record always with the same idempotency key."""
    outcome = able.set_address(ref, seen, MOVED, key="move")
    crm.settle()
    return outcome


class MovingContract(Contract):
    """``set_address``, or that there is none."""

    def test_an_address_is_written_once_and_read_back_or_that_is_unsupported(
        self, crm: Crm
    ) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        able = that_sets_address(crm.adapter)
        if able is None:
            before = everything(crm, ref)
            if isinstance(crm.adapter, SetsAddress):
                with pytest.raises(Unsupported):
                    crm.adapter.set_address(ref, ADDRESS, MOVED, key="move")
            assert everything(crm, ref) == before
            return
        untouched, values = everything(crm, other), dict(read(crm, ref).values)
        first = move(crm, able, ref)
        assert first in {Outcome.DONE, Outcome.ASYNC}
        assert read(crm, ref).email == MOVED
        assert crm.adapter.find(MOVED) == [ref]
        assert crm.adapter.find(ADDRESS) == []
        kept = {name: value for name, value in values.items() if value != ADDRESS}
        assert {name: read(crm, ref).values[name] for name in kept} == kept
        assert everything(crm, other) == untouched, "another record was written"

        before = everything(crm, ref)
        assert move(crm, able, ref) in {first, Outcome.ALREADY}
        assert everything(crm, ref) == before, "it was written a second time"

    def test_an_address_that_was_changed_since_is_a_conflict_and_not_overwritten(
        self, crm: Crm
    ) -> None:
        able = that_sets_address(crm.adapter)
        if able is None:
            return
        ref = crm.add(ADDRESS)
        before = everything(crm, ref)
        with pytest.raises(Conflict):
            move(crm, able, ref, seen="somebody.else@example.org")
        assert everything(crm, ref) == before

    def test_the_address_of_a_record_that_is_gone_cannot_be_written(self, crm: Crm) -> None:
        able = that_sets_address(crm.adapter)
        if able is None:
            return
        ref = crm.add(ADDRESS)
        crm.remove(ref)
        with pytest.raises(Refused):
            move(crm, able, ref)
        assert crm.adapter.read(ref) is None
