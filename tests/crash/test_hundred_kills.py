"""A hundred kills, quickly: spread over all scenarios, every fourth one killed again."""

import pytest

from tests.crash.process import Order
from tests.crash.record import Record, line_of
from tests.crash.rig import Rig
from tests.crash.scenarios import SCENARIOS

KILLS = 100
PARTS = 2
EARLY = 17
"""Every scenario comes by at least so many points."""


def orders() -> list[Order]:
    """The same hundred every time."""
    names = list(SCENARIOS)
    return [
        Order(
            names[number % len(names)],
            kill=1 + (5 * number + number // len(names)) % EARLY,
            second=1 + number % 7 if number % 4 == 0 else None,
        )
        for number in range(KILLS)
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_r1_a_hundred_kills_lose_nothing_and_double_nothing(
    rig: Rig, record: Record, part: int
) -> None:
    for order in orders()[part::PARTS]:
        outcome = rig.run(order)
        record.add(line_of(outcome))
        assert outcome.point is not None, f"{order} was not killed"
        assert outcome.findings == [], f"{order} at {outcome.point}"
