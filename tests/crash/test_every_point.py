"""Every place of every scenario where a death leaves something else: killed there, and once more.

Between two fault points often nothing is written: from a commit to the call after it, say. A death
at the one leaves, byte for byte, what a death at the other leaves, and what comes after depends on
nothing else. One of them is killed for both; `make crash` takes them all.
"""

import pytest

from tests.crash.process import Order, Outcome
from tests.crash.record import Record, line_of
from tests.crash.rig import Rig
from tests.crash.scenarios import SCENARIOS

pytestmark = pytest.mark.slow


def places(whole: Outcome) -> list[int]:
    """The points of a run, from 1, where a death leaves what none before it left."""
    assert len(whole.states) == len(whole.points) > 0
    before: set[str] = set()
    found = []
    for number, state in enumerate(whole.states, start=1):
        if state not in before:
            found.append(number)
        before.add(state)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_r1_killed_wherever_it_leaves_something_else_nothing_is_lost_or_doubled(
    rig: Rig, record: Record, scenario: str
) -> None:
    whole = rig.run(Order(scenario))
    record.add(line_of(whole))
    assert whole.findings == []
    for number, kill in enumerate(places(whole), start=1):
        second = 1 + number * 7 % 12 if number % 3 == 0 else None
        outcome = rig.run(Order(scenario, kill=kill, second=second))
        record.add(line_of(outcome))
        assert outcome.point == whole.points[kill - 1], "a scenario is the same every time"
        assert outcome.findings == [], f"{outcome.order} at {outcome.point}, {outcome.second_point}"


def test_what_is_looked_at_tells_a_commit_and_a_call_that_writes_from_none(rig: Rig) -> None:
    """The control: were it blind, every place would be one."""
    whole = rig.run(Order("correction"))
    left = dict(zip(whole.points, whole.states, strict=True))

    for written in ("request received", "job ended", "ledger sealed"):
        assert left[f"{written}: before the commit"] != left[f"{written}: after the commit"]
    assert left["crm.write: before the call"] != left["crm.write: after the call"]
    assert left["crm.find: before the call"] == left["crm.find: after the call"]
