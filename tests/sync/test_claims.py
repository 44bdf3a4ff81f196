"""Which job runs next, and who may write down how it ended."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update

from portal.domain.rights import Lane
from portal.store.database import Database
from portal.store.tables import Job
from portal.store.vault import Vault
from portal.sync import claims
from portal.sync.gates import Gates
from portal.sync.jobs import Again, Finished, GaveUp, Result, Task
from portal.sync.worker import Worker
from tests.storing import FakeClock, add_subject
from tests.sync.engine import Engine, FakeHandler

ANN = ("ann", "crm")
BOB = ("bob", "crm")
LATER = Again("busy", after=3600)


def claimed(engine: Engine) -> str | None:
    """Claim the next job and leave it in flight; its key."""
    with engine.database.unit("test") as unit:
        job = claims.claim(unit.session, engine.clock(), Gates())
        key = job.key if job else None
        unit.commit()
    return key


def next_due(engine: Engine) -> float | None:
    """Seconds until a worker has something to do; None for never."""
    with engine.database.reading() as session:
        due = claims.next_due(session, engine.clock())
    return None if due is None else (due - engine.clock()).total_seconds()


# --- order -------------------------------------------------------------------------------------


def test_jobs_that_are_nobodys_run_in_the_order_they_came(engine: Engine) -> None:
    for key in ("first", "second", "third"):
        engine.put(key)

    assert [claimed(engine) for _ in range(4)] == ["first", "second", "third", None]


def test_lanes_go_before_each_other_between_subjects(engine: Engine) -> None:
    engine.put("correct", ANN, Lane.ORDINARY)
    engine.put("mail", lane=Lane.MAIL)
    engine.put("withdraw", BOB, Lane.PROTECT)

    assert [claimed(engine) for _ in range(3)] == ["withdraw", "mail", "correct"]


def test_d5_of_one_subject_and_adapter_one_job_is_in_flight(engine: Engine) -> None:
    engine.put("first", ANN)
    engine.put("second", ANN)

    assert [claimed(engine), claimed(engine)] == ["first", None]


def test_d5_other_subjects_and_other_adapters_do_not_wait(engine: Engine) -> None:
    engine.put("first", ANN)
    engine.put("second", ANN)
    engine.put("other adapter", ("ann", "mailing"))
    engine.put("other subject", BOB)

    assert [claimed(engine) for _ in range(4)] == ["first", "other adapter", "other subject", None]


def test_d5_a_job_waits_for_an_earlier_one_that_is_to_be_tried_again(
    engine: Engine, clock: FakeClock
) -> None:
    engine.handler.answers = [LATER]
    engine.put("first", ANN)
    engine.put("second", ANN)

    engine.worker.drain()
    assert engine.handler.keys == ["first"]
    clock.advance(hours=1)
    engine.worker.drain()
    assert engine.handler.keys == ["first", "first", "second"]


def test_d6_a_withdrawal_does_not_wait_for_a_poisoned_correction(engine: Engine) -> None:
    engine.handler.answers = [LATER]
    engine.put("poisoned", ANN)
    engine.worker.drain()
    engine.put("withdraw", ANN, Lane.PROTECT)

    engine.worker.drain()

    assert engine.handler.keys == ["poisoned", "withdraw"]
    assert engine.ends() == {"poisoned": None, "withdraw": "done"}


def test_d6_a_withdrawal_waits_for_the_correction_that_is_in_flight(engine: Engine) -> None:
    engine.put("correct", ANN)
    assert claimed(engine) == "correct"
    engine.put("withdraw", ANN, Lane.PROTECT)

    assert claimed(engine) is None


def test_a_withdrawal_waits_for_an_earlier_withdrawal(engine: Engine) -> None:
    engine.handler.answers = [LATER]
    engine.put("withdraw", ANN, Lane.PROTECT)
    engine.put("erase", ANN, Lane.PROTECT)

    engine.worker.drain()

    assert engine.handler.keys == ["withdraw"]


@pytest.mark.parametrize("lane", [Lane.MAIL, Lane.ORDINARY])
def test_nothing_overtakes_an_earlier_withdrawal(engine: Engine, lane: Lane) -> None:
    engine.handler.answers = [LATER]
    engine.put("withdraw", ANN, Lane.PROTECT)
    engine.put("correct", ANN, lane)

    engine.worker.drain()

    assert engine.handler.keys == ["withdraw"]


def test_a_dead_job_holds_up_nobody(engine: Engine) -> None:
    engine.handler.answers = [GaveUp("refused")]
    engine.put("first", ANN)
    engine.put("second", ANN)

    engine.worker.drain()

    assert engine.ends() == {"first": "dead", "second": "done"}


def test_jobs_of_a_subject_without_an_adapter_do_not_wait_for_each_other(engine: Engine) -> None:
    for key in ("first", "second"):
        with engine.database.unit("test") as unit:
            engine.outbox.put(unit, "test", {}, key=key, subject_id="ann")
            unit.commit()

    assert [claimed(engine), claimed(engine), claimed(engine)] == ["first", "second", None]


# --- leases ------------------------------------------------------------------------------------


def test_a_job_in_flight_is_nobody_elses_until_its_lease_ends(
    engine: Engine, clock: FakeClock
) -> None:
    engine.put("k", ANN)

    assert claimed(engine) == "k"
    clock.now += claims.LEASE - timedelta(seconds=1)
    assert claimed(engine) is None
    clock.advance(seconds=1)
    assert claimed(engine) == "k"


def test_taking_over_counts_as_an_attempt(engine: Engine, clock: FakeClock) -> None:
    engine.put("k")
    claimed(engine)
    clock.now += claims.LEASE

    engine.worker.run_once()

    assert engine.handler.tasks[0].attempt == 2


@pytest.mark.parametrize(
    "late",
    [Finished, partial(Again, "busy"), partial(GaveUp, "refused")],
    ids=["done", "again", "dead"],
)
def test_d12_a_worker_whose_lease_ended_cannot_write_anything_down(
    late: Callable[..., Result],
    database: Database,
    vault: Vault,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorded: list[str] = []
    slow, quick = Engine(database, vault, clock), Engine(database, vault, clock)

    def be_overtaken(task: Task) -> Result:
        clock.now += claims.LEASE
        quick.worker.run_once()
        return late(record=lambda _: recorded.append("slow"))

    quick.handler.answers = [Finished(lambda _: recorded.append("quick"))]
    slow.handler.answers = [be_overtaken]
    slow.put("k")
    slow.worker.run_once()

    assert recorded == ["quick"]
    assert (slow.job("k").end, slow.job("k").attempts) == ("done", 2)
    assert "lease had ended" in caplog.text


def test_d12_a_worker_cannot_end_a_job_that_another_holds_now(
    engine: Engine, clock: FakeClock
) -> None:
    """The other has not finished yet, so only the random token of the lease tells them apart."""
    engine.put("k")

    def be_taken_over(task: Task) -> Finished:
        clock.now += claims.LEASE
        assert claimed(engine) == "k"
        return Finished()

    engine.handler.answers = [be_taken_over]
    engine.worker.run_once()

    job = engine.job("k")
    assert job.end is None
    assert job.lease is not None
    assert job.payload_sealed is not None


def test_a_worker_that_is_late_but_was_not_replaced_may_still_end_its_job(
    engine: Engine, clock: FakeClock
) -> None:
    def be_slow(task: Task) -> Finished:
        clock.now += claims.LEASE * 2
        return Finished()

    engine.put("k")
    engine.handler.answers = [be_slow]
    engine.worker.run_once()

    assert engine.ends() == {"k": "done"}


def test_a_job_that_was_ended_from_outside_stays_ended(engine: Engine) -> None:
    def be_superseded(task: Task) -> Finished:
        with engine.database.unit("test") as unit:
            unit.session.execute(update(Job).values(end="superseded", ended_at=engine.clock()))
            unit.commit()
        return Finished()

    engine.put("k")
    engine.handler.answers = [be_superseded]
    engine.worker.run_once()

    assert engine.ends() == {"k": "superseded"}


def test_a_job_that_kills_its_worker_each_time_is_given_up(
    engine: Engine, clock: FakeClock
) -> None:
    """Whoever takes over beyond the last attempt must not try: it would die of it too."""
    worker = Worker(
        engine.database,
        engine.outbox._vault,
        {"test": engine.handler},
        clock=clock,
        max_attempts=3,
    )
    engine.put("deadly", ANN)
    engine.put("next", ANN)
    for _ in range(3):
        assert claimed(engine) == "deadly"
        clock.now += claims.LEASE

    worker.drain()

    assert engine.handler.keys == ["next"]
    assert engine.handler.abandoned == [("deadly", "worker_lost")]
    assert (engine.job("deadly").end, engine.job("deadly").cause) == ("dead", "worker_lost")


def test_on_every_kind_of_database_a_lease_is_kept(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    add_subject(database, "ann")
    engine = Engine(database, vault, clock)
    engine.put("first", ANN)
    engine.put("second", ANN)
    engine.put("withdraw", ANN, Lane.PROTECT)

    assert [claimed(engine), claimed(engine)] == ["withdraw", None]
    clock.now += claims.LEASE
    assert isinstance(engine.handler, FakeHandler)
    engine.worker.drain()
    assert engine.handler.keys == ["withdraw", "first", "second"]


# --- when to look again ------------------------------------------------------------------------


def test_without_jobs_there_is_nothing_to_wake_up_for(engine: Engine) -> None:
    engine.put("k")
    engine.worker.drain()

    assert next_due(engine) is None


def test_a_worker_wakes_up_when_the_next_job_is_due(engine: Engine, clock: FakeClock) -> None:
    engine.handler.answers = [LATER]
    engine.put("k")
    engine.worker.drain()

    assert next_due(engine) == 3600


def test_a_worker_wakes_up_when_the_lease_of_a_lost_one_ends(engine: Engine) -> None:
    engine.put("k")
    claimed(engine)

    assert next_due(engine) == claims.LEASE.total_seconds()


def test_a_job_that_waits_for_another_wakes_up_nobody(engine: Engine) -> None:
    """It is due, but to look for it again and again would only keep a processor busy."""
    engine.handler.answers = [LATER]
    engine.put("first", ANN)
    engine.put("second", ANN)
    engine.worker.drain()

    assert next_due(engine) == 3600
