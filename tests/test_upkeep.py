"""The portal forgets what is over, keeps what somebody still waits for, and looks at its keys."""

import os
from datetime import UTC, datetime

from sqlalchemy import func, select

from portal.store.tables import Job, QuotaHit, Table
from portal.sync.alarms import open_alarms
from portal.upkeep import Upkeep
from tests.portals import Office


def count(office: Office, table: type[Table]) -> int:
    with office.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def upkeep(office: Office) -> Upkeep:
    return Upkeep(
        office.database,
        office.settings.keys_file,
        office.portal.services.rights.feed,
        office.clock,
    )


def test_what_is_over_is_kept_for_a_month_and_then_forgotten(office: Office) -> None:
    office.visitor().sign_in(office)
    office.clock.advance(days=29)

    upkeep(office).forget()
    assert count(office, Job) == 1

    office.clock.advance(days=2)
    upkeep(office).forget()
    assert [count(office, table) for table in (Job, QuotaHit)] == [0, 0]


def test_a_job_that_waits_is_not_forgotten(office: Office) -> None:
    office.visitor().ask("somebody@example.org")
    office.clock.advance(days=99)

    upkeep(office).forget()

    assert count(office, Job) == 1


def test_what_could_not_be_delivered_is_kept_for_half_a_year_and_then_wiped(
    office: Office,
) -> None:
    with office.database.unit("test") as unit:
        job = office.portal.outbox.put(unit, "delivery", {"phone": "06 11111111"})
        job.end, job.ended_at = "dead", office.clock()
        unit.commit()
    office.clock.advance(days=180)
    upkeep(office).forget()
    with office.database.reading() as db:
        assert db.scalars(select(Job.payload_sealed)).one() is not None

    office.clock.advance(days=1)
    upkeep(office).forget()

    assert count(office, Job) == 0


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
