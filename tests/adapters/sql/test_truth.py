"""Yes and no, in the columns in which databases really keep them."""

from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, SmallInteger, String, Table

from portal.adapters.contract import Change, Outcome
from portal.adapters.sql import SqlAdapter
from portal.adapters.testing.crm import EVIDENCE
from tests.adapters.sql.shop import ADDRESS, Shop, adapter


def people(kind: Any) -> Table:
    return Table(
        "people",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("email", String(254)),
        Column("vegetarian", kind),
        Column("newsletter", kind),
    )


def plain(url: str, **changed: Any) -> SqlAdapter:
    """An adapter for a table of four columns."""
    return adapter(
        url,
        **{
            "table": "people",
            "locale": None,
            "version": None,
            "changed_at": None,
            "fields": {"vegetarian": "vegetarian"},
            "joins": None,
            "rows": None,
            "consents": {"newsletter": {"column": "newsletter"}},
            "restrict": None,
            "links": None,
            "erase": None,
            **changed,
        },
    )


@pytest.mark.parametrize("kind", [Boolean, Integer, SmallInteger])
def test_a_truth_value_is_corrected_in_a_column_of_truth_values_and_of_numbers(
    database_url: str, kind: Any
) -> None:
    table = people(kind)
    shop, crm = Shop(database_url, table.metadata), plain(database_url)
    no = False if kind is Boolean else 0
    shop.run(table.insert().values(id=1, email=ADDRESS, vegetarian=no))
    (ref,) = crm.find(ADDRESS)

    for seen, wanted in ((False, True), (True, False)):
        change = Change("vegetarian", seen, wanted)
        assert crm.write(ref, [change], key="1") == Outcome.DONE
        assert crm.write(ref, [change], key="1") == Outcome.ALREADY
        record = crm.read(ref)
        assert record is not None
        assert record.values["vegetarian"] == wanted
        assert shop.rows(table)[0]["vegetarian"] == wanted
    crm.close()


@pytest.mark.parametrize("kind", [Boolean, Integer])
def test_a_consent_is_kept_in_such_a_column_without_saying_what_yes_and_no_are(
    sqlite_url: str, kind: Any
) -> None:
    table = people(kind)
    shop, crm = Shop(sqlite_url, table.metadata), plain(sqlite_url)
    shop.run(table.insert().values(id=1, email=ADDRESS))
    (ref,) = crm.find(ADDRESS)

    for granted in (True, False):
        crm.set_consent(ref, "newsletter", granted, EVIDENCE, key="1")
        record = crm.read(ref)
        assert record is not None
        assert record.consents["newsletter"].granted is granted
        assert shop.rows(table)[0]["newsletter"] == granted
    crm.close()
