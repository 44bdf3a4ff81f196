"""Duties are due rows: each is done in its turn, by one worker, for ever."""

from datetime import timedelta

import pytest

from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync.schedule import JOB, Every, Schedule
from tests.storing import FakeClock
from tests.sync.engine import Engine


class Duties:
    def __init__(self, database: Database, vault: Vault, clock: FakeClock) -> None:
        self.done: list[str] = []
        self.fails = False
        handlers: dict[str, Schedule] = {}
        self.engine = Engine(database, vault, clock, handlers=handlers, max_attempts=3)
        self.schedule = Schedule(
            database,
            self.engine.outbox,
            (
                Every("sweep", timedelta(days=1), self.sweep),
                Every("dust", timedelta(hours=1), lambda: self.done.append("dust")),
            ),
            clock,
        )
        handlers[JOB] = self.schedule

    def sweep(self) -> None:
        if self.fails:
            raise OSError("no broom")
        self.done.append("sweep")


@pytest.fixture
def duties(lite: Database, vault: Vault, clock: FakeClock) -> Duties:
    duties = Duties(lite, vault, clock)
    duties.schedule.arm()
    return duties


def test_a_duty_is_done_at_once_and_then_each_time_its_span_has_passed(
    duties: Duties, clock: FakeClock
) -> None:
    for _ in range(5):
        duties.engine.worker.drain()
        clock.advance(minutes=45)

    assert sorted(duties.done) == ["dust", "dust", "dust", "sweep"]


def test_arming_twice_makes_no_duty_twice(duties: Duties) -> None:
    duties.schedule.arm()
    duties.engine.worker.drain()

    assert sorted(duties.done) == ["dust", "sweep"]
    assert duties.engine.count_open() == 2


def test_a_duty_that_fails_is_tried_again_and_begins_anew_after_a_restart(
    duties: Duties, clock: FakeClock
) -> None:
    duties.fails = True
    for _ in range(5):
        duties.engine.worker.drain()
        clock.advance(hours=2)
    assert "sweep" not in duties.done
    assert duties.engine.ends()["every:sweep"] == "dead"

    duties.fails = False
    duties.schedule.arm()
    duties.engine.worker.drain()
    assert duties.done.count("sweep") == 1
