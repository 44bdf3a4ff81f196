"""The database's tables as they really are, held against what the settings say of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, Self, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    MetaData,
    Table,
    and_,
    exists,
    false,
    inspect,
)

from portal.adapters.contract import Misconfigured
from portal.adapters.sql.checks import (
    constant_complaints,
    kept_complaints,
    key_complaints,
    link_complaints,
)
from portal.adapters.sql.lenient import make_lenient
from portal.adapters.sql.parts import Link, Through
from portal.adapters.sql.references import references, tables_of
from portal.adapters.sql.settings import SqlSettings
from portal.adapters.sql.values import to_column


@dataclass(frozen=True)
class Schema:
    """The mapped tables. Exists only when everything that the settings name is there."""

    settings: SqlSettings
    tables: Mapping[str, Table]
    key: tuple[Column[Any], ...]
    order: tuple[str, ...]
    """Tables in the order in which rows may be removed: who refers to others goes first."""

    @property
    def main(self) -> Table:
        """The table with a row for each subscriber."""
        return self.tables[self.settings.table]

    @classmethod
    def reflect(cls, connection: Connection, settings: SqlSettings) -> Self:
        """Look at the database and check the settings against it.

        :raises Misconfigured: with everything that does not fit; names, never values.
        """
        inspector = inspect(connection)
        there = {*inspector.get_table_names(settings.db_schema)}
        there |= {*inspector.get_view_names(settings.db_schema)}
        wanted = dict.fromkeys(table for table, _ in tables_of(settings))
        missing = [name for name in wanted if name not in there]
        if missing:
            raise Misconfigured("; ".join(f"no table {_named(one, there)}" for one in missing))
        metadata = MetaData(schema=settings.db_schema)
        tables = {
            name: Table(name, metadata, autoload_with=connection, resolve_fks=False)
            for name in wanted
        }
        for table in tables.values():
            make_lenient(table, connection.dialect.name)
        found = [
            f"{place}: no column {_named(column, tables[table].c.keys())} in {table}"
            for table, column, place in references(settings)
            if column not in tables[table].c
        ]
        if found:
            raise Misconfigured("; ".join(found))
        foreign = {
            name: inspector.get_foreign_keys(name, schema=settings.db_schema) for name in tables
        }
        main = tables[settings.table]
        key = tuple(main.c[name] for name in settings.key) or tuple(main.primary_key.columns)
        schema = cls(settings, tables, key, tuple(_order(settings, foreign)))
        complaints = [
            *key_complaints(inspector, settings, key),
            *constant_complaints(settings, tables),
            *link_complaints(settings, tables),
            *kept_complaints(settings, foreign),
        ]
        if complaints:
            raise Misconfigured("; ".join(complaints))
        return schema

    def owned(
        self, table: FromClause, link: Link | Through, owner: Mapping[str, Any]
    ) -> ColumnElement[bool]:
        """The condition that picks a subscriber's rows in another table.

        ``owner`` is the subscriber's row, or what is known of it when it is gone: its key.
        """
        conditions: list[ColumnElement[bool]] = []
        if link.through is None:
            for column, target in link.on.items():
                value = owner.get(target)
                conditions.append(false() if value is None else table.c[column] == value)
        else:
            between = self.tables[link.through.table].alias()
            conditions.append(
                exists().where(
                    *(table.c[column] == between.c[target] for column, target in link.on.items()),
                    self.owned(between, link.through, owner),
                )
            )
        if isinstance(link, Link):
            conditions += self.matching(table, link.where)
        return and_(*conditions)

    def matching(
        self, table: FromClause, constants: Mapping[str, Any]
    ) -> list[ColumnElement[bool]]:
        """Conditions that rows hold these constants of the settings."""
        return [table.c[name] == self.constant(table, name, constants[name]) for name in constants]

    def constant(self, table: FromClause, column: str, value: object) -> Any:
        """A constant of the settings as its column takes it."""
        return to_column(cast("Column[Any]", table.c[column]), value, self.settings.zone)


def _order(settings: SqlSettings, foreign: Mapping[str, Any]) -> list[str]:
    graph: dict[str, set[str]] = {name: set() for name in foreign}
    for child, keys in foreign.items():
        for parent in (key["referred_table"] for key in keys):
            if parent in graph and parent != child:
                graph[parent].add(child)
    for child, link in tables_of(settings):
        if link is not None:
            parent = link.through.table if link.through else settings.table
            if parent != child:
                graph[parent].add(child)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return [*(name for name in foreign if name != settings.table), settings.table]


def _named(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"{name} (did you mean {near[0]}?)" if near else name
