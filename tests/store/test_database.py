"""The unit of work keeps what was committed and nothing else."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from portal.store.database import Database, DatabaseAway
from portal.store.tables import Subject, SubjectAlias
from tests.servers.databases import FreshDatabase
from tests.storing import NOON


def subjects(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Subject)) or 0


def a_subject(number: int = 0) -> Subject:
    return Subject(id=f"subject-{number}", created_at=NOON)


def test_what_was_committed_lasts(database: Database) -> None:
    with database.unit("test") as unit:
        unit.session.add(a_subject())
        unit.commit()

    assert subjects(database) == 1


def test_leaving_without_commit_undoes_everything(database: Database) -> None:
    with database.unit("test") as unit:
        unit.session.add(a_subject())
        unit.session.flush()

    assert not unit.committed
    assert subjects(database) == 0


def test_an_error_inside_undoes_everything_and_is_passed_on(database: Database) -> None:
    def fail_half_way() -> None:
        with database.unit("test") as unit:
            unit.session.add(a_subject())
            unit.session.flush()
            raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        fail_half_way()
    assert subjects(database) == 0


@pytest.mark.slow
def test_a_unit_within_a_unit_is_its_own(fresh_database: FreshDatabase) -> None:
    """On PostgreSQL, where two units run side by side; SQLite has one writer at a time."""
    database = Database(fresh_database("postgresql"))
    database.migrate()
    with database.unit("test") as outer:
        outer.session.add(a_subject(1))
        outer.session.flush()
        with database.unit("test") as inner:
            inner.session.add(a_subject(2))
            inner.session.flush()
        outer.commit()

    assert subjects(database) == 1
    database.close()


def test_callbacks_run_once_after_the_commit_and_see_what_it_brought(database: Database) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(subjects(database))

    with database.unit("test") as unit:
        unit.session.add(a_subject())
        unit.after_commit(look)
        unit.after_commit(look)
        assert seen == []
        unit.commit()
        unit.commit()

    assert seen == [1]


def test_callbacks_do_not_run_when_nothing_was_committed(lite: Database) -> None:
    seen: list[str] = []
    with lite.unit("test") as unit:
        unit.after_commit(lambda: seen.append("called"))

    assert seen == []


def test_callbacks_do_not_run_when_the_commit_fails(lite: Database) -> None:
    seen: list[str] = []

    def commit_an_alias_of_nobody() -> None:
        with lite.unit("test") as unit:
            unit.session.add(SubjectAlias(key_version=1, digest=b"d", subject_id="nobody"))
            unit.after_commit(lambda: seen.append("called"))
            unit.commit()

    with pytest.raises(IntegrityError):
        commit_an_alias_of_nobody()
    assert seen == []


def test_nothing_written_while_reading_lasts(database: Database) -> None:
    with database.reading() as session:
        session.add(a_subject())
        session.flush()

    assert subjects(database) == 0


def test_an_error_names_no_value_that_was_being_stored(lite: Database) -> None:
    canary = "canary-8261"

    def store_twice() -> None:
        with lite.unit("test") as unit:
            statement = text("INSERT INTO subjects (id, created_at) VALUES (:id, :at)")
            for _ in range(2):
                unit.session.execute(statement, {"id": canary, "at": "2026-03-02"})

    with pytest.raises(IntegrityError) as caught:
        store_twice()
    assert canary not in str(caught.value)


def test_d2_sqlite_writes_ahead_syncs_each_commit_and_overwrites_what_is_deleted(
    lite: Database,
) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with lite.reading() as session:
        found = {name: session.scalar(text(f"PRAGMA {name}")) for name in expected}

    assert found == expected


def test_d2_two_writers_on_sqlite_take_turns_instead_of_failing(lite: Database) -> None:
    """Each reads first and writes then: begun as readers, the second would be refused."""
    both_ready = threading.Barrier(2)
    faults: list[BaseException] = []

    def read_then_write(number: int) -> None:
        try:
            both_ready.wait(10)
            with lite.unit("test") as unit:
                unit.session.scalar(select(func.count()).select_from(Subject))
                unit.session.add(a_subject(number))
                unit.commit()
        except BaseException as fault:  # noqa: BLE001  it is told by the assertion below
            faults.append(fault)

    in_threads([lambda: read_then_write(1), lambda: read_then_write(2)])

    assert faults == []
    assert subjects(lite) == 2


def test_a_reader_on_sqlite_does_not_wait_for_a_writer(lite: Database) -> None:
    with lite.unit("test") as unit:
        unit.session.add(a_subject())
        unit.session.flush()

        assert subjects(lite) == 0


def test_a_database_that_answers_is_there(database: Database) -> None:
    database.ping()


@pytest.mark.parametrize("question", [Database.ping, Database.is_current])
def test_a_database_that_does_not_answer_is_away_and_its_address_is_not_told(
    question: Callable[[Database], object], tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no-such-folder-4471' / 'portal.sqlite'}")

    with pytest.raises(DatabaseAway) as caught:
        question(database)
    assert "no-such-folder-4471" not in str(caught.value)
    assert caught.value.__cause__ is None


def in_threads(duties: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=duty) for duty in duties]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
