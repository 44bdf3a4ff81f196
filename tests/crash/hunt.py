"""Looking for a planted fault: its scenario, whole and killed at every point."""

from typing import Any

from tests.crash.controls import CONTROLS
from tests.crash.process import Order
from tests.crash.record import Record, line_of
from tests.crash.rig import Rig


def hunt(
    rig: Rig, control: str, record: Record, *, seed: int = 0, stop: bool = False
) -> list[dict[str, Any]]:
    """The lines of all runs with this fault planted. ``stop``: one that found it is enough."""
    planted = CONTROLS[control]
    points = rig.run(Order(planted.scenario, seed)).points
    lines = []
    for kill in [None, *range(1, len(points) + 1)]:
        outcome = rig.run(Order(planted.scenario, seed, kill, control=control))
        line = line_of(outcome)
        found = {code for code, _ in outcome.findings}
        # Found is what it is expected to do, and not that the rig itself fell over it.
        line["result"] = "caught" if found & planted.found_as and "rig" not in found else "missed"
        record.add(line)
        lines.append(line)
        if stop and line["result"] == "caught":
            break
    return lines
