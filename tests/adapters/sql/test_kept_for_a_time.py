"""What had to be kept goes when its time is over: row by row, at once or by a later erasure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from portal.adapters.contract import Ref
from portal.adapters.sql import SqlAdapter
from portal.adapters.sql.periods import add_period
from tests.adapters.sql.shop import INVOICES, LINES, MINE, SETTINGS, Shop, settings

OLD, NEW = date(2018, 5, 1), date(2025, 5, 1)
LAW = {"ground": "17(3)(b)", "law": {"en": "We must."}}


class Clock:
    """Moved by the tests."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(database_url: str) -> Shop:
    return Shop(database_url)


@pytest.fixture
def crm(database_url: str, clock: Clock) -> Iterator[SqlAdapter]:
    made = SqlAdapter("crm", settings(database_url), clock=clock)
    yield made
    made.close()


def add_invoice(shop: Shop, key: int, sent: date, number: str = "F0") -> None:
    with shop.engine.begin() as connection:
        made = connection.execute(
            INVOICES.insert().values(customer_id=key, number=number, sent=sent, total=1)
        )
        assert made.inserted_primary_key is not None
        connection.execute(LINES.insert().values(invoice_id=made.inserted_primary_key[0], what="x"))


def invoices(shop: Shop) -> list[date]:
    return [row["sent"] for row in shop.rows(INVOICES)]


def test_rows_whose_time_is_over_go_with_the_first_erasure(shop: Shop, crm: SqlAdapter) -> None:
    key, other = shop.add(), shop.add("piet@example.org")
    add_invoice(shop, key, OLD)
    add_invoice(shop, other, OLD)
    ref = Ref("crm", str(key))

    plan = crm.erasure_plan(ref)
    assert not crm.erased(ref)
    (kept,) = plan.retained
    assert (kept.count, kept.until, kept.first) == (1, date(2032, 12, 31), date(2032, 12, 31))
    assert "invoices" not in plan.removed
    assert crm.erase(ref, key="1") == plan
    assert crm.erased(ref)
    assert crm.erase(ref, key="1") == plan, "once more is the same"

    assert [row["sent"] for row in shop.rows(INVOICES, customer_id=key)] == [NEW]
    assert len(shop.rows(LINES)) == 3, "its lines went along, and nobody else's"
    assert len(shop.rows(INVOICES, customer_id=other)) == 2


def test_where_all_of_it_is_over_it_is_removed_and_not_kept(shop: Shop, crm: SqlAdapter) -> None:
    key = shop.add()
    shop.run(INVOICES.update().values(sent=OLD))
    plan = crm.erasure_plan(Ref("crm", str(key)))
    assert plan.retained == ()
    assert "invoices" in plan.removed
    crm.erase(Ref("crm", str(key)), key="1")
    assert invoices(shop) == []
    assert crm.erased(Ref("crm", str(key)))


def test_the_same_erasure_later_takes_what_is_over_by_then_date_by_date(
    shop: Shop, crm: SqlAdapter, clock: Clock
) -> None:
    key = shop.add()
    add_invoice(shop, key, date(2020, 12, 31))
    ref = Ref("crm", str(key))
    (kept,) = crm.erase(ref, key="1").retained
    assert (kept.first, kept.until, kept.count) == (date(2027, 12, 31), date(2032, 12, 31), 2)

    clock.now = datetime(2027, 12, 31, 22, 59, tzinfo=UTC)  # a minute before midnight there
    assert crm.erased(ref)
    assert crm.erase(ref, key="2").retained == (kept,)
    clock.now = datetime(2027, 12, 31, 23, 0, tzinfo=UTC)
    assert not crm.erased(ref), "what ought to be gone is there"
    (kept,) = crm.erase(ref, key="2").retained
    assert (kept.first, kept.until, kept.count) == (date(2032, 12, 31), date(2032, 12, 31), 1)
    assert crm.erased(ref)

    clock.now = datetime(2033, 1, 1, 12, 0, tzinfo=UTC)
    assert crm.erase(ref, key="3").retained == ()
    assert invoices(shop) == []
    assert crm.erased(ref)


def test_the_parts_of_what_is_kept_that_have_steps_of_their_own_go_along(
    database_url: str, shop: Shop, clock: Clock
) -> None:
    """Lines of invoices, kept as a category of their own and without a date of their own."""
    lines = {
        "category": "lines",
        "action": "retain",
        "table": "lines",
        "on": {"invoice_id": "id"},
        "through": {"table": "invoices", "on": MINE},
        **LAW,
    }
    crm = SqlAdapter("crm", settings(database_url, erase=[*SETTINGS["erase"], lines]), clock=clock)
    key = shop.add()
    add_invoice(shop, key, OLD)
    ref = Ref("crm", str(key))
    kept = {one.category: (one.count, one.first) for one in crm.erase(ref, key="1").retained}
    assert kept == {"invoices": (1, date(2032, 12, 31)), "lines": (1, None)}
    assert crm.erased(ref)
    clock.now = datetime(2033, 1, 1, 12, 0, tzinfo=UTC)
    done = crm.erase(ref, key="2")
    assert done.retained == ()
    assert {"invoices", "lines"} <= set(done.removed)
    assert shop.rows(LINES) == []
    crm.close()


@pytest.mark.parametrize("longer", [{"period": "10 years", "from": "sent"}, {}])
def test_two_laws_that_keep_the_same_rows_are_one_step(
    sqlite_url: str, longer: dict[str, str]
) -> None:
    """Else what the second has to keep would go when the first lets it go."""
    another = {"category": "warranty", "action": "retain", "table": "invoices", "on": MINE, **LAW}
    for steps in ([*SETTINGS["erase"], another | longer], [another | longer, *SETTINGS["erase"]]):
        with pytest.raises(ValidationError, match="invoices has a step that keeps rows already"):
            settings(sqlite_url, erase=steps)


def test_each_row_goes_by_the_law_that_keeps_it(
    database_url: str, shop: Shop, clock: Clock
) -> None:
    """Invoices seven years, quotations one; of each its own lines go along, whatever their day."""
    kept = {one["category"]: one for one in SETTINGS["erase"]}
    steps = [
        *(one for one in SETTINGS["erase"] if one["category"] != "invoices"),
        {**kept["invoices"], "where": {"number": "F0"}},
        {**kept["invoices"], "where": {"number": "Q0"}, "category": "quotes", "period": "1 year"},
    ]
    crm = SqlAdapter("crm", settings(database_url, erase=steps), clock=clock)
    key = shop.add()
    shop.run(LINES.delete())
    shop.run(INVOICES.delete())
    for sent, number in ((OLD, "F0"), (NEW, "F0"), (NEW, "Q0"), (date(2023, 5, 1), "Q0")):
        add_invoice(shop, key, sent, number)
    add_invoice(shop, key, date(2023, 5, 1), "F0")
    ref = Ref("crm", str(key))

    retained = {one.category: (one.count, one.first) for one in crm.erase(ref, key="1").retained}

    assert retained == {"invoices": (2, date(2030, 12, 31)), "quotes": (1, date(2026, 12, 31))}
    there = {(row["sent"], row["number"]) for row in shop.rows(INVOICES)}
    assert there == {(NEW, "F0"), (NEW, "Q0"), (date(2023, 5, 1), "F0")}
    assert len(shop.rows(LINES)) == 3
    assert crm.erased(ref)
    crm.close()


def test_what_something_unknown_refers_to_stays_and_reads_back_as_not_done(
    database_url: str, shop: Shop, crm: SqlAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is erased all the same, and a person is told by the read-back."""
    reminders = Table(
        "reminders",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("invoice_id", ForeignKey(INVOICES.c.id), nullable=False),
    )
    reminders.create(shop.engine)
    try:
        key = shop.add()
        add_invoice(shop, key, OLD)
        (old,) = shop.rows(INVOICES, sent=OLD)
        shop.run(reminders.insert().values(invoice_id=old["id"]))
        ref = Ref("crm", str(key))
        crm.erase(ref, key="1")
        assert not crm.erased(ref)
        assert shop.row(key)["first_name"] is None
        assert "rows of invoices have ended" in caplog.text
        shop.run(reminders.delete())
        crm.erase(ref, key="1")
        assert crm.erased(ref)
    finally:
        reminders.drop(shop.engine)


@pytest.mark.parametrize("end_of_year", [False, True])
@pytest.mark.parametrize("period", ["1 day", "13 months", "7 years"])
def test_a_row_is_kept_on_its_last_day_and_not_on_the_next(
    sqlite_url: str, clock: Clock, period: str, end_of_year: bool
) -> None:
    shop = Shop(sqlite_url)
    changed: list[dict[str, Any]] = [
        {**one, "period": period, "end_of_year": end_of_year} if one["action"] == "retain" else one
        for one in SETTINGS["erase"]
    ]
    crm = SqlAdapter("crm", settings(sqlite_url, erase=changed), clock=clock)
    key = shop.add()
    last = add_period(NEW, period, end_of_year=end_of_year)
    clock.now = datetime(last.year, last.month, last.day, 12, tzinfo=UTC)
    assert crm.erasure_plan(Ref("crm", str(key))).retained[0].until == last
    clock.now = datetime.fromordinal(last.toordinal() + 1).replace(hour=12, tzinfo=UTC)
    assert crm.erasure_plan(Ref("crm", str(key))).retained == ()
    crm.close()
