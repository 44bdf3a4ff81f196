"""R3: anything, in any order: requests, edits, lost answers, jumping clocks, deaths, restores."""

import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.crash.anything import Anything
from tests.crash.rig import folder_for_runs
from tests.crash.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    folder = folder_for_runs()
    yield World(folder / "world")
    shutil.rmtree(folder, ignore_errors=True)


def test_r3_whatever_happens_the_crms_hold_in_the_end_what_they_must(world: World) -> None:
    class OverOneWorld(Anything):
        pass

    OverOneWorld.world = world
    searching = settings().max_examples > 100
    run_state_machine_as_test(
        OverOneWorld,
        settings=settings(
            max_examples=2000 if searching else 25,
            stateful_step_count=40 if searching else 20,
            deadline=None,
        ),
    )
