"""Conflicts: a version column counts up, values are compared, and nobody's work is overwritten."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.adapters.contract import Change, Conflict, Outcome, Record, Ref, Refused, Scalar
from portal.adapters.sql import SqlAdapter
from tests.adapters.sql.shop import ADDRESSES, NOW, Shop, adapter

pytestmark = pytest.mark.slow  # all of them together


@pytest.fixture
def shop(database_url: str) -> Shop:
    return Shop(database_url)


@pytest.fixture
def crm(database_url: str) -> SqlAdapter:
    return adapter(database_url)


def read(crm: SqlAdapter, ref: Ref) -> Record:
    record = crm.read(ref)
    assert record is not None
    return record


def test_a_write_counts_the_version_up_once_and_notes_the_time(shop: Shop, crm: SqlAdapter) -> None:
    ref = Ref("crm", str(shop.add()))
    assert read(crm, ref).version == "1"
    changes = [Change("city", "Ede", "Oss"), Change("first_name", "Wilma", "Els")]

    assert crm.write(ref, changes, key="1") == Outcome.DONE
    record = read(crm, ref)
    assert (record.version, record.changed_at) == ("2", NOW)

    assert crm.write(ref, changes, key="1") == Outcome.ALREADY
    assert read(crm, ref).version == "2"
    crm.close()


def test_what_a_colleague_changed_elsewhere_in_the_row_is_no_conflict(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    ref = Ref("crm", str(key))
    shop.set(key, remarks="prefers tulips", version=7)

    assert crm.write(ref, [Change("city", "Ede", "Oss")], key="1") == Outcome.DONE

    row = shop.row(key)
    assert (row["city"], row["remarks"], row["version"]) == ("Oss", "prefers tulips", 8)
    crm.close()


@pytest.mark.parametrize("version", ["version", None])
def test_of_two_changes_neither_is_written_when_one_meets_a_colleagues(
    database_url: str, shop: Shop, version: str | None
) -> None:
    crm = adapter(database_url, version=version)
    key = shop.add()
    shop.set(key, city="Epe")
    before = shop.row(key)

    with pytest.raises(Conflict) as conflict:
        crm.write(
            Ref("crm", str(key)),
            [Change("first_name", "Wilma", "Els"), Change("city", "Ede", "Oss")],
            key="1",
        )

    assert conflict.value.fields == ("city",)
    assert shop.row(key) == before
    crm.close()


@pytest.mark.parametrize(
    ("field", "held", "seen"),
    [
        ("credit", Decimal("1.50"), Decimal("1.5")),
        ("credit", Decimal("1.50"), "1.50"),
        ("born", date(1970, 2, 28), "1970-02-28"),
        ("country", "NL", "NL  "),
        ("first_name", None, ""),
        ("remarks", "a\r\nb", "a\nb"),
    ],
)
def test_a_value_that_was_seen_in_another_form_was_seen(
    shop: Shop, crm: SqlAdapter, field: str, held: Any, seen: Scalar
) -> None:
    new: dict[str, Scalar] = {
        "credit": Decimal("2.00"),
        "born": date(1970, 3, 1),
        "country": "BE",
        "first_name": "Els",
        "remarks": "c",
    }
    ref = Ref("crm", str(shop.add(**{field: held})))

    assert crm.write(ref, [Change(field, seen, new[field])], key="1") == Outcome.DONE
    assert read(crm, ref).values[field] == new[field]
    crm.close()


def test_a_version_that_is_a_time_becomes_the_time_of_the_write(
    database_url: str, shop: Shop
) -> None:
    crm = adapter(database_url, version="changed", changed_at=None)
    key = shop.add(changed=datetime(2020, 1, 1))  # noqa: DTZ001  as the shop's programs write it
    crm.write(Ref("crm", str(key)), [Change("city", "Ede", "Oss")], key="1")

    assert shop.row(key)["changed"].replace(tzinfo=UTC) > datetime(2026, 1, 1, tzinfo=UTC)
    crm.close()


def test_a_joined_row_is_made_when_it_is_missing_and_may_be_and_else_refused(
    database_url: str, shop: Shop, crm: SqlAdapter
) -> None:
    ref = Ref("crm", str(shop.add()))
    shop.run(ADDRESSES.delete())

    assert crm.write(ref, [Change("street", None, "Laan 9")], key="1") == Outcome.DONE
    (row,) = shop.rows(ADDRESSES)
    assert (row["street"], row["kind"]) == ("Laan 9", "home")

    shop.run(ADDRESSES.delete())
    join = {"on": {"customer_id": "id"}, "where": {"kind": "home"}}
    strict = adapter(database_url, joins={"addresses": join})
    with pytest.raises(Refused):
        strict.write(ref, [Change("street", None, "Laan 9")], key="2")
    assert shop.rows(ADDRESSES) == []
    strict.close()
    crm.close()
