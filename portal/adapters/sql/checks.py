"""What would go wrong in a person's erasure or correction, found when the portal starts."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Table, types
from sqlalchemy.engine.reflection import Inspector

from portal.adapters.sql.references import references
from portal.adapters.sql.settings import SqlSettings
from portal.adapters.sql.values import DoesNotFit, empty, to_column


def key_complaints(
    inspector: Inspector, settings: SqlSettings, key: tuple[Column[Any], ...]
) -> Iterator[str]:
    """A key that fits two people would show one what is the other's, and erase both."""
    table, schema = settings.table, settings.db_schema
    if not key:
        yield f"key is missing: {table} has no primary key, so say which columns identify a person"
        return
    if any(isinstance(column.type, types.LargeBinary | types.Float) for column in key):
        yield "key: a column of this type cannot be a key"
    if table in inspector.get_view_names(schema):
        return
    unique = [inspector.get_pk_constraint(table, schema)["constrained_columns"]]
    unique += [one["column_names"] for one in inspector.get_unique_constraints(table, schema)]
    unique += [
        [str(name) for name in one["column_names"]]
        for one in inspector.get_indexes(table, schema)
        if one["unique"] and "postgresql_where" not in one.get("dialect_options", {})
    ]
    names = {column.name for column in key}
    if not any(columns and names.issuperset(columns) for columns in unique):
        yield f"key: nothing in the database keeps {', '.join(sorted(names))} unique in {table}"


def constant_complaints(settings: SqlSettings, tables: Mapping[str, Table]) -> Iterator[str]:
    """Constants that their columns cannot take, found before somebody's erasure fails on them."""
    for number, step in enumerate(settings.erase):
        table = tables[settings.table_of(step)]
        for name in step.columns if step.action == "blank" else ():
            try:
                empty(table.c[name])
            except DoesNotFit as error:
                yield f"erase.{number}: {table.name}.{name} {error}"
    for place, table, constants in _constants(settings, tables):
        for name, value in constants.items():
            try:
                to_column(table.c[name], value, settings.zone)
            except DoesNotFit as error:
                yield f"{place}: the value for {table.name}.{name} {error}"


def _constants(
    settings: SqlSettings, tables: Mapping[str, Table]
) -> Iterator[tuple[str, Table, Mapping[str, object]]]:
    yield "where", tables[settings.table], settings.where
    for id, consent in settings.consents.items():
        table = tables[consent.table or settings.table]
        yield f"consents.{id}", table, {**consent.where, **consent.insert}
        if consent.column is not None:
            yield f"consents.{id}", table, {consent.column: consent.granted}
            yield f"consents.{id}", table, {consent.column: consent.withdrawn}
        if consent.frequency is not None:
            for value in consent.frequency.values.values():
                yield f"consents.{id}.frequency", table, {consent.frequency.column: value}
    if settings.restrict is not None:
        column = settings.restrict.column
        yield "restrict", tables[settings.table], {column: settings.restrict.marked}
        yield "restrict", tables[settings.table], {column: settings.restrict.unmarked}
    for number, step in enumerate(settings.erase):
        yield f"erase.{number}", tables[settings.table_of(step)], {**step.where, **step.set}


def link_complaints(settings: SqlSettings, tables: Mapping[str, Table]) -> Iterator[str]:
    """A column for links is overwritten without a question: it holds text, and nothing else."""
    taken = {
        column
        for table, column, place in references(settings)
        if table == settings.table and not place.startswith(("links.", "erase."))
    }
    for id, name in settings.links.items():
        column = tables[settings.table].c[name]
        if name in taken:
            yield f"links.{id}: {name} holds something else: a link needs a column of its own"
        taken.add(name)
        if not isinstance(column.type, types.String) or isinstance(column.type, types.Enum):
            yield f"links.{id}: {name} is no column of text"


def kept_complaints(settings: SqlSettings, foreign: Mapping[str, Any]) -> Iterator[str]:
    """What is kept must survive what is deleted."""
    kept = {settings.table_of(step) for step in settings.erase if step.action == "retain"}
    deleted = {settings.table_of(step) for step in settings.erase if step.action == "delete"}
    for table in sorted(kept):
        for key in foreign[table]:
            parent = key["referred_table"]
            rule = str(key.get("options", {}).get("ondelete", "")).upper()
            if parent in deleted - {table} and rule != "SET NULL":
                yield f"erase: {table} is kept but refers to {parent}, which is deleted"
