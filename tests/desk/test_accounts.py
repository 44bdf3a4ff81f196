"""Operators' accounts: what is kept of them, and what is not."""

import pytest
from sqlalchemy import select

from portal.desk.factors import WeakPassword, new_secret, recovery_hash
from portal.desk.operators import BadName, NameTaken, Operators
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.tables import LedgerEntry, Operator
from portal.store.vault import Vault
from tests.desks import PASSWORD
from tests.storing import FakeClock


@pytest.fixture
def operators(database: Database, vault: Vault, clock: FakeClock) -> Operators:
    return Operators(database, vault, Ledger(clock), clock)


def row_of(database: Database, name: str) -> Operator:
    with database.reading() as db:
        return db.scalars(select(Operator).where(Operator.name == name)).one()


def test_of_password_phone_and_recovery_codes_nothing_is_kept_that_could_be_read(
    operators: Operators, database: Database, vault: Vault
) -> None:
    secret = new_secret()
    codes = operators.add("anna", PASSWORD, secret)

    row = row_of(database, "anna")
    kept = repr((row.password_hash, row.totp_sealed, row.recovery_hashes))
    assert PASSWORD not in kept
    assert secret not in kept
    assert not any(code in kept for code in codes)
    assert row.password_hash.startswith("$argon2id$")
    assert vault.check_code(PASSWORD, row.password_hash)
    assert vault.unseal(row.totp_sealed, "operator-totp") == secret


def test_there_are_ten_recovery_codes_of_120_bits_and_no_two_alike(operators: Operators) -> None:
    codes = operators.add("anna", PASSWORD, new_secret())

    assert len(set(codes)) == 10
    assert all(len(code) == 24 for code in codes), "base32: five bits a character"
    assert len({recovery_hash(code) for code in codes}) == 10


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_password_has_twelve_characters_at_least(operators: Operators, password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        operators.add("anna", password, new_secret())

    assert password == "" or password not in str(refused.value)
    assert operators.all() == []


def test_a_password_is_the_same_however_its_accents_were_typed(
    operators: Operators, database: Database, vault: Vault
) -> None:
    composed, decomposed = "caf\u00e9 du coin, 1958", "cafe\u0301 du coin, 1958"
    operators.add("anna", decomposed, new_secret())

    assert vault.check_code(composed, row_of(database, "anna").password_hash)


@pytest.mark.parametrize("name", ["", "Anna", "1anna", "a b", "anna@example.org", "a\0", "a" * 49])
def test_a_name_is_a_short_word_and_no_address(operators: Operators, name: str) -> None:
    with pytest.raises(BadName):
        operators.add(name, PASSWORD, new_secret())


def test_a_name_is_given_once(operators: Operators) -> None:
    operators.add("anna", PASSWORD, new_secret())

    with pytest.raises(NameTaken):
        operators.add("anna", PASSWORD, new_secret())


def test_who_is_removed_leaves_no_secret_and_the_ledger_keeps_her_number(
    operators: Operators, database: Database
) -> None:
    operators.add("anna", PASSWORD, new_secret())
    number = row_of(database, "anna").id

    assert operators.remove("anna")
    assert not operators.remove("anna")

    row = row_of(database, "anna")
    assert (row.password_hash, row.totp_sealed, row.recovery_hashes) == ("", b"", [])
    assert operators.all() == []
    with database.reading() as db:
        told = [(one.event, one.facts) for one in db.scalars(select(LedgerEntry))]
    assert told == [
        ("operator_added", {"operator": number}),
        ("operator_removed", {"operator": number}),
    ]


def test_who_comes_back_is_the_same_operator_with_new_secrets(
    operators: Operators, database: Database
) -> None:
    """So a lost phone is mended, and one number is never two people."""
    first = operators.add("anna", PASSWORD, new_secret())
    number = row_of(database, "anna").id
    operators.remove("anna")

    second = operators.add("anna", PASSWORD, new_secret())

    assert row_of(database, "anna").id == number
    assert not set(first) & set(second)
    assert [one.name for one in operators.all()] == ["anna"]


def test_operators_are_listed_by_name(operators: Operators, clock: FakeClock) -> None:
    for name in ("mo", "anna"):
        operators.add(name, PASSWORD, new_secret())

    assert [(one.name, one.recovery_codes, one.last_signed_in) for one in operators.all()] == [
        ("anna", 10, None),
        ("mo", 10, None),
    ]
