"""Erasing a subscriber: step by step as the settings say, children first, in one transaction."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from portal.adapters.contract import Erasure, ErasureKind, Ref, Refused, Unsupported
from portal.adapters.sql.keeping import Keeping, Over, rows_of
from portal.adapters.sql.keys import is_key, key_values
from portal.adapters.sql.parts import EraseStep
from portal.adapters.sql.reading import owner_of
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.settings import SqlSettings
from portal.adapters.sql.values import empty, to_column, unpadded
from portal.adapters.sql.writing import Clock, update_owner

log = logging.getLogger(__name__)

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


def plan(connection: Connection, schema: Schema, ref: Ref, clock: Clock) -> Erasure:
    """What an erasure would do now. Changes nothing."""
    kind = kind_of(schema.settings)
    if kind is None:
        raise Unsupported("nothing can be erased here: there are no steps for it")
    retained = tuple(_keeping(connection, schema, ref, clock).retained())
    kept = {one.category for one in retained}
    removed = (step.category for step in schema.settings.erase)
    return Erasure(
        removed=tuple(dict.fromkeys(one for one in removed if one not in kept)),
        retained=retained,
        kind=kind,
    )


def erase(connection: Connection, schema: Schema, ref: Ref, clock: Clock) -> Erasure:
    """Do it. On a record that was erased before, the same result and no effect."""
    result = plan(connection, schema, ref, clock)
    there, owner = _owner(connection, schema, ref, lock=True)
    own_values: dict[str, Any] = {}
    delete_owner = False
    over = {one.table.name: one for one in _keeping(connection, schema, ref, clock).over()}
    for name in schema.order:
        if name in over:
            _remove_ended(connection, over[name])
        for step in _steps_of(schema, name):
            table = schema.tables[name]
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


def _remove_ended(connection: Connection, over: Over) -> None:
    """What need not be kept any more; what something unknown refers to stays, and reads back so."""
    try:
        with connection.begin_nested():
            connection.execute(delete(over.table).where(over.rows))
    except IntegrityError:
        log.warning("rows of %s have ended, and something refers to them", over.table.name)


def is_erased(connection: Connection, schema: Schema, ref: Ref, clock: Clock) -> bool:
    """Read back: deleted rows are gone, and overwritten columns hold what was written over them.

    So are rows gone whose time is over.
    """
    if kind_of(schema.settings) is None:
        raise Unsupported("nothing can be erased here: there are no steps for it")
    there, owner = _owner(connection, schema, ref, lock=False)
    if any(_is_there(connection, one) for one in _keeping(connection, schema, ref, clock).over()):
        return False
    for step in (step for step in schema.settings.erase if step.action != "retain"):
        table = schema.tables[schema.settings.table_of(step)]
        wanted = rows_of(schema, table, step, owner, there=there)
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


def _is_there(connection: Connection, over: Over) -> bool:
    counted = select(func.count()).select_from(over.table).where(over.rows)
    return bool(connection.execute(counted).scalar())


def _steps_of(schema: Schema, table: str) -> list[EraseStep]:
    """The steps of one table, those that delete after those that overwrite."""
    steps = [
        step
        for step in schema.settings.erase
        if step.action != "retain" and schema.settings.table_of(step) == table
    ]
    return sorted(steps, key=lambda step: step.action == "delete")


def _keeping(connection: Connection, schema: Schema, ref: Ref, clock: Clock) -> Keeping:
    there, owner = _owner(connection, schema, ref, lock=False)
    today = clock().astimezone(schema.settings.zone).date()
    return Keeping(connection, schema, owner, there=there, today=today)


def _owner(connection: Connection, schema: Schema, ref: Ref, *, lock: bool) -> tuple[bool, Owner]:
    """Is the subscriber's row there; and it, or what is left of it to go by: its key."""
    key = key_values(schema, ref.key)
    if key is None:
        raise Refused("this is no key of a record here")
    owner = owner_of(connection, schema, key, lock=lock)
    return (False, key) if owner is None else (True, owner)


def _new_values(schema: Schema, table: Table, step: EraseStep, ref: Ref) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if step.action in {"blank", "anonymise"}:
        values |= {name: empty(table.c[name]) for name in step.columns}
        for name, constant in step.set.items():
            text = constant.replace("{key}", ref.key) if isinstance(constant, str) else constant
            values[name] = to_column(table.c[name], text, schema.settings.zone)
    return values
