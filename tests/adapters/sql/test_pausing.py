"""Where the date of a break may stand in a database, and what it leaves alone."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, String, Table

from portal.adapters.contract import Misconfigured, Outcome, Ref
from portal.adapters.sql.adapter import SqlAdapter
from tests.adapters.sql.shop import MINE, NOW, SETTINGS, Shop, adapter, settings

UNTIL = datetime(2026, 4, 2, 2, tzinfo=UTC)
NEWS = {"column": "offers", "pause": "offers_from"}


def consents(**changed: Any) -> dict[str, Any]:
    held = SETTINGS["consents"]
    return {**held, "offers": {**held["offers"], **changed}}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("gone", "no column gone"),
        ("offers_at", "offers_at holds something else"),
        ("born", "born holds something else"),
        ("country", "country is longer than 4 characters"),
        ("version", "version is not a whole number"),
    ],
)
def test_a_column_that_holds_something_else_is_none_for_a_break(
    sqlite_url: str, column: str, words: str
) -> None:
    Shop(sqlite_url)
    with pytest.raises(Misconfigured, match=words):
        adapter(sqlite_url, consents=consents(pause=column)).ping()


def test_two_mailings_of_one_row_do_not_share_a_date(sqlite_url: str) -> None:
    Shop(sqlite_url)
    with pytest.raises(Misconfigured, match=r"consents\.news\.pause: offers_from holds"):
        adapter(sqlite_url, consents={**consents(), "news": NEWS}).ping()


@pytest.mark.parametrize("id", ["newsletter", "calls"])
def test_a_row_that_goes_or_is_followed_by_another_keeps_no_break(id: str) -> None:
    changed = {id: {**SETTINGS["consents"][id], "pause": "since"}}
    with pytest.raises(ValidationError, match="pause needs a column that says on or off"):
        settings("sqlite://", consents=changed)


def test_it_moves_no_evidence_and_counts_as_a_change_of_the_row(sqlite_url: str) -> None:
    shop = Shop(sqlite_url)
    key = shop.add(offers=True, offers_at=datetime(2024, 5, 1, 12))  # noqa: DTZ001  as the column has it
    crm, before = adapter(sqlite_url), shop.row(key)
    assert crm.pause(Ref("crm", str(key)), "offers", UNTIL, key="k") is Outcome.DONE
    after = shop.row(key)
    assert {name for name in after if after[name] != before[name]} == {
        "offers_from",
        "version",
        "changed",
    }
    assert after["offers_from"] == date(2026, 4, 2)


def test_of_several_rows_those_that_are_on_are_paused(sqlite_url: str) -> None:
    metadata = MetaData()
    people = Table(
        "customers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(254)),
    )
    lists = Table(
        "lists",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", ForeignKey("customers.id"), nullable=False),
        Column("active", Integer, nullable=False),
        Column("until", Date),
    )
    shop = Shop(sqlite_url, metadata)
    shop.run(people.insert().values(id=1, email="wilma.jansen@example.org"))
    for active in (1, 0, 1):
        shop.run(lists.insert().values(customer_id=1, active=active))
    held = {"table": "lists", "on": MINE, "column": "active", "pause": "until"}
    bare: dict[str, Any] = dict.fromkeys(
        ("set_address", "locale", "version", "changed_at", "joins", "rows", "restrict", "links")
    )
    bare |= {"erase": None, "fields": {"number": {"column": "id", "writable": False}}}
    bare |= {"consents": {"news": {**held, "granted": 1, "withdrawn": 0}}}
    crm = SqlAdapter("crm", settings(sqlite_url, **bare), clock=lambda: NOW)
    ref = Ref("crm", "1")
    assert crm.pause(ref, "news", UNTIL, key="k") is Outcome.DONE
    record = crm.read(ref)
    assert record is not None
    assert (record.consents["news"].granted, bool(record.consents["news"].paused_until)) == (
        False,
        True,
    )
    with shop.engine.connect() as connection:
        rows = connection.execute(lists.select().order_by(lists.c.id)).all()
    assert [row.active for row in rows] == [1, 0, 1]
    assert [row.until is not None for row in rows] == [True, False, True]
