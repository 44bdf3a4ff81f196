"""Gates: an adapter's rate, its wish, its breaker and its pause hold for all workers."""

import pytest

from portal.domain.rights import Lane
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync import claims
from portal.sync.alarms import open_alarms
from portal.sync.gates import FIRST_REST, TRIPS_AT, Gates, Rate
from portal.sync.jobs import Again, Finished, Verdict
from tests.storing import FakeClock, add_subject
from tests.sync.engine import Answer, Engine

pytestmark = pytest.mark.slow  # all of them together

NO_ANSWER = Again("unreachable", after=0, verdict=Verdict.UNANSWERED)


@pytest.fixture
def pair(database: Database, vault: Vault, clock: FakeClock) -> tuple[Engine, Engine]:
    """Two workers of two processes over one database: they share nothing else."""
    for number in range(40):
        add_subject(database, f"s{number}")
    return Engine(database, vault, clock), Engine(database, vault, clock)


def fill(engine: Engine, jobs: int, adapter: str = "crm", first: int = 0) -> None:
    for number in range(first, first + jobs):
        engine.put(f"{adapter}-{number}", (f"s{number}", adapter))


def answers(pair: tuple[Engine, Engine], *what: Answer) -> None:
    pair[0].handler.answers = list(what)
    pair[1].handler = pair[0].handler
    pair[1].worker._handlers = {"test": pair[0].handler}


def test_the_breaker_trips_after_several_calls_without_an_answer_for_every_worker(
    pair: tuple[Engine, Engine],
) -> None:
    fill(pair[0], 20)
    answers(pair, *[NO_ANSWER] * 99)

    pair[0].worker.drain()
    pair[1].worker.drain()

    assert len(pair[0].handler.tasks) == TRIPS_AT


def test_after_a_rest_one_call_at_a_time_is_let_through_and_an_answer_opens_the_gate(
    pair: tuple[Engine, Engine], clock: FakeClock
) -> None:
    fill(pair[0], 20)
    answers(pair, *[NO_ANSWER] * (TRIPS_AT + 1))
    pair[0].worker.drain()

    clock.advance(seconds=FIRST_REST + 1)
    pair[0].worker.drain()
    pair[1].worker.drain()
    assert len(pair[0].handler.tasks) == TRIPS_AT + 1, "one, and there was no answer"

    clock.advance(seconds=2 * FIRST_REST + 1)
    pair[1].worker.drain()
    assert set(pair[0].ends().values()) == {"done"}


def test_what_waited_for_an_answer_goes_on_as_soon_as_there_is_one(
    pair: tuple[Engine, Engine], clock: FakeClock
) -> None:
    """Not after the hour that its own back-off had come to."""
    fill(pair[0], 1)
    fill(pair[0], 1, first=1)
    answers(pair, Again("unreachable", after=3600, verdict=Verdict.UNANSWERED), Finished())

    pair[0].worker.drain()

    assert pair[0].ends() == {"crm-0": "done", "crm-1": "done"}


def test_another_adapter_is_not_kept_waiting(pair: tuple[Engine, Engine]) -> None:
    fill(pair[0], TRIPS_AT)
    answers(pair, *[NO_ANSWER] * TRIPS_AT)
    pair[0].worker.drain()

    fill(pair[0], 3, adapter="mailing", first=10)
    pair[1].worker.drain()

    assert [key for key, end in pair[0].ends().items() if end] == [
        "mailing-10",
        "mailing-11",
        "mailing-12",
    ]


def test_d8_a_wish_for_patience_holds_the_whole_adapter_and_counts_no_attempt(
    pair: tuple[Engine, Engine], clock: FakeClock
) -> None:
    fill(pair[0], 3)
    answers(pair, Again("rate_limited", after=120, verdict=Verdict.BUSY))

    pair[0].worker.drain()
    pair[1].worker.drain()
    assert len(pair[0].handler.tasks) == 1
    assert pair[0].job("crm-0").attempts == 0

    clock.advance(seconds=121)
    pair[1].worker.drain()
    assert set(pair[0].ends().values()) == {"done"}


def test_a_paused_adapter_waits_for_a_person_who_is_told_once(
    pair: tuple[Engine, Engine], database: Database, clock: FakeClock
) -> None:
    fill(pair[0], 3)
    answers(pair, Again("brake", verdict=Verdict.PAUSE))

    pair[0].worker.drain()
    clock.advance(days=3)
    pair[1].worker.drain()

    assert len(pair[0].handler.tasks) == 1
    with database.unit("test") as unit:
        (alarm,) = open_alarms(unit.session)
        assert (alarm.kind, alarm.adapter, alarm.facts) == (
            "adapter_paused",
            "crm",
            {"because": "brake"},
        )
        assert Gates().resume(unit.session, "crm", clock())
        assert not Gates().resume(unit.session, "crm", clock())
        unit.commit()
    pair[1].worker.drain()
    assert set(pair[0].ends().values()) == {"done"}
    with database.reading() as session:
        assert open_alarms(session) == []


def test_a_protective_job_waits_at_a_shut_gate_like_any_other(
    pair: tuple[Engine, Engine],
) -> None:
    fill(pair[0], 1)
    answers(pair, Again("misconfigured", verdict=Verdict.PAUSE))
    pair[0].worker.drain()

    pair[0].put("stop", ("s9", "crm"), Lane.PROTECT)
    pair[1].worker.drain()

    assert pair[0].ends()["stop"] is None


def test_a_token_bucket_lets_a_burst_through_and_then_keeps_the_rate_for_all_workers(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    for number in range(40):
        add_subject(database, f"s{number}")
    gates = Gates({"crm": Rate(per_second=2, burst=5)})
    engines = [Engine(database, vault, clock, gates=gates) for _ in range(2)]
    fill(engines[0], 40)
    done = []

    for _ in range(8):  # half seconds
        done.append(sum(engine.worker.drain() for engine in engines))
        clock.advance(seconds=0.5)

    assert done == [5, 1, 1, 1, 1, 1, 1, 1]


def test_a_worker_sleeps_until_the_gate_opens_and_for_a_pause_not_at_all(
    pair: tuple[Engine, Engine], clock: FakeClock
) -> None:
    fill(pair[0], 2)
    answers(pair, Again("rate_limited", after=120, verdict=Verdict.BUSY))
    start = clock()
    pair[0].worker.drain()

    with pair[0].database.unit("test") as unit:
        due = claims.next_due(unit.session, clock())
        assert due is not None
        assert (due - start).total_seconds() == 120
        Gates().pause(unit.session, "crm", "operator", clock())
        assert claims.next_due(unit.session, clock()) is None
