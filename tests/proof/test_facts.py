"""The ledger holds codes and never a value; of details it keeps a promise that can be made mute."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from portal.proof.ledger import Event, Ledger, NotACode, commitment
from portal.store.database import Database
from portal.store.tables import LedgerEntry
from tests.storing import NOON, FakeClock


@pytest.fixture
def ledger(clock: FakeClock) -> Ledger:
    return Ledger(clock)


@pytest.mark.parametrize(
    "fact",
    [
        None,
        True,
        0,
        1_000_000,
        "crm",
        "orders:17(3)(b)",
        "shop_2.main-nl",
        [],
        ["phone", "postal_code"],
        ("newsletter", 3),
    ],
)
def test_codes_numbers_and_lists_of_them_are_facts(
    lite: Database, ledger: Ledger, fact: Any
) -> None:
    with lite.unit("test") as unit:
        ledger.note(unit.session, Event.DELIVERED, facts={"fact": fact})
        unit.commit()

    with lite.reading() as session:
        kept = session.scalars(select(LedgerEntry.facts)).one()["fact"]
    assert kept == (list(fact) if isinstance(fact, tuple) else fact)


@pytest.mark.parametrize(
    "fact",
    [
        "wilma@example.org",
        "Wilma Jansen",
        "De Vrïes",
        "+31 6 12345678",
        "Dorp 1\n",
        "",
        "x" * 65,
        1.5,
        b"crm",
        {"phone": "crm"},
        ["phone", "wilma@example.org"],
        [["phone", "Wilma Jansen"]],
        object(),
    ],
)
def test_what_could_be_somebodys_value_is_refused_and_not_repeated(
    lite: Database, ledger: Ledger, fact: Any
) -> None:
    with lite.unit("test") as unit, pytest.raises(NotACode) as refused:
        ledger.note(unit.session, Event.DELIVERED, facts={"good": "crm", "bad": fact})

    assert str(refused.value) == "the fact 'bad' is not a code"
    assert ledger.verify(lite).unchained == 0


def test_a_name_of_a_fact_is_a_code_as_well(lite: Database, ledger: Ledger) -> None:
    with lite.unit("test") as unit, pytest.raises(NotACode):
        ledger.note(unit.session, Event.DELIVERED, facts={"wilma@example.org": 1})


def test_details_are_kept_as_a_salted_digest_and_in_no_other_way(
    lite: Database, ledger: Ledger
) -> None:
    with lite.unit("test") as unit:
        for _ in range(2):
            ledger.note(unit.session, Event.DELIVERED, details="Wilma wants this")
        ledger.note(unit.session, Event.DELIVERED)
        unit.commit()

    with lite.reading() as session:
        one, other, without = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
        everything = str(session.execute(text("SELECT * FROM ledger")).all())
    assert one.salt is not None
    assert one.commitment == commitment(one.salt, "Wilma wants this")
    assert one.commitment != commitment(one.salt, "Wilma wants that")
    assert one.commitment != other.commitment, "two of the same do not show that they are"
    assert (without.salt, without.commitment) == (None, None)
    assert "Wilma" not in everything


def test_without_its_salt_a_commitment_is_mute_and_the_chain_still_holds(
    lite: Database, ledger: Ledger
) -> None:
    with lite.unit("test") as unit:
        ledger.note(unit.session, Event.DELIVERED, details="Wilma wants this")
        unit.commit()
    ledger.seal(lite)
    before = ledger.verify(lite)

    with lite.unit("test") as unit:
        unit.session.execute(text("UPDATE ledger SET salt = NULL"))
        unit.commit()

    assert ledger.verify(lite) == before
    with lite.reading() as session:
        kept = session.scalars(select(LedgerEntry.commitment)).one()
    assert kept != commitment(b"", "Wilma wants this")


@given(salt=st.binary(min_size=32, max_size=32), details=st.text(max_size=50))
def test_a_commitment_binds_to_its_details_and_its_salt(salt: bytes, details: str) -> None:
    made = commitment(salt, details)

    assert made == commitment(salt, details)
    assert made != commitment(salt, details + "x")
    assert made != commitment(salt[::-1] + b"x", details)


def test_an_entry_has_the_time_of_the_clock(
    lite: Database, ledger: Ledger, clock: FakeClock
) -> None:
    clock.advance(minutes=5)
    with lite.unit("test") as unit:
        ledger.note(unit.session, Event.SIGNED_OUT)
        unit.commit()

    with lite.reading() as session:
        entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.at - NOON).total_seconds() == 300
    assert entry.event == "signed_out"
