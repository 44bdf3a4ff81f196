"""An adapter erases what it says, keeps what it says, and sees whether it is so."""

from datetime import timedelta

import pytest

from portal.adapters.contract import Outcome, Ref, Unsupported
from portal.adapters.testing.crm import ADDRESS, OTHER, Contract, Crm, consent, everything


class ErasureContract(Contract):
    """Erasure_plan, erase and erased."""

    def test_a_plan_changes_nothing_and_is_what_the_erasure_then_does(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        if _is_refused(crm, ref):
            return
        before = everything(crm, ref)
        plan = crm.adapter.erasure_plan(ref)
        assert everything(crm, ref) == before
        assert crm.adapter.erase(ref, key="erase") == plan

    def test_an_erasure_fits_the_capabilities_and_gives_a_ground_for_what_is_kept(
        self, crm: Crm
    ) -> None:
        ref, can = crm.add(ADDRESS), crm.adapter.capabilities
        if _is_refused(crm, ref):
            return
        result = crm.adapter.erase(ref, key="erase")
        kept = {one.category for one in result.retained}
        assert {*result.removed, *kept} == can.categories
        assert not kept & {*result.removed}, "one category is removed and kept"
        assert result.kind == can.erase
        assert all(one.ground and one.law and one.count > 0 for one in result.retained)

    def test_an_erasure_reads_back_as_done_only_when_it_was(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        if _is_refused(crm, ref):
            return
        untouched = everything(crm, other)
        assert not crm.adapter.erased(ref)
        crm.adapter.erase(ref, key="erase")
        crm.settle()
        assert crm.adapter.erased(ref)
        assert not crm.adapter.erased(other)
        assert everything(crm, other) == untouched, "another record was erased"

    def test_what_was_erased_is_found_and_scanned_no_more(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        if _is_refused(crm, ref):
            return
        crm.adapter.erase(ref, key="erase")
        crm.settle()
        assert crm.adapter.find(ADDRESS) == []
        assert ADDRESS not in [email for _, email in crm.adapter.scan()]
        assert ADDRESS not in str(everything(crm, ref))

    def test_two_records_of_one_address_are_erased_one_by_one(self, crm: Crm) -> None:
        """What is written over the first must leave room for the second."""
        refs = crm.add(ADDRESS), crm.add(ADDRESS)
        if _is_refused(crm, refs[0]):
            return
        for ref in refs:
            assert not crm.adapter.erased(ref)
            crm.adapter.erase(ref, key=f"erase-{ref.key}")
            crm.settle()
        assert all(crm.adapter.erased(ref) for ref in refs)

    def test_an_erasure_that_is_repeated_gives_the_same_result_and_has_no_effect(
        self, crm: Crm
    ) -> None:
        ref = crm.add(ADDRESS)
        if _is_refused(crm, ref):
            return
        first = crm.adapter.erase(ref, key="erase")
        crm.settle()
        before = everything(crm, ref)
        assert crm.adapter.erase(ref, key="erase") == first
        assert crm.adapter.erasure_plan(ref) == first
        assert everything(crm, ref) == before

    def test_what_is_kept_for_a_time_goes_when_that_is_over(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        if _is_refused(crm, ref):
            return
        kept = crm.adapter.erase(ref, key="erase").retained
        crm.settle()
        assert all(one.until is not None and one.first <= one.until for one in kept if one.first)
        days = sorted({one.first for one in kept if one.first})
        if not days or not crm.travel(days[0] + timedelta(days=1)):
            return
        untouched = everything(crm, other)
        left = crm.adapter.erase(ref, key="erase again").retained
        crm.settle()
        assert crm.adapter.erased(ref)
        assert left != kept, "what need not be kept any more is kept"
        assert all(one.first > days[0] for one in left if one.first)
        assert crm.adapter.erase(ref, key="erase again").retained == left
        assert everything(crm, other) == untouched, "another record was erased"

    def test_consent_of_who_was_erased_is_withdrawn_without_complaint(self, crm: Crm) -> None:
        """Both may be under way at once; the withdrawal that comes second undoes nothing."""
        ref = crm.add(ADDRESS)
        if _is_refused(crm, ref):
            return
        crm.adapter.erase(ref, key="erase")
        crm.settle()
        for purpose in sorted(crm.adapter.capabilities.consents):
            outcome = consent(crm, ref, purpose, granted=False, key=purpose)
            assert outcome in {Outcome.ALREADY, Outcome.DONE}
        assert crm.adapter.find(ADDRESS) == []


def _is_refused(crm: Crm, ref: Ref) -> bool:
    """Does this adapter claim no erasure? Then it must refuse one, in every way."""
    if crm.adapter.capabilities.erase is not None:
        return False
    assert not crm.adapter.capabilities.categories
    for ask in (crm.adapter.erasure_plan, crm.adapter.erased):
        with pytest.raises(Unsupported):
            ask(ref)
    with pytest.raises(Unsupported):
        crm.adapter.erase(ref, key="erase")
    return True
