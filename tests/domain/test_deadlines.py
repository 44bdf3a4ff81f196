"""The legal deadline: one month, counted as Regulation 1182/71 counts."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.deadlines import days_left, months_after, respond_by

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2026, 3, 5), date(2026, 4, 5)),
        (date(2025, 8, 31), date(2025, 9, 30)),
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_e1_a_month_ends_with_the_day_of_the_same_number_or_the_last_one(
    received: date, deadline: date
) -> None:
    assert months_after(received, 1) == deadline


def test_e1_the_day_of_receipt_is_that_of_the_place() -> None:
    """Half past eleven at night in Greenwich is the next day already in Amsterdam."""
    late = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)

    assert respond_by(late, AMSTERDAM) == date(2026, 4, 6)
    assert respond_by(late, UTC) == date(2026, 4, 5)


def test_on_the_last_day_no_whole_day_is_left_and_after_it_fewer() -> None:
    received = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

    assert days_left(received, AMSTERDAM, datetime(2026, 3, 5, 12, 0, tzinfo=UTC)) == 31
    assert days_left(received, AMSTERDAM, datetime(2026, 4, 5, 12, 0, tzinfo=UTC)) == 0
    assert days_left(received, AMSTERDAM, datetime(2026, 4, 6, 12, 0, tzinfo=UTC)) == -1


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)), st.integers(0, 36))
def test_a_month_is_never_more_than_its_own_length_and_later_receipts_never_end_sooner(
    day: date, months: int
) -> None:
    after = months_after(day, months)

    assert 28 * months <= (after - day).days <= 31 * months
    assert after <= months_after(date.fromordinal(day.toordinal() + 1), months)
