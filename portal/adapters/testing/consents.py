"""An adapter records consent and its withdrawal, once, with the evidence."""

from datetime import timedelta
from typing import ClassVar

import pytest

from portal.adapters.contract import Outcome, Unsupported
from portal.adapters.testing.crm import (
    ADDRESS,
    EVIDENCE,
    OTHER,
    UNKNOWN,
    Contract,
    Crm,
    consent,
    everything,
    read,
)


class ConsentContract(Contract):
    """Set_consent, and what is read back of it."""

    consent_time_is_within: ClassVar[timedelta] = timedelta(seconds=1)
    """How exactly the CRM keeps the time of a consent, if it does."""

    def test_consent_is_withdrawn_and_given_and_reads_back_so(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        untouched = everything(crm, other)
        for purpose in sorted(crm.adapter.capabilities.consents):
            for number, granted in enumerate((False, True, False)):
                consent(crm, ref, purpose, granted, key=f"{purpose}-{number}")
                # That consent was withdrawn may be kept as "there is none", which reads as None.
                assert bool(read(crm, ref).consents[purpose].granted) is granted
        assert everything(crm, other) == untouched, "another record's consent was changed"

    def test_each_purpose_is_set_by_itself_and_no_other_changes(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        expected = {purpose: state.granted for purpose, state in read(crm, ref).consents.items()}
        for purpose in sorted(crm.adapter.capabilities.consents):
            expected[purpose] = not expected[purpose]
            consent(crm, ref, purpose, bool(expected[purpose]), key=purpose)
            after = {one: state.granted for one, state in read(crm, ref).consents.items()}
            assert {one: bool(it) for one, it in after.items()} == {
                one: bool(it) for one, it in expected.items()
            }

    def test_evidence_that_the_crm_keeps_is_the_evidence_of_this_consent(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.consents):
            consent(crm, ref, purpose, granted=False, key=f"{purpose}-off")
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-on")
            state = read(crm, ref).consents[purpose]
            if state.at is not None:
                assert abs(state.at - EVIDENCE.at) <= self.consent_time_is_within
            assert state.source in {None, EVIDENCE.source}
            assert state.wording is None or EVIDENCE.wording.startswith(state.wording)

    def test_a_consent_that_is_repeated_has_no_second_effect(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.consents):
            for granted in (True, False):
                first = consent(crm, ref, purpose, granted, key=f"{purpose}-{granted}")
                before = everything(crm, ref)
                again = consent(crm, ref, purpose, granted, key=f"{purpose}-{granted}")
                assert again in {first, Outcome.ALREADY}
                assert everything(crm, ref) == before

    def test_the_consent_for_an_unknown_purpose_is_unsupported(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        with pytest.raises(Unsupported):
            consent(crm, ref, UNKNOWN, granted=False, key="unknown")
