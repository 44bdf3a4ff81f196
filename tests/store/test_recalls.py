"""What has to outlive its use is kept for one purpose, sealed, until a stated moment."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.store.database import Database
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import Recall
from portal.store.vault import CannotUnseal, Vault
from tests.storing import NOON, FakeClock, add_subject

ADDRESS = "wilma@example.org"


@pytest.fixture
def recalls(vault: Vault, clock: FakeClock) -> Recalls:
    return Recalls(vault, clock)


def keep(database: Database, recalls: Recalls, purpose: Purpose = Purpose.FEED) -> int:
    with database.unit("test") as unit:
        id = recalls.keep(unit.session, purpose, "s", {"to": ADDRESS}, NOON + timedelta(days=1))
        unit.commit()
    return id


def test_what_is_kept_is_found_by_its_purpose_until_its_time_is_over(
    database: Database, recalls: Recalls, clock: FakeClock
) -> None:
    add_subject(database)
    id = keep(database, recalls)

    with database.reading() as db:
        found = recalls.get(db, Purpose.FEED, id)
        assert found is not None
        assert found.told == {"to": ADDRESS}
        assert [one.id for one in recalls.of(db, Purpose.FEED, "s")] == [id]
        assert recalls.get(db, Purpose.PAUSE, id) is None
        assert list(recalls.of(db, Purpose.PAUSE, "s")) == []

    clock.advance(days=1)
    with database.reading() as db:
        assert recalls.get(db, Purpose.FEED, id) is None
        assert list(recalls.of(db, Purpose.FEED, "s")) == []


def test_its_time_can_be_changed_and_it_can_be_dropped(
    database: Database, recalls: Recalls, clock: FakeClock
) -> None:
    add_subject(database)
    id = keep(database, recalls)
    with database.unit("test") as unit:
        recalls.keep_until(unit.session, id, NOON + timedelta(days=3))
        unit.commit()
    clock.advance(days=2)
    with database.unit("test") as unit:
        assert recalls.get(unit.session, Purpose.FEED, id) is not None
        recalls.drop(unit.session, id)
        assert recalls.get(unit.session, Purpose.FEED, id) is None
        unit.commit()


def test_a_row_says_nothing_to_whoever_has_no_keys_and_serves_no_other_purpose(
    database: Database, recalls: Recalls
) -> None:
    add_subject(database)
    keep(database, recalls)

    with database.unit("test") as unit:
        row = unit.session.scalars(select(Recall)).one()
        assert ADDRESS.encode() not in row.sealed
        row.purpose = Purpose.PAUSE
        unit.commit()
    with database.reading() as db, pytest.raises(CannotUnseal):
        list(recalls.of(db, Purpose.PAUSE, "s"))


def test_what_is_over_is_deleted_and_the_rest_stays(
    database: Database, recalls: Recalls, clock: FakeClock
) -> None:
    add_subject(database)
    keep(database, recalls)
    clock.advance(hours=12)
    keep(database, recalls)
    with database.unit("test") as unit:
        recalls.keep(unit.session, Purpose.FEED, "s", {}, clock() + timedelta(days=9))
        unit.commit()
    clock.advance(hours=13)

    with database.unit("test") as unit:
        Recalls.forget(unit.session, clock())
        unit.commit()

    with database.reading() as db:
        assert len(db.scalars(select(Recall)).all()) == 1
