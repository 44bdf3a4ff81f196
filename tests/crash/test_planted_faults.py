"""A rig that finds no planted fault is no evidence: each of these must be found."""

import pytest

from tests.crash.controls import CONTROLS
from tests.crash.hunt import hunt
from tests.crash.record import Record
from tests.crash.rig import Rig

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("control", CONTROLS)
def test_r4_a_planted_fault_is_found(rig: Rig, record: Record, control: str) -> None:
    assert any(line["result"] == "caught" for line in hunt(rig, control, record, stop=True))
