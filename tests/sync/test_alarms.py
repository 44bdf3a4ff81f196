"""Alarms: one open alarm a thing, however often it happens."""

from portal.store.database import Database
from portal.sync.alarms import AlarmKind, clear_alarm, open_alarms, raise_alarm
from tests.storing import FakeClock


def ring(database: Database, key: str, clock: FakeClock) -> None:
    with database.unit("test") as unit:
        raise_alarm(unit.session, AlarmKind.DEAD_LETTER, key, now=clock(), adapter="crm")
        unit.commit()


def ringing(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        return [(alarm.key, alarm.times) for alarm in open_alarms(session)]


def test_the_same_thing_again_is_counted_and_not_a_second_alarm(
    database: Database, clock: FakeClock
) -> None:
    for _ in range(3):
        ring(database, "job:1", clock)
        clock.advance(seconds=1)
    ring(database, "job:2", clock)

    assert ringing(database) == [("job:1", 3), ("job:2", 1)]


def test_a_cleared_alarm_is_gone_and_the_same_thing_later_is_a_new_one(
    database: Database, clock: FakeClock
) -> None:
    ring(database, "job:1", clock)
    with database.unit("test") as unit:
        assert clear_alarm(unit.session, "job:1", clock())
        assert not clear_alarm(unit.session, "job:1", clock())
        unit.commit()
    assert ringing(database) == []

    ring(database, "job:1", clock)

    assert ringing(database) == [("job:1", 1)]


def test_an_alarm_of_a_unit_that_is_not_committed_was_never_raised(
    lite: Database, clock: FakeClock
) -> None:
    with lite.unit("test") as unit:
        raise_alarm(unit.session, AlarmKind.REAPPEARED, "x", now=clock())

    assert ringing(lite) == []
