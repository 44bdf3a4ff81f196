"""An adapter records consent and its withdrawal, once, with the evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from portal.adapters.contract import Outcome, Unsupported, that_puts_back
from portal.adapters.testing.crm import (
    ADDRESS,
    EVIDENCE,
    OTHER,
    PAUSED_UNTIL,
    UNKNOWN,
    Contract,
    Crm,
    consent,
    everything,
    frequent,
    paused,
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

    def test_what_was_stopped_is_put_back_with_the_evidence_that_stood_there(
        self, crm: Crm
    ) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        able = that_puts_back(crm.adapter)
        untouched = everything(crm, other)
        for purpose in sorted(crm.adapter.capabilities.consents if able else ()):
            assert able is not None
            consent(crm, ref, purpose, granted=False, key=f"{purpose}-1")
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-2")
            before = read(crm, ref).consents[purpose]
            stopped = replace(EVIDENCE, at=EVIDENCE.at + timedelta(days=1), source="a stop")
            crm.adapter.set_consent(ref, purpose, False, stopped, key=f"{purpose}-3")
            crm.settle()
            later = replace(EVIDENCE, at=EVIDENCE.at + timedelta(days=2), source="put back")
            for _ in range(2):
                able.put_back(ref, purpose, before, later, key=f"{purpose}-4")
                crm.settle()
                after = read(crm, ref).consents[purpose]
                in_a_history = replace(before, at=after.at, source=after.source)
                assert after in {before, in_a_history}
                assert after.source in {before.source, "put back"}
        assert everything(crm, other) == untouched, "another record's consent was changed"

    def test_how_often_is_set_and_read_back_and_starts_and_stops_nothing(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        untouched = everything(crm, other)
        for purpose, frequencies in sorted(crm.adapter.capabilities.frequencies.items()):
            for granted in (True, False):
                consent(crm, ref, purpose, granted, key=f"{purpose}-{granted}")
                for frequency in sorted(frequencies):
                    frequent(crm, ref, purpose, frequency, key=f"{purpose}-{frequency}-{granted}")
                    state = read(crm, ref).consents[purpose]
                    assert state.frequency == frequency
                    assert bool(state.granted) is granted
        assert everything(crm, other) == untouched, "another record's frequency was changed"

    def test_how_often_survives_a_stop_and_a_new_start(self, crm: Crm) -> None:
        """So that a stop that is taken back leaves everything as it was."""
        ref = crm.add(ADDRESS)
        for purpose, frequencies in sorted(crm.adapter.capabilities.frequencies.items()):
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-1")
            frequent(crm, ref, purpose, min(frequencies), key=purpose)
            consent(crm, ref, purpose, granted=False, key=f"{purpose}-2")
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-3")
            assert read(crm, ref).consents[purpose].frequency == min(frequencies)

    def test_a_frequency_that_is_repeated_has_no_second_effect(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose, frequencies in sorted(crm.adapter.capabilities.frequencies.items()):
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-on")
            first = frequent(crm, ref, purpose, min(frequencies), key=purpose)
            before = everything(crm, ref)
            again = frequent(crm, ref, purpose, min(frequencies), key=purpose)
            assert again in {first, Outcome.ALREADY}
            assert everything(crm, ref) == before

    def test_a_pause_is_read_back_and_ends_by_itself(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        untouched = everything(crm, other)
        for purpose in sorted(crm.adapter.capabilities.pauses):
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-on")
            before = read(crm, ref).consents[purpose]
            paused(crm, ref, purpose, key=purpose)
            state = read(crm, ref).consents[purpose]
            assert state.granted is False
            assert state.paused_until is not None
            assert abs(state.paused_until - PAUSED_UNTIL) < timedelta(days=1)
            if crm.travel(PAUSED_UNTIL.date() + timedelta(days=1)):
                assert read(crm, ref).consents[purpose] == before
        assert everything(crm, other) == untouched, "another record was paused"

    def test_a_decision_ends_a_pause_and_a_stop_is_more_than_one(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.pauses):
            for granted in (True, False):
                consent(crm, ref, purpose, granted=True, key=f"{purpose}-on-{granted}")
                paused(crm, ref, purpose, key=f"{purpose}-{granted}")
                consent(crm, ref, purpose, granted, key=f"{purpose}-then-{granted}")
                state = read(crm, ref).consents[purpose]
                assert (bool(state.granted), state.paused_until) == (granted, None)
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-again")
            state = read(crm, ref).consents[purpose]
            assert (state.granted, state.paused_until) == (True, None)

    def test_what_is_off_stays_off_when_it_is_paused(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.pauses):
            consent(crm, ref, purpose, granted=False, key=f"{purpose}-off")
            before = read(crm, ref).consents[purpose]
            paused(crm, ref, purpose, key=purpose)
            assert read(crm, ref).consents[purpose] == before

    def test_a_pause_that_is_repeated_has_no_second_effect(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.pauses):
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-on")
            first = paused(crm, ref, purpose, key=purpose)
            before = everything(crm, ref)
            assert paused(crm, ref, purpose, key=purpose) in {first, Outcome.ALREADY}
            assert everything(crm, ref) == before

    def test_a_longer_pause_takes_the_place_of_a_shorter_one(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        for purpose in sorted(crm.adapter.capabilities.pauses):
            consent(crm, ref, purpose, granted=True, key=f"{purpose}-on")
            paused(crm, ref, purpose, key=purpose)
            longer = PAUSED_UNTIL + timedelta(days=60)
            paused(crm, ref, purpose, key=f"{purpose}-longer", until=longer)
            until = read(crm, ref).consents[purpose].paused_until
            assert until is not None
            assert abs(until - longer) < timedelta(days=1)

    def test_an_unknown_pause_is_unsupported_by_whoever_knows_any(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        capabilities = crm.adapter.capabilities
        assert ("pause" in capabilities.optional) is bool(capabilities.pauses)
        assert capabilities.pauses <= capabilities.consents
        if capabilities.pauses:
            with pytest.raises(Unsupported):
                paused(crm, ref, UNKNOWN, key="unknown")

    def test_an_unknown_frequency_is_unsupported_by_whoever_knows_any(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        capabilities = crm.adapter.capabilities
        assert ("set_frequency" in capabilities.optional) is bool(capabilities.frequencies)
        assert capabilities.frequencies.keys() <= capabilities.consents
        for purpose in capabilities.frequencies:
            with pytest.raises(Unsupported):
                frequent(crm, ref, purpose, UNKNOWN, key="unknown")
