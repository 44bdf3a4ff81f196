"""The states of a delivery and the lanes of the rights: which way things may go."""

import pytest

from portal.domain.rights import (
    FINAL_STATES,
    FRESH_PROOF_GOALS,
    LANE_OF_RIGHT,
    TRANSITIONS,
    DeliveryState,
    Goal,
    Lane,
    Right,
)

GOOD = {DeliveryState.CONFIRMED, DeliveryState.RETAINED}


def test_there_are_eight_states_and_each_says_where_it_may_go() -> None:
    assert [state.value for state in DeliveryState] == [
        "queued",
        "sent",
        "unconfirmed",
        "awaiting",
        "confirmed",
        "retained",
        "conflict",
        "failed",
    ]
    assert set(TRANSITIONS) == set(DeliveryState)


def test_what_is_done_stays_done() -> None:
    for state in (DeliveryState.CONFIRMED, DeliveryState.CONFLICT):
        assert TRANSITIONS[state] == frozenset(), state


def test_what_was_kept_is_done_as_well_once_it_has_gone() -> None:
    assert TRANSITIONS[DeliveryState.RETAINED] == {DeliveryState.CONFIRMED}


def test_what_failed_begins_anew_or_not_at_all() -> None:
    assert TRANSITIONS[DeliveryState.FAILED] == {DeliveryState.QUEUED}


def test_d10_nothing_is_done_before_it_was_passed_on() -> None:
    assert not TRANSITIONS[DeliveryState.QUEUED] & (GOOD | {DeliveryState.AWAITING})


def test_what_waits_for_a_person_is_not_queued_again_by_itself() -> None:
    assert DeliveryState.QUEUED not in TRANSITIONS[DeliveryState.AWAITING]


@pytest.mark.parametrize("state", DeliveryState)
def test_a_state_is_final_when_nothing_more_happens_by_itself(state: DeliveryState) -> None:
    assert state.is_final is (state in FINAL_STATES)
    if not state.is_final:
        assert TRANSITIONS[state] & FINAL_STATES, "it can come to an end"


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, new = {DeliveryState.QUEUED}, {DeliveryState.QUEUED}
    while new:
        new = {after for state in new for after in TRANSITIONS[state]} - reached
        reached |= new
    assert reached == set(DeliveryState)


@pytest.mark.parametrize("right", [Right.WITHDRAW, Right.OBJECT, Right.RESTRICT, Right.ERASE])
def test_d6_what_protects_the_subscriber_goes_first(right: Right) -> None:
    assert LANE_OF_RIGHT[right] is Lane.PROTECT
    assert Lane.PROTECT.rank < Lane.MAIL.rank < Lane.ORDINARY.rank


def test_d6_what_uses_data_never_travels_with_what_protects() -> None:
    for right in (Right.RECTIFY, Right.CONSENT, Right.PORT, Right.ACCESS):
        assert LANE_OF_RIGHT.get(right, Lane.ORDINARY) is not Lane.PROTECT


def test_what_needs_a_proof_of_its_own_and_that_stopping_needs_none() -> None:
    assert {Goal.COPY, Goal.ERASE, Goal.ADDRESS} == FRESH_PROOF_GOALS
    assert Goal.LESS not in FRESH_PROOF_GOALS
