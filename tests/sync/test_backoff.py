"""Waits grow, are spread, and end at an hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.backoff import FIRST, LONGEST, MAX_ATTEMPTS, pause

DRAWS = st.floats(0, 1, exclude_max=True)


@given(attempt=st.integers(1, 10_000), draw=DRAWS)
def test_d8_no_wait_is_longer_than_an_hour_nor_none_at_all(attempt: int, draw: float) -> None:
    assert 0 < pause(attempt, lambda: draw) <= LONGEST == 3600


@given(attempt=st.integers(1, 10_000), draw=DRAWS)
def test_d8_with_the_same_luck_a_later_wait_is_never_shorter(attempt: int, draw: float) -> None:
    assert pause(attempt, lambda: draw) <= pause(attempt + 1, lambda: draw)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 2), (2, 4), (5, 32), (11, 2048), (12, 3600)])
def test_d8_the_ceiling_doubles_until_it_is_an_hour(attempt: int, ceiling: float) -> None:
    assert pause(attempt, lambda: 1.0) == pytest.approx(ceiling)


def test_d8_waits_are_spread_over_the_whole_span() -> None:
    """So that those who failed together do not come back together."""
    assert pause(12, lambda: 0.0) == pytest.approx(LONGEST / 10)
    assert pause(12, lambda: 0.5) == pytest.approx(LONGEST * 0.55)


def test_the_first_repetition_comes_within_two_seconds() -> None:
    assert pause(1, lambda: 0.999) <= FIRST == 2


def test_all_waits_together_leave_a_crm_two_days_to_come_back() -> None:
    unlucky = sum(pause(attempt, lambda: 0.0) for attempt in range(1, MAX_ATTEMPTS))
    mean = sum(pause(attempt, lambda: 0.5) for attempt in range(1, MAX_ATTEMPTS))

    assert unlucky > 8 * 3600
    assert 44 * 3600 < mean < 52 * 3600
