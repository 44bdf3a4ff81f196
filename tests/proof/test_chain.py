"""Whoever changes, removes, moves or inserts a line of the ledger is found out."""

import sqlite3
from contextlib import closing

import pytest

from portal.proof import ledger as module
from portal.proof.ledger import GENESIS, Event, Ledger, Verification
from portal.store.database import Database
from portal.store.tables import LedgerEntry, LedgerLink
from tests.storing import FakeClock

LENGTH = 7


@pytest.fixture
def ledger(clock: FakeClock) -> Ledger:
    return Ledger(clock)


@pytest.fixture
def chained(lite: Database, ledger: Ledger, clock: FakeClock) -> Database:
    """Seven chained entries, each with something in every column."""
    fill(lite, ledger, clock, LENGTH)
    assert ledger.seal(lite) == LENGTH
    return lite


def fill(database: Database, ledger: Ledger, clock: FakeClock, count: int) -> None:
    with database.unit("test") as unit:
        for number in range(1, count + 1):
            clock.advance(seconds=1)
            ledger.note(
                unit.session,
                Event.REQUEST_RECEIVED,
                subject_id=f"subject-{number}",
                request_id=f"request-{number}",
                facts={"right": "erase", "adapters": ["crm"], "number": number},
                details=f"details {number}",
            )
            unit.session.flush()  # so that their ids are in this order
        unit.commit()


def tampered(database: Database, ledger: Ledger, *statements: str) -> Verification:
    """What `verify` finds after somebody with the database file in his hands did this to it."""
    database.engine.dispose()
    with closing(sqlite3.connect(database.engine.url.database or "")) as raw, raw:
        for statement in statements:
            assert raw.execute(statement).rowcount > 0, statement
    return ledger.verify(database)


def test_a_ledger_that_nobody_touched_verifies_to_the_head_of_its_last_link(
    chained: Database, ledger: Ledger
) -> None:
    found = ledger.verify(chained)

    assert (found.ok, found.chained, found.unchained) == (True, LENGTH, 0)
    assert found.bad_position is None
    with closing(sqlite3.connect(chained.engine.url.database or "")) as raw:
        ((last,),) = raw.execute("SELECT digest FROM ledger_links ORDER BY position DESC LIMIT 1")
    assert found.head == last.hex()


def test_a_ledger_of_nothing_verifies_to_the_same_head_everywhere(
    lite: Database, ledger: Ledger
) -> None:
    found = ledger.verify(lite)

    assert (found.ok, found.chained, found.head) == (True, 0, GENESIS.hex())


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-03-02 12:00:03.000001'",
        "event = 'signed_in'",
        "subject_id = 'subject-2'",
        "subject_id = NULL",
        "request_id = 'request-2'",
        'facts = \'{"right": "access", "adapters": ["crm"], "number": 3}\'',
        "facts = '{}'",
        "commitment = x'00'",
        "commitment = NULL",
    ],
)
def test_c13_a_changed_entry_is_found_whichever_column_it_is(
    chained: Database, ledger: Ledger, change: str
) -> None:
    found = tampered(chained, ledger, f"UPDATE ledger SET {change} WHERE id = 3")

    assert (found.ok, found.bad_position, found.chained) == (False, 3, 2)
    assert found.reason == "an entry or a link was changed"


def test_c13_one_flipped_bit_of_a_digest_is_found(chained: Database, ledger: Ledger) -> None:
    with closing(sqlite3.connect(chained.engine.url.database or "")) as raw:
        ((digest,),) = raw.execute("SELECT digest FROM ledger_links WHERE position = 4")
    flipped = bytes([digest[0] ^ 1]) + digest[1:]

    found = tampered(
        chained,
        ledger,
        f"UPDATE ledger_links SET digest = x'{flipped.hex()}' WHERE position = 4",
    )

    assert (found.ok, found.bad_position) == (False, 4)


@pytest.mark.parametrize("gone", [1, 4, 6])
def test_a_removed_entry_is_found_with_its_link_and_without(
    chained: Database, ledger: Ledger, gone: int
) -> None:
    found = tampered(chained, ledger, f"DELETE FROM ledger WHERE id = {gone}")
    assert (found.ok, found.bad_position, found.reason) == (False, gone, "an entry is missing")

    found = tampered(chained, ledger, f"DELETE FROM ledger_links WHERE entry_id = {gone}")
    assert (found.ok, found.bad_position, found.reason) == (False, gone, "a link is missing")


def test_closing_the_gap_that_a_removed_entry_left_is_found(
    chained: Database, ledger: Ledger
) -> None:
    found = tampered(
        chained,
        ledger,
        "DELETE FROM ledger_links WHERE position = 4",
        "DELETE FROM ledger WHERE id = 4",
        "UPDATE ledger_links SET position = position - 1 WHERE position > 4",
    )

    assert (found.ok, found.bad_position) == (False, 4)


def test_c13_who_changes_an_entry_and_computes_its_link_anew_breaks_the_next_one(
    chained: Database, ledger: Ledger
) -> None:
    """How a link is made is no secret; to hide a change is to make every later link anew."""
    with chained.unit("test") as unit:
        entry = unit.session.get_one(LedgerEntry, 3)
        before = unit.session.get_one(LedgerLink, 2).digest
        entry.event = "signed_out"
        unit.session.get_one(LedgerLink, 3).digest = module._link(3, before, entry)
        unit.commit()

    found = ledger.verify(chained)
    assert (found.ok, found.bad_position) == (False, 4)


def test_an_entry_that_was_given_another_number_is_found(chained: Database, ledger: Ledger) -> None:
    found = tampered(
        chained,
        ledger,
        "UPDATE ledger SET id = 99 WHERE id = 3",
        "UPDATE ledger_links SET entry_id = 99 WHERE entry_id = 3",
    )

    assert (found.ok, found.bad_position) == (False, 3)


def test_two_entries_that_changed_places_are_found(chained: Database, ledger: Ledger) -> None:
    found = tampered(
        chained,
        ledger,
        "UPDATE ledger_links SET entry_id = 99 WHERE position = 3",
        "UPDATE ledger_links SET entry_id = 3 WHERE position = 5",
        "UPDATE ledger_links SET entry_id = 5 WHERE position = 3",
    )

    assert (found.ok, found.bad_position) == (False, 3)


def test_an_entry_put_in_between_is_found(chained: Database, ledger: Ledger) -> None:
    found = tampered(
        chained,
        ledger,
        "UPDATE ledger_links SET position = -position WHERE position > 3",
        "UPDATE ledger_links SET position = 1 - position WHERE position < 0",
        "INSERT INTO ledger (id, at, event, facts) VALUES (99, '2026-03-02 12:00', 'x', '{}')",
        "INSERT INTO ledger_links (position, entry_id, digest) VALUES (4, 99, x'00')",
    )

    assert (found.ok, found.bad_position) == (False, 4)


def test_an_entry_put_before_the_first_is_found(chained: Database, ledger: Ledger) -> None:
    found = tampered(
        chained,
        ledger,
        "INSERT INTO ledger (id, at, event, facts) VALUES (99, '2026-03-02 12:00', 'x', '{}')",
        "INSERT INTO ledger_links (position, entry_id, digest) VALUES (0, 99, x'00')",
    )

    assert (found.ok, found.bad_position) == (False, 1)


def test_a_tail_that_was_cut_off_is_seen_by_the_head_that_was_kept(
    chained: Database, ledger: Ledger
) -> None:
    """A chain alone cannot show it, and `verify` does not pretend to."""
    kept = ledger.verify(chained)

    found = tampered(
        chained,
        ledger,
        "DELETE FROM ledger_links WHERE position > 5",
        "DELETE FROM ledger WHERE id > 5",
    )

    assert (found.ok, found.chained) == (True, 5)
    assert found.head != kept.head


def test_the_ledger_is_verified_in_batches_to_the_same_end(
    chained: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ledger.verify(chained)

    for batch in (1, 2, LENGTH - 1, LENGTH, LENGTH + 1):
        monkeypatch.setattr(module, "BATCH", batch)
        assert ledger.verify(chained) == whole
    monkeypatch.setattr(module, "BATCH", 2)
    found = tampered(chained, ledger, "UPDATE ledger SET event = 'x' WHERE id = 6")
    assert (found.ok, found.bad_position) == (False, 6)
