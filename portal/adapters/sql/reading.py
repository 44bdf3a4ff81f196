"""Reading what is held of one subscriber."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    select,
)

from portal.adapters.contract import ConsentState, FieldInfo, Record, Ref, Scalar, Value
from portal.adapters.contract import Row as ValueRow
from portal.adapters.sql.keys import CANDIDATES, is_key, key_values
from portal.adapters.sql.parts import Column, Consent, Rows
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import (
    aware,
    from_column,
    same,
    unpadded,
)

Owner = Mapping[str, Any]
"""A subscriber's row: column → value as the driver gave it."""


def owner_of(
    connection: Connection, schema: Schema, key: Mapping[str, Any], *, lock: bool = False
) -> Owner | None:
    """One subscriber's row, locked until the transaction ends where the database can do that."""
    query = select(schema.main).where(is_key(schema, key))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else columns_of(schema.main, row)


def columns_of(table: Table, row: Row[Any]) -> Owner:
    """A whole row of a table, by column name."""
    return {
        column.name: unpadded(column, value)
        for column, value in zip(table.columns, row, strict=True)
    }


def read_record(connection: Connection, schema: Schema, ref: Ref, now: datetime) -> Record | None:
    """Everything that is mapped of one record, as it stands now (UTC); None when it is gone."""
    key = key_values(schema, ref.key)
    owner = None if key is None else owner_of(connection, schema, key)
    if owner is None:
        return None
    settings, main = schema.settings, schema.main
    version = (
        from_column(main.c[settings.version], owner[settings.version]) if settings.version else None
    )
    locale = owner[settings.locale] if settings.locale else None
    return Record(
        ref=ref,
        email=str(owner[settings.email] or ""),
        values=dict(_values(connection, schema, owner)),
        consents={
            purpose: read_consent(connection, schema, consent, owner, now)
            for purpose, consent in settings.consents.items()
        },
        version=None if version is None else str(version),
        changed_at=aware(owner[settings.changed_at], settings.zone)
        if settings.changed_at
        else None,
        locale=str(locale).strip() if locale else None,
        links={purpose: owner[name] or None for purpose, name in settings.links.items()},
        restricted=_is_restricted(schema, owner),
    )


def _is_restricted(schema: Schema, owner: Owner) -> bool | None:
    """Does the row bear the mark? None: there is no column for one."""
    restrict = schema.settings.restrict
    if restrict is None:
        return None
    return bool(
        owner[restrict.column] == schema.constant(schema.main, restrict.column, restrict.marked)
    )


def _values(connection: Connection, schema: Schema, owner: Owner) -> Iterator[tuple[str, Value]]:
    settings = schema.settings
    joined = {id: read_join(connection, schema, id, owner) for id in settings.joins}
    for id, field in settings.fields.items():
        table, row = schema.main, owner
        if field.join is not None:
            table, rows = joined[field.join]
            row = rows[0] if rows else {}
        yield id, field_value(table.c[field.column], field, row.get(field.column))
    for id, mapped in settings.rows.items():
        yield id, _rows(connection, schema, mapped, owner)


def field_value(column: ColumnElement[Any], field: Column, held: Any) -> Scalar:
    """What a column holds of a field, in the portal's form where the field's notation has one."""
    return field.read(from_column(column, held))


def read_join(
    connection: Connection, schema: Schema, id: str, owner: Owner, *, lock: bool = False
) -> tuple[Table, list[Owner]]:
    """The table of a join and the subscriber's rows in it: one, or none."""
    join = schema.settings.joins[id]
    table = schema.tables[join.table or id]
    query: Select[Any] = (
        select(table)
        .where(schema.owned(table, join, owner))
        .order_by(*table.primary_key.columns)
        .limit(2)
    )
    found = connection.execute(query.with_for_update() if lock else query)
    return table, [columns_of(table, row) for row in found]


def _rows(connection: Connection, schema: Schema, mapped: Rows, owner: Owner) -> list[ValueRow]:
    table = schema.tables[mapped.table]
    order = [
        table.c[name[1:]].desc() if name.startswith("-") else table.c[name]
        for name in mapped.order_by
    ]
    columns = {id: table.c[name] for id, name in mapped.columns.items()}
    query = (
        select(*(column.label(id) for id, column in columns.items()))
        .where(schema.owned(table, mapped, owner))
        .order_by(*order, *table.primary_key.columns)
    )
    return [
        {id: from_column(columns[id], value) for id, value in zip(columns, row, strict=True)}
        for row in connection.execute(query)
    ]


# --- consents ----------------------------------------------------------------------------------


def read_consent(
    connection: Connection, schema: Schema, consent: Consent, owner: Owner, now: datetime
) -> ConsentState:
    """What the database says of one purpose.

    Of several rows the newest counts where changes are appended; otherwise consent that any row
    still gives, or gives again after a pause, is shown as that, so that it can be withdrawn.
    """
    if consent.table is None:
        return _state(schema, schema.main, consent, owner, now)
    states = [
        _state(schema, schema.tables[consent.table], consent, row, now)
        for row in consent_rows(connection, schema, consent, owner)
    ]
    if not states:
        return ConsentState(granted=None)
    if consent.append:
        return states[0]
    paused = next((one for one in states if one.paused_until), states[0])
    return next((one for one in states if one.granted), paused)


def consent_rows(
    connection: Connection, schema: Schema, consent: Consent, owner: Owner
) -> list[Owner]:
    """The rows about one purpose, the newest first where they have a time."""
    table = schema.tables[consent.table or schema.settings.table]
    at = table.c[consent.at] if consent.at else None
    newest = [] if at is None else [at.is_(None), at.desc()]
    query = (
        select(table)
        .where(schema.owned(table, consent, owner))
        .order_by(*newest, *(column.desc() for column in table.primary_key.columns))
        .limit(1 if consent.append else CANDIDATES)
    )
    return [columns_of(table, row) for row in connection.execute(query)]


def _state(
    schema: Schema, table: Table, consent: Consent, row: Owner, now: datetime
) -> ConsentState:
    zone = schema.settings.zone
    granted: bool | None = True  # where there is no column, the row itself is the consent
    if consent.column is not None:
        held = row[consent.column]
        granted = held is not None and same(table.c[consent.column], held, consent.granted, zone)
        if held is None:
            granted = None
    until = aware(row[consent.pause], zone) if consent.pause else None
    if granted and until is not None and until > now:  # its evidence is that of being on
        often = _frequency(schema, table, consent, row)
        return ConsentState(granted=False, frequency=often, paused_until=until)
    evidence = {
        name: from_column(table.c[column], row[column]) if column else None
        for name, column in (
            ("source", consent.source),
            ("wording", consent.wording),
            ("wording_version", consent.wording_version),
            ("locale", consent.locale),
        )
    }
    told = {name: None if value is None else str(value) for name, value in evidence.items()}
    return ConsentState(
        granted=granted,
        at=aware(row[consent.at], zone) if consent.at else None,
        source=told["source"],
        wording=told["wording"],
        frequency=_frequency(schema, table, consent, row),
        wording_version=told["wording_version"],
        locale=told["locale"],
    )


def _frequency(schema: Schema, table: Table, consent: Consent, row: Owner) -> str | None:
    """The id whose value the column holds; None: it holds none that is known."""
    often = consent.frequency
    if often is None or row[often.column] is None:
        return None
    column, held, zone = table.c[often.column], row[often.column], schema.settings.zone
    found = (id for id, value in often.values.items() if same(column, held, value, zone))
    return next(found, None)


def describe(schema: Schema) -> list[FieldInfo]:
    """All columns of all mapped tables, with the field that each is shown as."""
    settings = schema.settings
    mapped: dict[tuple[str, str], str] = {}
    for id, rows in settings.rows.items():
        mapped |= {(rows.table, column): id for column in rows.columns.values()}
    for id, field in settings.fields.items():
        table = settings.table
        if field.join is not None:
            table = settings.joins[field.join].table or field.join
        mapped[table, field.column] = id
    links = {column: purpose for purpose, column in settings.links.items()}
    return [
        FieldInfo(
            name=f"{name}.{column.name}",
            type=str(column.type.compile()) if _has_name(column) else "unknown",
            field=mapped.get((name, column.name)),
            max_length=getattr(column.type, "length", None),
            nullable=bool(column.nullable),
            link=links.get(column.name) if name == settings.table else None,
        )
        for name, table in schema.tables.items()
        for column in table.columns
    ]


def _has_name(column: Any) -> bool:
    try:
        column.type.compile()
    except Exception:  # noqa: BLE001  a dialect's own type has no general name, and needs none
        return False
    return True
