"""Erasing a subscriber: step by step as the settings say, children first, in one transaction."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from portal.adapters.contract import (
    Erasure,
    ErasureKind,
    Ref,
    Refused,
    Retained,
    Unsupported,
)
from portal.adapters.sql.parts import EraseStep
from portal.adapters.sql.periods import add_period
from portal.adapters.sql.reading import is_key, key_values, owner_of
from portal.adapters.sql.schema import Schema, step_order
from portal.adapters.sql.settings import SqlSettings
from portal.adapters.sql.values import empty, from_column, to_column, unpadded
from portal.adapters.sql.writing import Clock, update_owner

Owner = Mapping[str, Any]


def kind_of(settings: SqlSettings) -> ErasureKind | None:
    """What an erasure by these steps really is; None where there are no steps."""
    steps = [step for step in settings.erase if step.action != "retain"]
    if not steps:
        return None
    row_goes = any(
        step.action == "delete" and settings.table_of(step) == settings.table for step in steps
    )
    nothing_stays = row_goes and all(step.action == "delete" for step in steps)
    return ErasureKind.HARD if nothing_stays else ErasureKind.ANONYMISED


def plan(connection: Connection, schema: Schema, ref: Ref) -> Erasure:
    """What an erasure would do now. Changes nothing."""
    kind = kind_of(schema.settings)
    if kind is None:
        raise Unsupported("nothing can be erased here: there are no steps for it")
    _, owner = _owner(connection, schema, ref, lock=False)
    retained = tuple(_retained(connection, schema, owner))
    kept = {one.category for one in retained}
    removed = (step.category for step in schema.settings.erase if step.action != "retain")
    return Erasure(
        removed=tuple(dict.fromkeys(one for one in removed if one not in kept)),
        retained=retained,
        kind=kind,
    )


def erase(connection: Connection, schema: Schema, ref: Ref, clock: Clock) -> Erasure:
    """Do it. On a record that was erased before, the same result and no effect."""
    result = plan(connection, schema, ref)
    there, owner = _owner(connection, schema, ref, lock=True)
    own_values: dict[str, Any] = {}
    delete_owner = False
    for step in sorted(_steps(schema), key=lambda one: step_order(schema, one)):
        table = schema.tables[schema.settings.table_of(step)]
        if table is schema.main:
            delete_owner |= step.action == "delete"
            own_values |= _new_values(schema, table, step, ref)
            continue
        wanted = schema.owned(table, schema.settings.link_of(step), owner)
        if step.action == "delete":
            connection.execute(delete(table).where(wanted))
        else:
            values = _new_values(schema, table, step, ref)
            connection.execute(update(table).where(wanted).values(values))
    if there and delete_owner:
        key = {column.name: owner[column.name] for column in schema.key}
        connection.execute(delete(schema.main).where(is_key(schema, key)))
    elif there and any(owner[name] != value for name, value in own_values.items()):
        update_owner(connection, schema, owner, own_values, clock)
    return result


def is_erased(connection: Connection, schema: Schema, ref: Ref) -> bool:
    """Read back: deleted rows are gone, and overwritten columns hold what was written over them."""
    if kind_of(schema.settings) is None:
        raise Unsupported("nothing can be erased here: there are no steps for it")
    there, owner = _owner(connection, schema, ref, lock=False)
    for step in _steps(schema):
        table = schema.tables[schema.settings.table_of(step)]
        wanted = _rows_of(schema, table, step, owner, there=there)
        if wanted is None:
            continue
        if step.action == "delete":
            if connection.execute(select(func.count()).select_from(table).where(wanted)).scalar():
                return False
            continue
        values = _new_values(schema, table, step, ref)
        columns = [table.c[name] for name in values]
        for row in connection.execute(select(*columns).where(wanted)):
            held = {
                column.name: unpadded(column, value)
                for column, value in zip(columns, row, strict=True)
            }
            if held != values:
                return False
    return True


def _steps(schema: Schema) -> Iterator[EraseStep]:
    return (step for step in schema.settings.erase if step.action != "retain")


def _owner(connection: Connection, schema: Schema, ref: Ref, *, lock: bool) -> tuple[bool, Owner]:
    """Is the subscriber's row there; and it, or what is left of it to go by: its key."""
    key = key_values(schema, ref.key)
    if key is None:
        raise Refused("this is no key of a record here")
    owner = owner_of(connection, schema, key, lock=lock)
    return (False, key) if owner is None else (True, owner)


def _rows_of(
    schema: Schema, table: Table, step: EraseStep, owner: Owner, *, there: bool
) -> ColumnElement[bool] | None:
    if table is not schema.main:
        return schema.owned(table, schema.settings.link_of(step), owner)
    if not there:
        return None
    return is_key(schema, {column.name: owner[column.name] for column in schema.key})


def _new_values(schema: Schema, table: Table, step: EraseStep, ref: Ref) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if step.action in {"blank", "anonymise"}:
        values |= {name: empty(table.c[name]) for name in step.columns}
        for name, constant in step.set.items():
            text = constant.replace("{key}", ref.key) if isinstance(constant, str) else constant
            values[name] = to_column(table.c[name], text, schema.settings.zone)
    return values


# --- what is kept ------------------------------------------------------------------------------


def _retained(connection: Connection, schema: Schema, owner: Owner) -> Iterator[Retained]:
    there = schema.settings.email in owner
    for step in schema.settings.erase:
        if step.action != "retain":
            continue
        table = schema.tables[schema.settings.table_of(step)]
        wanted = _rows_of(schema, table, step, owner, there=there)
        if wanted is None:
            continue
        newest = func.max(table.c[step.start]) if step.start else func.max(None)
        count, last = connection.execute(
            select(func.count(), newest).select_from(table).where(wanted)
        ).one()
        if count:
            yield Retained(
                category=step.category,
                ground=step.ground or "",
                law=dict(step.law),
                until=_until(
                    step, None if not step.start else from_column(table.c[step.start], last)
                ),
                count=int(count),
            )


def _until(step: EraseStep, newest: object) -> date | None:
    """The last day on which the newest of the rows is kept."""
    if isinstance(newest, datetime):
        newest = newest.date()
    if step.period is None or not isinstance(newest, date):
        return None
    return add_period(newest, step.period, end_of_year=step.end_of_year)
