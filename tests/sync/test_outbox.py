"""A job exists exactly when the unit of work that promised it was committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal.domain.rights import Lane
from portal.store.database import Database
from portal.store.tables import Job, Subject
from portal.store.vault import Vault
from portal.sync.jobs import Again, GaveUp
from tests.storing import NOON, FakeClock
from tests.sync.engine import Engine

CANARY = "canary-7301@example.org"


def test_d1_a_job_and_what_it_is_for_are_committed_together_or_not_at_all(engine: Engine) -> None:
    for key, keep in (("kept", True), ("undone", False)):
        with engine.database.unit("test") as unit:
            unit.session.add(Subject(id=key, created_at=NOON))
            engine.outbox.put(unit, "test", {}, key=key)
            if keep:
                unit.commit()

    assert list(engine.ends()) == ["kept"]


def test_workers_are_told_after_the_commit_once_and_never_without_one(engine: Engine) -> None:
    told: list[int] = []
    engine.outbox.subscribe(lambda: told.append(engine.count_open()))

    with engine.database.unit("test") as unit:
        engine.outbox.put(unit, "test", {})
    assert told == []
    with engine.database.unit("test") as unit:
        engine.outbox.put(unit, "test", {})
        engine.outbox.put(unit, "test", {})
        assert told == []
        unit.commit()

    assert told == [2]


def test_d3_the_key_is_made_with_the_job_and_stays_through_every_attempt(engine: Engine) -> None:
    engine.handler.answers = [Again("busy", after=0), Again("busy", after=0)]
    with engine.database.unit("test") as unit:
        job = engine.outbox.put(unit, "test", {})
        key = job.key
        unit.commit()

    engine.worker.drain()

    assert engine.handler.keys == [key] * 3
    assert len(key) == 32


def test_d3_two_jobs_with_one_key_are_refused(engine: Engine) -> None:
    engine.put("same")

    with pytest.raises(IntegrityError):
        engine.put("same")


def test_keys_do_not_repeat(engine: Engine) -> None:
    with engine.database.unit("test") as unit:
        keys = {engine.outbox.put(unit, "test", {}).key for _ in range(100)}

    assert len(keys) == 100


def test_a_job_waits_for_its_moment(engine: Engine, clock: FakeClock) -> None:
    with engine.database.unit("test") as unit:
        engine.outbox.put(unit, "test", {}, due_at=clock.now.replace(hour=13))
        unit.commit()

    assert not engine.worker.run_once()
    clock.advance(hours=1)
    assert engine.worker.run_once()


def test_what_was_put_reaches_the_handler_as_it_was(engine: Engine) -> None:
    payload = {"email": CANARY, "old": None, "list": [1, {"naïve": True}]}
    engine.put("k", ("ann", "crm"), Lane.PROTECT, payload)

    engine.worker.run_once()

    (task,) = engine.handler.tasks
    assert task.payload == payload
    assert (task.subject_id, task.adapter, task.kind, task.attempt) == ("ann", "crm", "test", 1)
    assert task.created_at == NOON


def test_a_task_shows_nothing_of_its_payload(engine: Engine) -> None:
    engine.put("k", payload={"email": CANARY})
    engine.worker.run_once()

    assert repr(engine.handler.tasks[0]) == "Task(1, test, attempt 1)"


# --- what the files hold -----------------------------------------------------------------------


def files(database: Database) -> Iterator[bytes]:
    """Every byte of the database's files, before and after the log is folded in."""
    path = Path(database.engine.url.database or "")
    for _ in range(2):
        yield b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
        with database.engine.connect() as connection:
            connection.rollback()
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def sealed_payload(engine: Engine, key: str) -> bytes:
    return engine.job(key).payload_sealed or b""


def test_d14_a_payload_is_never_readable_in_the_files(engine: Engine) -> None:
    engine.put("k", payload={"email": CANARY})

    assert not [content for content in files(engine.database) if CANARY.encode() in content]


def test_d14_a_payload_is_gone_from_the_files_once_the_job_is_done(engine: Engine) -> None:
    engine.put("k", payload={"email": CANARY, "filler": "x" * 5000})
    sealed = sealed_payload(engine, "k")
    before, folded = files(engine.database)
    assert sealed[:60] in before
    assert sealed[:60] in folded

    engine.worker.run_once()

    assert engine.job("k").payload_sealed is None
    assert engine.job("k").end == "done"
    *_, folded = files(engine.database)
    assert sealed[:60] not in folded
    assert sealed[-60:] not in folded


def test_a_dead_job_keeps_its_payload_sealed_and_its_key_for_a_replay(
    engine: Engine, vault: Vault
) -> None:
    engine.handler.answers = [GaveUp("refused")]
    engine.put("k", payload={"email": CANARY})
    engine.worker.run_once()

    job = engine.job("k")

    assert (job.end, job.cause, job.key) == ("dead", "refused", "k")
    assert vault.unseal(job.payload_sealed or b"", "job") == {"email": CANARY}


def test_a_dead_job_that_nobody_can_replay_keeps_nothing(engine: Engine) -> None:
    engine.handler.answers = [GaveUp("too_late", replayable=False)]
    engine.put("k", payload={"email": CANARY})
    engine.worker.run_once()

    job = engine.job("k")
    assert (job.end, job.cause, job.payload_sealed) == ("dead", "too_late", None)


def test_a_payload_is_sealed_as_a_job_and_opens_as_nothing_else(
    engine: Engine, vault: Vault
) -> None:
    engine.put("k", payload={"email": CANARY})
    with engine.database.reading() as session:
        sealed = session.scalars(select(Job.payload_sealed)).one()
        columns = session.execute(text("SELECT * FROM jobs")).one()

    assert vault.unseal(sealed or b"", "job") == {"email": CANARY}
    assert CANARY not in str(columns)
