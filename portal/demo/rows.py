"""What the CRM itself holds of an address, read past the adapter: an independent witness."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    TableClause,
    and_,
    column,
    create_engine,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy import table as sql_table
from sqlalchemy.engine import RowMapping
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint

CrmRows = Callable[[str], list[dict[str, Any]]]
"""Address → ``[{"table": …, "row": {column: value}, "related": {table: [{column: value}]}}]``."""

RELATED_ROWS = 200
"""Rows of one related table that are shown at most."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    selectable: TableClause
    email: str | None
    """The column with the address, where it has one."""
    foreign_keys: list[ReflectedForeignKeyConstraint]


class WholeCrm:
    """Reads rows of any SQL database: no settings, its tables and foreign keys say enough.

    A subscriber's table is one with a column that has ``email`` in its name; related are the
    tables with a foreign key to it.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(make_url(url), hide_parameters=True, pool_pre_ping=True)
        self._tables: list[_Table] = []

    def __call__(self, email: str) -> list[dict[str, Any]]:
        """All rows of this address, whatever case it is written in."""
        found: list[dict[str, Any]] = []
        with self._engine.connect() as connection:
            if not self._tables:
                self._tables = list(_tables(connection))
            for table in self._tables:
                if table.email is None:
                    continue
                wanted = func.lower(table.selectable.c[table.email]) == email.strip().lower()
                rows = connection.execute(select(table.selectable).where(wanted)).mappings().all()
                found += [
                    {
                        "table": table.name,
                        "row": _plain_row(row),
                        "related": self._related(connection, table, row),
                    }
                    for row in rows
                ]
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    def _related(
        self, connection: Connection, table: _Table, row: RowMapping
    ) -> dict[str, list[dict[str, Any]]]:
        related: dict[str, list[dict[str, Any]]] = {}
        for other in self._tables:
            for key in other.foreign_keys:
                if other is table or key["referred_table"] != table.name:
                    continue
                pairs = zip(key["constrained_columns"], key["referred_columns"], strict=True)
                wanted = and_(*(other.selectable.c[here] == row[there] for here, there in pairs))
                rows = connection.execute(
                    select(other.selectable).where(wanted).limit(RELATED_ROWS)
                )
                related[other.name] = [_plain_row(one) for one in rows.mappings()]
        return related


def _tables(connection: Connection) -> Iterator[_Table]:
    inspector = inspect(connection)
    foreign_keys = inspector.get_multi_foreign_keys()
    for (schema, name), columns in inspector.get_multi_columns().items():
        names = [column["name"] for column in columns]
        yield _Table(
            name=name,
            selectable=sql_table(name, *(column(one["name"], one["type"]) for one in columns)),
            email=next((one for one in names if "email" in one.lower()), None),
            foreign_keys=foreign_keys.get((schema, name), []),
        )


def _plain_row(row: RowMapping) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    match value:
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value
