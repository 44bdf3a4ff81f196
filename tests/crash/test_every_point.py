"""Every distinct place of every scenario: killed there, and killed again while it recovers."""

import pytest

from tests.crash.process import Order
from tests.crash.record import Record, line_of
from tests.crash.rig import Rig
from tests.crash.scenarios import SCENARIOS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_r1_killed_at_every_hit_of_every_point_nothing_is_lost_or_doubled(
    rig: Rig, record: Record, scenario: str
) -> None:
    whole = rig.run(Order(scenario))
    record.add(line_of(whole))
    assert whole.findings == []
    for kill, point in enumerate(whole.points, start=1):
        second = 1 + kill * 7 % 12 if kill % 3 == 0 else None
        outcome = rig.run(Order(scenario, kill=kill, second=second))
        record.add(line_of(outcome))
        assert outcome.point == point, "a scenario is the same every time"
        assert outcome.findings == [], f"{outcome.order} at {point}, {outcome.second_point}"
