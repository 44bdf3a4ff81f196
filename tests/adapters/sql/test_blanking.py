"""Erasing by blanking, anonymising and keeping: cell by cell, and nobody else's."""

from datetime import date

import pytest

from portal.adapters.contract import ErasureKind, Ref
from portal.adapters.sql import SqlAdapter
from tests.adapters.sql.shop import ADDRESSES, INVOICES, LINES, MINE, NOTES, Shop, adapter
from tests.witness import Witness, changes

BLANK = [
    {
        "category": "contact",
        "action": "blank",
        "columns": ["email", "first_name", "city", "country", "born", "credit", "remarks"],
    },
    {"category": "notes", "action": "blank", "table": "notes", "columns": "text"},
    {"category": "address", "action": "anonymise", "table": "addresses", "set": {"street": "-"}},
    {
        "category": "invoices",
        "action": "retain",
        "table": "invoices",
        "on": MINE,
        "ground": "17(3)(b)",
        "law": {"en": "We must."},
        "period": "7 years",
        "from": "sent",
    },
]


@pytest.fixture
def shop(database_url: str) -> Shop:
    return Shop(database_url)


@pytest.fixture
def crm(database_url: str) -> SqlAdapter:
    return adapter(database_url, erase=BLANK)


def test_blanked_columns_hold_nothing_or_what_is_nothing_where_they_must_hold_something(
    database_url: str, shop: Shop, crm: SqlAdapter
) -> None:
    key, other = shop.add(), shop.add("piet@example.org")
    ref = Ref("crm", str(key))
    witness = Witness(database_url)
    before = witness.look()

    erasure = crm.erase(ref, key="1")

    changed = changes(before, witness.look())
    assert {
        (table, column): new.strip() if isinstance(new, str) else new
        for (table, _key, column), (_old, new) in changed.items()
        if column != "changed"
    } == {
        ("customers", "email"): None,
        ("customers", "first_name"): None,
        ("customers", "city"): "",
        ("customers", "country"): "",
        ("customers", "born"): None,
        ("customers", "credit"): None,
        ("customers", "remarks"): None,
        ("customers", "version"): 2,
        ("notes", "text"): "",
        ("addresses", "street"): "-",
    }
    assert {row for table, row, _ in changed if table in {"customers", "addresses"}} == {str(key)}
    assert len(shop.rows(NOTES, customer_id=other, text="called")) == 1
    assert erasure.kind is ErasureKind.ANONYMISED
    assert set(erasure.removed) == {"contact", "notes", "address"}
    assert crm.erased(ref)
    assert crm.find("wilma.jansen@example.org") == []
    witness.close()
    crm.close()


def test_what_is_kept_has_its_ground_its_number_and_the_last_day_of_the_newest(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    shop.run(
        INVOICES.insert().values(customer_id=key, number="F2", sent=date(2024, 2, 29), total=1)
    )
    ref = Ref("crm", str(key))

    planned = crm.erasure_plan(ref)
    (kept,) = planned.retained
    assert (kept.category, kept.ground, kept.count) == ("invoices", "17(3)(b)", 2)
    assert kept.until == date(2032, 5, 1), "seven years after the newer of the two"
    assert crm.erase(ref, key="1") == planned
    assert crm.erase(ref, key="1") == planned, "once more changes nothing of what is said"
    assert len(shop.rows(INVOICES, customer_id=key)) == 2
    assert len(shop.rows(LINES)) == 1
    crm.close()


def test_where_there_is_nothing_to_keep_nothing_is_said_to_be_kept(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    shop.run(LINES.delete())
    shop.run(INVOICES.delete())

    assert crm.erasure_plan(Ref("crm", str(key))).retained == ()
    crm.close()


@pytest.mark.parametrize("left", ["customers", "notes", "addresses"])
def test_an_erasure_that_somebody_filled_in_again_reads_back_as_not_done(
    shop: Shop, crm: SqlAdapter, left: str
) -> None:
    key = shop.add()
    ref = Ref("crm", str(key))
    crm.erase(ref, key="1")
    assert crm.erased(ref)

    if left == "customers":
        shop.set(key, remarks="Wilma phoned")
    elif left == "notes":
        shop.run(NOTES.update().values(text="Wilma phoned"))
    else:
        shop.run(ADDRESSES.update().values(street="Dorp 1"))

    assert not crm.erased(ref)
    crm.close()
