"""Entries are written at once and chained a moment later, each once, whoever does it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest
from sqlalchemy import select

from portal.proof import ledger as module
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import LedgerEntry, LedgerLink
from tests.storing import NOON, FakeClock


@pytest.fixture
def ledger(clock: FakeClock) -> Ledger:
    return Ledger(clock)


def write(database: Database, ledger: Ledger, count: int = 1) -> None:
    with database.unit("test") as unit:
        for number in range(count):
            ledger.note(unit.session, Event.DELIVERED, facts={"number": number})
        unit.commit()


def test_an_entry_belongs_to_the_transaction_of_what_it_tells(
    lite: Database, ledger: Ledger
) -> None:
    with lite.unit("test") as unit:
        ledger.note(unit.session, Event.SIGNED_IN)  # and no commit

    assert ledger.seal(lite) == 0
    assert ledger.verify(lite).chained == 0


def test_what_waits_is_counted_and_then_chained_once(database: Database, ledger: Ledger) -> None:
    write(database, ledger, 3)
    waiting = ledger.verify(database)
    assert (waiting.ok, waiting.chained, waiting.unchained) == (True, 0, 3)

    assert ledger.seal(database) == 3
    assert ledger.seal(database) == 0

    found = ledger.verify(database)
    assert (found.ok, found.chained, found.unchained) == (True, 3, 0)


def test_sealing_goes_on_where_it_ended_and_leaves_old_links_alone(
    lite: Database, ledger: Ledger
) -> None:
    write(lite, ledger, 2)
    ledger.seal(lite)
    before = links(lite)
    write(lite, ledger, 2)
    ledger.seal(lite)

    assert links(lite)[:2] == before
    assert [position for position, _entry, _digest in links(lite)] == [1, 2, 3, 4]
    assert ledger.verify(lite).ok


def test_a_long_queue_is_chained_in_batches_in_the_order_of_writing(
    lite: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    write(lite, ledger, 10)

    assert [ledger.seal(lite) for _ in range(4)] == [4, 4, 2, 0]
    assert [entry for _position, entry, _digest in links(lite)] == list(range(1, 11))
    assert ledger.verify(lite).ok


def test_several_who_seal_at_once_chain_every_entry_once(
    database: Database, ledger: Ledger
) -> None:
    """Two worker processes do so; on PostgreSQL they do not see each other's links."""
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            write(database, ledger, 3)
            sealed = list(threads.map(lambda _: ledger.seal(database), range(4)))
            assert sum(sealed) == 3

    found = ledger.verify(database)
    assert (found.ok, found.chained, found.unchained) == (True, 15, 0)


def test_the_time_of_an_entry_is_one_moment_whatever_zone_it_was_written_in(
    database: Database, ledger: Ledger, clock: FakeClock
) -> None:
    """A database gives times back in a zone of its own, and the digest must not care."""
    clock.now = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    write(database, ledger)
    ledger.seal(database)

    assert ledger.verify(database).ok
    with database.reading() as session:
        assert session.scalars(select(LedgerEntry.at)).one() == NOON


def links(database: Database) -> list[tuple[int, int, bytes]]:
    with database.reading() as session:
        rows = session.scalars(select(LedgerLink).order_by(LedgerLink.position))
        return [(row.position, row.entry_id, row.digest) for row in rows]
