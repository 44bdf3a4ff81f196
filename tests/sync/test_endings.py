"""Later, renewed leases, replayed dead letters, and jobs that are one with another."""

import threading
import time

import pytest

from portal.domain.clock import utc_now
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync import claims
from portal.sync.alarms import open_alarms
from portal.sync.gates import Gates
from portal.sync.jobs import Again, Finished, GaveUp, Later, Result, Task
from portal.sync.renewal import Renewal
from portal.sync.replay import dead_jobs, replay
from tests.storing import FakeClock, add_subject
from tests.sync.engine import Engine


def test_a_job_that_is_not_over_sleeps_until_its_moment_and_begins_anew(
    engine: Engine, clock: FakeClock
) -> None:
    def once_more(task: Task) -> Result:
        if task.payload["round"] == 3:
            return Finished()
        at = clock.now.replace(day=clock.now.day + 1)
        return Later(at, payload={"round": task.payload["round"] + 1})

    engine.handler.answers = [Again("busy", after=0), once_more, once_more, once_more]
    engine.put("job", payload={"round": 1})

    for _ in range(3):
        engine.worker.drain()
        clock.advance(days=1)

    assert [task.attempt for task in engine.handler.tasks] == [1, 2, 1, 1]
    assert engine.ends() == {"job": "done"}
    assert engine.job("job").payload_sealed is None


def test_a_finished_job_may_keep_its_payload_sealed_for_a_choice(engine: Engine) -> None:
    engine.handler.answers = [Finished(how="conflict", keep=True)]
    engine.put("job", payload={"phone": "06"})

    engine.worker.drain()

    assert engine.ends() == {"job": "conflict"}
    assert engine.job("job").payload_sealed is not None


# --- dead letters ---------------------------------------------------------------------------------


def test_d9_a_dead_letter_rings_once_and_is_replayed_under_the_same_key(
    engine: Engine, lite: Database, clock: FakeClock
) -> None:
    engine.handler.answers = [GaveUp("refused")]
    engine.put("the key", ("ann", "crm"), payload={"n": 1})
    engine.worker.drain()
    with lite.reading() as session:
        (dead,) = dead_jobs(session)
        (alarm,) = open_alarms(session)
    assert (alarm.kind, alarm.facts) == ("dead_letter", {"kind": "test", "cause": "refused"})

    with lite.unit("test") as unit:
        assert replay(unit, dead.id, engine.outbox, {"test": engine.handler}, clock())
        unit.commit()
    engine.worker.drain()

    assert engine.handler.keys == ["the key", "the key"]
    assert engine.handler.revived == ["the key"]
    assert engine.ends() == {"the key": "done"}
    with lite.reading() as session:
        assert dead_jobs(session) == []
        assert open_alarms(session) == []


def test_what_is_no_dead_letter_is_not_replayed(
    engine: Engine, lite: Database, clock: FakeClock
) -> None:
    engine.put("done")
    engine.handler.answers = [Finished(), GaveUp("fault", replayable=False)]
    engine.worker.drain()
    engine.put("wiped")
    engine.worker.drain()
    engine.put("open")
    handlers = {"test": engine.handler}

    with lite.unit("test") as unit:
        for key in ("done", "wiped", "open"):
            job_id = engine.job(key).id
            assert not replay(unit, job_id, engine.outbox, handlers, clock())
        assert not replay(unit, 999, engine.outbox, handlers, clock())


# --- leases ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_d12_a_call_that_outlasts_its_lease_keeps_the_job(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    """Its lease is renewed while it is in hand, so no other worker takes the job over."""
    slow = Engine(database, vault, clock, renew_every=0.02)
    quick = Engine(database, vault, clock)
    taken: list[bool] = []

    def outlast(_task: Task) -> Result:
        for _ in range(4):
            clock.advance(seconds=claims.LEASE.total_seconds() * 0.6)
            time.sleep(0.15)  # a renewal comes after two looks
            taken.append(quick.worker.run_once())
        return Finished()

    slow.handler.answers = [outlast]
    slow.put("job")
    with slow.worker._renewal.watching():
        slow.worker.drain()

    assert taken == [False] * 4
    assert slow.ends() == {"job": "done"}


def test_d12_without_renewal_another_worker_takes_the_job_over_and_the_late_result_is_dropped(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    late = Engine(database, vault, clock)
    other = Engine(database, vault, clock)

    def outlast(_task: Task) -> Result:
        clock.advance(seconds=claims.LEASE.total_seconds() + 1)
        assert other.worker.run_once()
        return GaveUp("too late to say so")

    late.handler.answers = [outlast]
    late.put("job")
    late.worker.drain()

    assert late.ends() == {"job": "done"}


def test_a_call_that_hangs_for_ever_loses_its_lease_in_the_end() -> None:
    renewed: list[int] = []
    done = threading.Event()

    def renew(job_id: int, _lease: str) -> bool:
        renewed.append(job_id)
        return True

    renewal = Renewal(renew, every=0.005, most=3)

    with renewal.watching(), renewal.of(7, "lease"):
        done.wait(0.2)

    assert renewed == [7, 7, 7]


# --- many to one ----------------------------------------------------------------------------------


def like(engine: Engine, text: str) -> str | None:
    with engine.database.unit("test") as unit:
        found = engine.outbox.waiting_like(unit, text, "ann", "crm")
        return found.key if found else None


def put_like(engine: Engine, key: str, text: str) -> None:
    with engine.database.unit("test") as unit:
        engine.outbox.put(unit, "test", {}, key=key, subject_id="ann", adapter="crm", like=text)
        unit.commit()


def test_the_same_again_is_found_while_it_is_the_last_that_waits(engine: Engine) -> None:
    put_like(engine, "one", "stop the newsletter")

    assert like(engine, "stop the newsletter") == "one"
    assert like(engine, "give the newsletter") is None


def test_nothing_is_one_with_a_job_that_another_one_stands_behind(engine: Engine) -> None:
    """Stop, give, stop: the last must be done after the second."""
    put_like(engine, "one", "stop")
    put_like(engine, "two", "give")

    assert like(engine, "stop") is None


@pytest.mark.slow
def test_nothing_is_one_with_a_job_that_is_in_hand_or_over(engine: Engine) -> None:
    put_like(engine, "one", "stop")
    with engine.database.unit("test") as unit:
        assert claims.claim(unit.session, engine.clock(), Gates()) is not None
        unit.commit()
    assert like(engine, "stop") is None

    engine.clock.advance(hours=1)  # type: ignore[attr-defined]  # the clock of tests
    engine.worker.drain()
    assert like(engine, "stop") is None


def test_what_a_job_does_is_kept_as_a_keyed_digest_only(engine: Engine) -> None:
    put_like(engine, "one", "stop ann@example.org")

    assert b"ann" not in (engine.job("one").likeness or b"")
    assert utc_now() > engine.job("one").created_at


def test_the_same_of_another_person_or_system_is_another_job(
    engine: Engine, lite: Database
) -> None:
    put_like(engine, "one", "stop")
    add_subject(lite, "zoe")

    with lite.unit("test") as unit:
        assert engine.outbox.waiting_like(unit, "stop", "zoe", "crm") is None
        assert engine.outbox.waiting_like(unit, "stop", "ann", "mailing") is None
