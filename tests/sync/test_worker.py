"""The worker: each job to its end, whatever its handler does."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.domain.clock import utc_now
from portal.store.database import Database
from portal.store.tables import Job, Subject
from portal.store.vault import Vault
from portal.sync.jobs import Again, Finished, GaveUp, Result, Task
from tests.storing import NOON, FakeClock
from tests.sync.engine import Engine, FakeHandler

CANARY = "canary-9917@example.org"


def add_a_row(session: Session) -> None:
    session.add(Subject(id="recorded", created_at=NOON))


def add_a_row_and_fail(session: Session) -> None:
    add_a_row(session)
    session.flush()
    raise LookupError(CANARY)


def recorded(engine: Engine) -> bool:
    with engine.database.reading() as session:
        return session.get(Subject, "recorded") is not None


# --- how a job ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "end", "cause"),
    [
        (Finished(add_a_row), "done", None),
        (GaveUp("refused", add_a_row), "dead", "refused"),
        (Again("busy", record=add_a_row), None, "busy"),
    ],
    ids=["finished", "gave up", "again"],
)
def test_what_a_result_records_is_written_with_the_end_of_the_attempt(
    engine: Engine, result: Result, end: str | None, cause: str | None
) -> None:
    engine.handler.answers = [result]
    engine.put("k")

    engine.worker.run_once()

    job = engine.job("k")
    assert recorded(engine)
    assert (job.end, job.cause, job.lease, job.leased_until) == (end, cause, None, None)


def test_the_handler_is_called_outside_any_transaction(engine: Engine) -> None:
    """Another writer gets its turn at once; SQLite would make it wait for a transaction."""

    def write_meanwhile(task: Task) -> Result:
        with engine.database.unit("test") as unit:
            unit.session.execute(text("PRAGMA busy_timeout=1"))
            add_a_row(unit.session)
            unit.commit()
        return Finished()

    engine.handler.answers = [write_meanwhile]
    engine.put("k")
    engine.worker.run_once()

    assert recorded(engine)
    assert engine.ends() == {"k": "done"}


def test_the_claim_is_on_disk_before_the_handler_is_called(engine: Engine) -> None:
    seen: list[tuple[int, bool]] = []

    def look(task: Task) -> Result:
        job = engine.job("k")
        seen.append((job.attempts, job.lease is not None))
        return Finished()

    engine.handler.answers = [look]
    engine.put("k")
    engine.worker.run_once()

    assert seen == [(1, True)]


def test_d8_a_job_comes_back_after_the_wait_that_the_crm_asked_for(
    engine: Engine, clock: FakeClock
) -> None:
    engine.handler.answers = [Again("rate_limited", after=120)]
    engine.put("k")
    engine.worker.run_once()

    assert engine.job("k").due_at == clock.now + timedelta(seconds=120)


def test_a_wish_to_be_left_alone_for_a_year_is_not_granted(
    engine: Engine, clock: FakeClock
) -> None:
    engine.handler.answers = [Again("rate_limited", after=31_536_000)]
    engine.put("k")
    engine.worker.run_once()

    assert engine.job("k").due_at == clock.now + timedelta(days=1)


def test_d8_without_a_wish_the_wait_is_by_back_off(engine: Engine, clock: FakeClock) -> None:
    engine.handler.answers = [Again("busy")] * 3
    engine.put("k")
    ceilings = (2, 4, 8)
    for ceiling in ceilings:
        engine.worker.run_once()
        wait = (engine.job("k").due_at - clock.now).total_seconds()
        assert ceiling / 10 <= wait <= ceiling
        clock.advance(hours=1)

    engine.worker.drain()
    assert [task.attempt for task in engine.handler.tasks] == [1, 2, 3, 4]
    assert engine.ends() == {"k": "done"}


def test_after_the_last_attempt_the_job_is_given_up_with_its_cause(engine: Engine) -> None:
    exhausted = with_attempts(engine, 3)
    exhausted.handler.answers = [Again("busy", after=0)] * 5
    exhausted.put("k")

    exhausted.worker.drain()

    assert [task.is_last for task in exhausted.handler.tasks] == [False, False, True]
    assert exhausted.handler.abandoned == [("k", "busy")]
    assert (exhausted.job("k").end, exhausted.job("k").cause) == ("dead", "busy")


def with_attempts(engine: Engine, most: int, handler: FakeHandler | None = None) -> Engine:
    made = Engine(
        engine.database,
        engine.outbox._vault,
        engine.clock,
        max_attempts=most,
        handlers={"test": handler or engine.handler},
    )
    made.handler = handler or engine.handler
    return made


def test_a_handler_that_gives_up_is_not_told_so_again(engine: Engine) -> None:
    engine.handler.answers = [GaveUp("refused")]
    engine.put("k")
    engine.worker.drain()

    assert engine.handler.abandoned == []


def test_a_cause_that_is_too_long_for_its_column_ends_the_job_all_the_same(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    engine = Engine(database, vault, clock)
    engine.handler.answers = [Again("x" * 200, after=0), GaveUp("y" * 200)]
    engine.put("k")
    engine.worker.drain()

    assert (engine.job("k").end, engine.job("k").cause) == ("dead", "y" * 64)


def test_a_job_of_a_kind_that_nobody_handles_is_given_up(engine: Engine) -> None:
    engine.put("k", kind="unheard_of")
    engine.worker.drain()

    assert (engine.job("k").end, engine.job("k").cause) == ("dead", "no_handler")


def test_a_job_whose_key_is_gone_is_given_up_and_its_handler_told(engine: Engine) -> None:
    engine.put("k")
    with engine.database.unit("test") as unit:
        unit.session.execute(update(Job).values(payload_sealed=b"sealed by a key of yore"))
        unit.commit()

    engine.worker.drain()

    assert engine.handler.tasks == []
    assert engine.handler.abandoned == [("k", "cannot_unseal")]
    assert engine.job("k").end == "dead"


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [RuntimeError(CANARY), OperationalError("statement", {}, Exception(CANARY)), OSError(CANARY)],
    ids=["a fault of its own", "a CRM's own database", "the network"],
)
def test_a_fault_in_a_handler_is_tried_again_and_quotes_nothing(
    engine: Engine, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    engine.handler.answers = [fault]
    engine.put("k", payload={"email": CANARY})

    engine.worker.run_once()

    assert (engine.job("k").end, engine.job("k").cause) == (None, "fault")
    assert type(fault).__name__ in caplog.text
    assert "job 1 (test)" in caplog.text
    assert CANARY not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_a_fault_in_what_a_result_records_undoes_it_and_the_job_is_tried_again(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.handler.answers = [Finished(add_a_row_and_fail)]
    engine.put("k")

    assert engine.worker.run_once()

    assert not recorded(engine)
    assert (engine.job("k").end, engine.job("k").cause) == (None, "fault_at_end")
    assert CANARY not in caplog.text


def test_a_fault_in_what_the_last_result_records_is_the_end_of_the_job(engine: Engine) -> None:
    once = with_attempts(engine, 1)
    once.handler.answers = [Finished(add_a_row_and_fail)]
    once.put("k")
    once.worker.drain()

    assert once.handler.abandoned == [("k", "fault_at_end")]
    assert (once.job("k").end, once.job("k").cause) == ("dead", "fault_at_end")


def test_a_handler_that_cannot_even_abandon_does_not_keep_its_job_from_ending(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    class Hopeless(FakeHandler):
        def abandon(self, session: Session, task: Task, cause: str) -> None:
            raise LookupError(CANARY)

    once = with_attempts(engine, 1, Hopeless([Again("busy")]))
    once.put("k", ("ann", "crm"))
    once.put("next", ("ann", "crm"))

    once.worker.drain()

    assert once.ends() == {"k": "dead", "next": "done"}
    assert CANARY not in caplog.text


def test_nothing_that_is_logged_in_ordinary_work_quotes_a_payload(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine.handler.answers = [Again("busy", after=0), GaveUp("refused")]
    engine.put("k", payload={"email": CANARY})
    engine.worker.drain()

    assert "is tried again: busy" in caplog.text
    assert "given up: refused" in caplog.text
    assert CANARY not in caplog.text


# --- in a thread -------------------------------------------------------------------------------


class Running:
    """A worker in its thread, stopped at the end of a test."""

    def __init__(self, database: Database, vault: Vault, **more: Any) -> None:
        self.engine = Engine(database, vault, utc_now, **more)
        self.engine.outbox.subscribe(self.engine.worker.wake)

    def __enter__(self) -> Engine:
        self.engine.worker.start()
        return self.engine

    def __exit__(self, *_: object) -> None:
        assert self.engine.worker.stop(10)


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def test_a_worker_that_sleeps_wakes_up_for_each_job_at_once(lite: Database, vault: Vault) -> None:
    """Its own look around comes after a minute; only being woken explains the speed."""
    done = threading.Event()

    def finish(task: Task) -> Result:
        done.set()
        return Finished()

    took: list[float] = []
    with Running(lite, vault, poll=60) as engine:
        for number in range(15):
            wait_until(lambda: engine.count_open() == 0)
            done.clear()
            engine.handler.answers = [finish]
            before = time.monotonic()
            engine.put(f"job-{number}")
            assert done.wait(10)
            took.append(time.monotonic() - before)

    assert sorted(took)[len(took) // 2] < 0.1


def test_a_sleeping_worker_wakes_up_when_a_job_becomes_due(lite: Database, vault: Vault) -> None:
    with Running(lite, vault, poll=60) as engine:
        engine.handler.answers = [Again("busy", after=0.2)]
        engine.put("k")

        wait_until(lambda: engine.ends() == {"k": "done"})

    assert len(engine.handler.tasks) == 2


def test_stopping_lets_the_job_in_hand_finish_and_begins_no_other(
    lite: Database, vault: Vault
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def be_slow(task: Task) -> Result:
        begun.set()
        assert go_on.wait(10)
        return Finished()

    engine = Engine(lite, vault, utc_now)
    engine.handler.answers = [be_slow]
    engine.put("in hand")
    engine.put("next")
    engine.worker.start()
    assert begun.wait(10)

    assert not engine.worker.stop(0.01)
    go_on.set()
    assert engine.worker.stop(10)

    assert engine.ends() == {"in hand": "done", "next": None}


def test_a_worker_that_was_stopped_can_start_again(lite: Database, vault: Vault) -> None:
    running = Running(lite, vault)
    with running as engine:
        engine.put("first")
        wait_until(lambda: engine.count_open() == 0)
    with running as engine:
        engine.put("second")
        wait_until(lambda: engine.count_open() == 0)

    assert engine.ends() == {"first": "done", "second": "done"}


def test_a_worker_that_never_started_stops_at_once(engine: Engine) -> None:
    assert engine.worker.stop(0)


@pytest.mark.slow
def test_a_worker_sleeps_while_a_job_waits_for_another(lite: Database, vault: Vault) -> None:
    """A round of chores follows each waking, so they count how often it woke up."""
    rounds: list[None] = []
    engine = Engine(lite, vault, utc_now, chores=[lambda: rounds.append(None)])
    with lite.unit("test") as unit:
        unit.session.add(Subject(id="ann", created_at=NOON))
        unit.commit()
    engine.handler.answers = [Again("busy", after=600)]
    engine.put("first", ("ann", "crm"))
    engine.put("second", ("ann", "crm"))
    engine.worker.start()
    wait_until(lambda: engine.job("first").cause == "busy" and bool(rounds))
    before = len(rounds)
    quiet = threading.Event()
    quiet.wait(0.5)  # long enough for ten rounds of a worker that does not sleep
    assert engine.worker.stop(10)

    assert len(rounds) - before <= 1
    assert engine.ends() == {"first": None, "second": None}


def test_chores_are_done_after_the_work_and_a_faulty_one_does_not_stop_the_others(
    lite: Database, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    def fail() -> None:
        raise LookupError(CANARY)

    with Running(lite, vault, chores=[fail, done.set]):
        assert done.wait(10)

    assert "a chore failed: LookupError in fail" in caplog.text
    assert CANARY not in caplog.text


def test_chores_get_their_turn_while_there_is_no_end_of_jobs(
    lite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.sync.worker.CHORES_EVERY", 0.05)
    done = threading.Event()
    engine = Engine(lite, vault, utc_now, chores=[done.set])

    def bring_another(task: Task) -> Result:
        engine.put(f"{task.key}+" if len(task.key) < 60 else "again")
        engine.handler.answers.append(bring_another)
        return Finished()

    engine.handler.answers = [bring_another]
    engine.put("0")
    engine.worker.start()
    try:
        assert done.wait(10)
        assert engine.count_open() > 0
    finally:
        assert engine.worker.stop(10)


def test_a_worker_outlives_a_database_that_is_away_and_says_so_once(
    lite: Database,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("portal.sync.worker.AFTER_A_FAULT", 0.01)
    with lite.unit("test") as unit:
        unit.session.execute(text("ALTER TABLE jobs RENAME TO jobs_away"))
        unit.commit()
    caplog.set_level(logging.WARNING)
    rounds: list[None] = []
    monkeypatch.setattr(
        "portal.sync.worker.Worker.drain", counted(rounds, Engine(lite, vault, utc_now).worker)
    )
    with Running(lite, vault) as engine:
        wait_until(lambda: len(rounds) >= 3)
        with lite.unit("test") as unit:
            unit.session.execute(text("ALTER TABLE jobs_away RENAME TO jobs"))
            unit.commit()
        wait_until(lambda: "answers again" in caplog.text)
        engine.put("k")
        wait_until(lambda: engine.ends() == {"k": "done"})

    assert caplog.text.count("does not answer: OperationalError") == 1


def counted(rounds: list[None], example: Any) -> Callable[..., int]:
    drain = type(example).drain

    def count(self: Any, *arguments: Any, **named: Mapping[str, Any]) -> int:
        rounds.append(None)
        return int(drain(self, *arguments, **named))

    return count


def test_a_worker_outlives_a_fault_of_the_engine_itself(
    lite: Database,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("portal.sync.worker.AFTER_A_FAULT", 0.01)
    faults = [LookupError(CANARY), KeyError(CANARY)]

    def broken_clock() -> Any:
        if faults:
            raise faults.pop()
        return utc_now()

    engine = Engine(lite, vault, utc_now)
    engine.put("k")
    engine.worker._clock = broken_clock
    engine.worker.start()
    wait_until(lambda: engine.ends() == {"k": "done"})
    assert engine.worker.stop(10)

    assert "the worker met a fault: LookupError in broken_clock" in caplog.text
    assert CANARY not in caplog.text


def test_a_worker_can_run_in_the_calling_thread_until_it_is_stopped(
    lite: Database, vault: Vault
) -> None:
    engine = Engine(lite, vault, utc_now)
    engine.put("k")

    def stop_it(task: Task) -> Result:
        engine.worker.stop()
        return Finished()

    engine.handler.answers = [stop_it]
    engine.worker.run_forever()

    assert engine.ends() == {"k": "done"}
