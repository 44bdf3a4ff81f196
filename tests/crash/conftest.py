"""One rig for all tests of a process, and a place for what it finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.record import Record
from tests.crash.rig import Rig

RESULTS = Path("test-results/crash")


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """A process with one thread that is forked for each life."""
    with Rig() as one:
        yield one


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Iterator[Record]:
    """Where this test writes its runs down: one file a test, as tests run side by side."""
    name = "".join(sign if sign.isalnum() else "-" for sign in request.node.name)
    with Record(RESULTS / f"{name}.jsonl") as one:
        yield one
