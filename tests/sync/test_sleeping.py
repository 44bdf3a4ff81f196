"""A job that sleeps until its own moment is in nobody's way before that, and keeps its place."""

from datetime import timedelta

from portal.sync.jobs import Again, Finished, Later, Result, Task
from tests.storing import FakeClock
from tests.sync.engine import Engine

PAIR = ("ann", "crm")


def test_what_comes_after_a_sleeping_job_runs_and_at_the_moment_both_go_in_order(
    engine: Engine, clock: FakeClock
) -> None:
    morning = clock.now + timedelta(days=1)

    def in_shadow(_task: Task) -> Result:
        return Later(morning) if clock.now < morning else Finished()

    engine.handler.answers = [in_shadow] * 4
    engine.put("first", PAIR)
    engine.put("second", PAIR)
    engine.worker.drain()
    assert engine.handler.keys == ["first", "second"], "the second one is not held up"

    clock.now = morning
    engine.worker.drain()
    assert engine.handler.keys[2:] == ["first", "second"]
    assert set(engine.ends().values()) == {"done"}


def test_a_job_that_was_tried_in_vain_keeps_those_behind_it_waiting(
    engine: Engine, clock: FakeClock
) -> None:
    engine.handler.answers = [Again("unreachable")]
    engine.put("first", PAIR)
    engine.put("second", PAIR)
    engine.worker.drain()

    assert engine.handler.keys == ["first"]
    clock.advance(hours=1)
    engine.worker.drain()
    assert engine.handler.keys == ["first", "first", "second"]
