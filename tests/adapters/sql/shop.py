"""A shop's database, in every kind of database, and the settings that fit it."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    create_engine,
    select,
)
from sqlalchemy.pool import NullPool

from portal.adapters.sql import SqlAdapter
from portal.adapters.sql.settings import SqlSettings

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADDRESS = "wilma.jansen@example.org"

METADATA = MetaData()
CUSTOMERS = Table(
    "customers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("email", String(254)),
    Column("first_name", String(60)),
    Column("city", String(60), nullable=False),
    Column("country", CHAR(4), nullable=False),
    Column("born", Date),
    Column("credit", Numeric(10, 2)),
    Column("remarks", Text),
    Column("language", String(5)),
    Column("offers", Boolean),
    Column("offers_often", CHAR(1)),
    Column("offers_at", DateTime),
    Column("restricted", Boolean, nullable=False),
    Column("changed", DateTime),
    Column("version", Integer, nullable=False),
    Column("news_link", String(300)),
    Column("offers_link", Text, nullable=False, default=""),
)
ADDRESSES = Table(
    "addresses",
    METADATA,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("street", String(80)),
    Column("kind", String(10), nullable=False),
)
INVOICES = Table(
    "invoices",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("number", String(20), nullable=False),
    Column("sent", Date, nullable=False),
    Column("total", Numeric(10, 2), nullable=False),
)
LINES = Table(
    "lines",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("what", String(80), nullable=False),
)
NOTES = Table(
    "notes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("text", Text, nullable=False),
)
LISTS = Table(
    "lists",
    METADATA,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("list", String(20), primary_key=True),
    Column("since", DateTime),
    Column("source", String(40)),
)
CONSENTS = Table(
    "consents",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("state", CHAR(4), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("source", String(40)),
    Column("wording", String(12)),
)

MINE = {"customer_id": "id"}
SETTINGS: dict[str, Any] = {
    "adapter": "sql",
    "label": {"en": "Our customers"},
    "location": {"entity": "Shop Ltd", "hosting": "NL"},
    "timezone": "Europe/Amsterdam",
    "table": "customers",
    "email": "email",
    "set_address": True,
    "locale": "language",
    "version": "version",
    "changed_at": "changed",
    "fields": {
        "number": {"column": "id", "writable": False},
        "first_name": "first_name",
        "city": "city",
        "country": "country",
        "born": "born",
        "credit": "credit",
        "remarks": "remarks",
        "street": {"column": "street", "join": "addresses"},
    },
    "joins": {"addresses": {"on": MINE, "where": {"kind": "home"}, "insert": True}},
    "rows": {
        "notes": {
            "table": "notes",
            "on": MINE,
            "columns": {"at": "at", "text": "text"},
            "order_by": "-at",
        },
        "lines": {
            "table": "lines",
            "on": {"invoice_id": "id"},
            "through": {"table": "invoices", "on": MINE},
            "columns": {"what": "what"},
        },
    },
    "consents": {
        "offers": {
            "column": "offers",
            "at": "offers_at",
            "frequency": {"column": "offers_often", "values": {"weekly": "W", "monthly": "M"}},
        },
        "newsletter": {
            "table": "lists",
            "on": MINE,
            "where": {"list": "newsletter"},
            "at": "since",
            "source": "source",
        },
        "calls": {
            "table": "consents",
            "on": MINE,
            "where": {"purpose": "calls"},
            "column": "state",
            "granted": "yes",
            "withdrawn": "no",
            "at": "at",
            "source": "source",
            "wording": "wording",
            "append": True,
        },
    },
    "restrict": {"column": "restricted"},
    "links": {"newsletter": "news_link", "offers": "offers_link"},
    "erase": [
        {"category": "mailings", "action": "delete", "table": "lists"},
        {"category": "mailings", "action": "delete", "table": "consents", "on": MINE},
        {"category": "notes", "action": "delete", "table": "notes"},
        {"category": "address", "action": "delete", "table": "addresses"},
        {
            "category": "invoices",
            "action": "retain",
            "table": "invoices",
            "on": MINE,
            "ground": "17(3)(b)",
            "law": {"en": "We must keep invoices for 7 years."},
            "period": "7 years",
            "from": "sent",
            "end_of_year": True,
        },
        {
            "category": "contact",
            "action": "anonymise",
            "columns": ["first_name", "born", "credit", "remarks", "offers_at", "city"],
            "set": {
                "email": "gone-{key}@example.invalid",
                "country": "XX",
                "offers": False,
            },
        },
    ],
}


def settings(url: str, **changed: Any) -> SqlSettings:
    """The settings above, for this database; None leaves a setting out."""
    given = {**deepcopy(SETTINGS), "url": url, **changed}
    kept = {name: value for name, value in given.items() if value is not None}
    return SqlSettings.model_validate(kept, context={"folder": Path("/")})


def adapter(url: str, *, clock: Callable[[], datetime] = lambda: NOW, **changed: Any) -> SqlAdapter:
    """An adapter for it, whose clock stands still."""
    return SqlAdapter("crm", settings(url, **changed), clock=clock)


class Shop:
    """The database, as the shop's own programs use it."""

    def __init__(self, url: str, metadata: MetaData = METADATA) -> None:
        self.url = url
        self.engine: Engine = create_engine(url, poolclass=NullPool)
        metadata.create_all(self.engine)

    def add(self, email: str | None = ADDRESS, **changed: Any) -> int:
        """A customer with something of everything; the key."""
        given = {
            "email": email,
            "first_name": "Wilma",
            "city": "Ede",
            "country": "NL",
            "born": date(1970, 2, 28),
            "credit": Decimal("1.50"),
            "remarks": "likes\nroses",
            "language": "nl",
            "restricted": False,
            "version": 1,
        }
        with self.engine.begin() as connection:
            made = connection.execute(CUSTOMERS.insert().values({**given, **changed}))
            assert made.inserted_primary_key is not None
            key = int(made.inserted_primary_key[0])
            mine = {"customer_id": key}
            connection.execute(ADDRESSES.insert().values(**mine, street="Dorp 1", kind="home"))
            invoices = INVOICES.insert().values(
                **mine, number="F1", sent=date(2025, 5, 1), total=Decimal(10)
            )
            invoice = connection.execute(invoices).inserted_primary_key
            assert invoice is not None
            connection.execute(LINES.insert().values(invoice_id=invoice[0], what="roses"))
            noon = datetime(2026, 1, 2, 12, 0)  # noqa: DTZ001  as the shop's programs write it
            connection.execute(NOTES.insert().values(**mine, at=noon, text="called"))
        return key

    def run(self, statement: Any) -> None:
        """Execute and commit."""
        with self.engine.begin() as connection:
            connection.execute(statement)

    def set(self, key: int, **values: Any) -> None:
        """Write columns of one customer, as a colleague would."""
        self.run(CUSTOMERS.update().where(CUSTOMERS.c.id == key).values(**values))

    def row(self, key: int) -> Mapping[str, Any]:
        """One customer's own row."""
        return self.rows(CUSTOMERS, id=key)[0]

    def rows(self, table: Table, **wanted: Any) -> list[Mapping[str, Any]]:
        """Rows of a table that hold these values, in the order of their keys."""
        query = select(table).filter_by(**wanted).order_by(*table.primary_key.columns)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def remove(self, key: int) -> None:
        """One customer and all that is theirs."""
        mine = select(INVOICES.c.id).where(INVOICES.c.customer_id == key)
        self.run(LINES.delete().where(LINES.c.invoice_id.in_(mine)))
        for table in (ADDRESSES, INVOICES, NOTES, LISTS, CONSENTS):
            self.run(table.delete().where(table.c.customer_id == key))
        self.run(CUSTOMERS.delete().where(CUSTOMERS.c.id == key))
