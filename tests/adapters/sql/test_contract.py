"""The SQL adapter keeps the contract: in each kind of database, set up in different ways."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, MetaData, String, Table, and_, delete, update

from portal.adapters.contract import Ref, Scalar
from portal.adapters.testing import AdapterContract, Crm, Samples
from tests.adapters.sql.shop import ADDRESSES, NOW, Shop, adapter

SAMPLES: dict[str, Samples] = {
    "first_name": ("Wilma", "Willemijn", None),
    "city": ("Ede", "'s-Hertogenbosch", 'Ede"; DROP TABLE customers; --'),
    "country": ("NL", "BE", "LUX"),
    "born": (date(1970, 2, 28), date(1970, 3, 1), None),
    "credit": (Decimal("1.50"), Decimal("12345678.90"), Decimal("-0.01")),
    "remarks": ("likes\nroses", "likes tulips 🌷", ""),
    "street": ("Dorp 1", "Dorp 2", "Dorp 3"),
}


class ShopCrm(Crm):
    """The shop, whose erasures keep the invoices and an anonymous customer."""

    def __init__(self, url: str, samples: dict[str, Samples], **changed: Any) -> None:
        self.shop, self.now = Shop(url), NOW
        super().__init__(adapter(url, clock=lambda: self.now, **changed), samples)

    def add(self, email: str) -> Ref:
        return Ref("crm", str(self.shop.add(email)))

    def change(self, ref: Ref, field: str, value: Scalar) -> None:
        if field != "street":
            self.shop.set(int(ref.key), **{field: value})
            return
        mine = ADDRESSES.c.customer_id == int(ref.key)
        self.shop.run(update(ADDRESSES).where(mine).values(street=value))

    def remove(self, ref: Ref) -> None:
        self.shop.remove(int(ref.key))

    def is_restricted(self, ref: Ref) -> bool:
        return bool(self.shop.row(int(ref.key))["restricted"])

    def travel(self, day: date) -> bool:
        self.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return True


@pytest.mark.slow  # all of them together
class TestAnonymising(AdapterContract):
    """Every part of the settings is used, with a version column."""

    @pytest.fixture
    def crm(self, database_url: str) -> Crm:
        return ShopCrm(database_url, SAMPLES)


@pytest.mark.slow  # all of them together
class TestComparingValues(AdapterContract):
    """No column says which version of a row this is: values are compared."""

    @pytest.fixture
    def crm(self, database_url: str) -> Crm:
        return ShopCrm(database_url, SAMPLES, version=None, changed_at=None)


class TestReadingOnly(AdapterContract):
    """Nothing may be written, restricted or erased; so all of that is refused."""

    @pytest.fixture
    def crm(self, sqlite_url: str) -> Crm:
        return ShopCrm(
            sqlite_url,
            {},
            set_address=None,
            fields={"city": {"column": "city", "writable": False}},
            joins=None,
            consents=None,
            restrict=None,
            links=None,
            erase=None,
        )


MEMBERS = Table(
    "order",  # a word of SQL, and names with spaces, quotes and signs, are names as well
    MetaData(),
    Column("club", String(10), primary_key=True),
    Column("no. %s", String(10), primary_key=True),
    Column('e"mail', String(254), nullable=False),
    Column("naam; --", String(60), nullable=False),
    Column("news", String(1)),
)


class ClubCrm(Crm):
    """Members with a key of two columns, who are erased without a trace."""

    def __init__(self, url: str) -> None:
        self.shop = Shop(url, MEMBERS.metadata)
        self.made = 0
        super().__init__(
            adapter(
                url,
                table="order",
                email='e"mail',
                locale=None,
                version=None,
                changed_at=None,
                fields={"name": "naam; --"},
                joins=None,
                rows=None,
                consents={"news": {"column": "news", "granted": "J", "withdrawn": "N"}},
                restrict=None,
                links=None,
                erase=[{"category": "member", "action": "delete"}],
            ),
            {"name": ("O'Brien", 'Robert"); DROP TABLE "order"; --', "%s %(name)s :name")},
        )

    def add(self, email: str) -> Ref:
        self.made += 1
        key = ['a"b', f"'{self.made}"]
        values = dict(zip(MEMBERS.c.keys(), [*key, email, "O'Brien", None], strict=True))
        self.shop.run(MEMBERS.insert().values(values))
        return Ref("crm", json.dumps(key))

    def change(self, ref: Ref, field: str, value: Scalar) -> None:
        self.shop.run(update(MEMBERS).where(self._is(ref)).values({"naam; --": value}))

    def remove(self, ref: Ref) -> None:
        self.shop.run(delete(MEMBERS).where(self._is(ref)))

    def _is(self, ref: Ref) -> ColumnElement[bool]:
        club, number = json.loads(ref.key)
        return and_(MEMBERS.c["club"] == club, MEMBERS.c["no. %s"] == number)


@pytest.mark.slow  # all of them together
class TestDeletingWithStrangeNames(AdapterContract):
    """Names and values are never pasted into a statement."""

    @pytest.fixture
    def crm(self, database_url: str) -> Crm:
        return ClubCrm(database_url)
