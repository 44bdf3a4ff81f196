"""The portal forgets what is over, keeps what somebody still waits for, and looks at its keys."""

import os
from datetime import UTC, datetime

from sqlalchemy import func, select

from portal.store.tables import Job, Proof, QuotaHit, Session, Table
from portal.sync.alarms import open_alarms
from portal.upkeep import Upkeep
from tests.portals import Office


def count(office: Office, table: type[Table]) -> int:
    with office.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def upkeep(office: Office) -> Upkeep:
    return Upkeep(office.database, office.settings.keys_file, office.clock)


def test_what_is_over_is_kept_for_a_month_and_then_forgotten(office: Office) -> None:
    office.visitor().sign_in(office)
    office.clock.advance(days=1)
    office.portal.worker._do_chores()

    upkeep(office).forget()
    assert [count(office, table) for table in (Proof, Session, Job)] == [1, 1, 1]

    office.clock.advance(days=31)
    upkeep(office).forget()
    assert [count(office, table) for table in (Proof, Session, Job, QuotaHit)] == [0, 0, 0, 0]


def test_a_session_that_runs_and_a_job_that_waits_are_not_forgotten(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    office.clock.advance(minutes=1)
    visitor.ask("somebody@example.org")

    upkeep(office).forget()

    assert visitor.get("/me").status == 200
    assert count(office, Job) == 2


def test_keys_older_than_a_year_are_told_of_until_they_are_new(office: Office) -> None:
    keys = office.settings.keys_file
    made = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    os.utime(keys, (made, made))

    upkeep(office).look_at_keys()
    with office.database.reading() as db:
        assert [alarm.kind for alarm in open_alarms(db)] == ["key_rotation"]

    now = office.clock().timestamp()
    os.utime(keys, (now, now))
    upkeep(office).look_at_keys()
    with office.database.reading() as db:
        assert open_alarms(db) == []
