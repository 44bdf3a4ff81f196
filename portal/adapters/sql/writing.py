"""Writing what a subscriber corrected, withdrew or restricted: all of it or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    func,
    insert,
    types,
    update,
)

from portal.adapters.contract import (
    Change,
    Conflict,
    Misconfigured,
    Outcome,
    Ref,
    Refused,
    Scalar,
    Unsupported,
)
from portal.adapters.notation import NoNotation
from portal.adapters.sql.keys import is_key, key_values
from portal.adapters.sql.parts import Column as Mapped
from portal.adapters.sql.reading import Owner, owner_of, read_join
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import DoesNotFit, from_column, same, to_column

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Place:
    """The row that fields are written to: the subscriber's own, or one of a join."""

    table: Table
    row: Owner | None
    """None: there is none yet."""
    join: str | None


def write_changes(
    connection: Connection, schema: Schema, ref: Ref, changes: Sequence[Change], clock: Clock
) -> Outcome:
    """Compare with what the subscriber saw, then write.

    What holds the new value already is no conflict: the call may be a repetition of one whose
    answer was lost.
    """
    fixed = [change.field for change in changes if change.field not in schema.settings.writable]
    if fixed:
        raise Unsupported(f"cannot be written: {', '.join(sorted(fixed))}")
    owner = locked_owner(connection, schema, ref)
    places = {
        join: _place(connection, schema, join, owner)
        for join in dict.fromkeys(schema.settings.fields[one.field].join for one in changes)
    }
    new = _what_is_new(schema, places, changes)
    for join, values in new.items():
        if join is not None:
            _write_join(connection, schema, places[join], values, owner)
    if not new:
        return Outcome.ALREADY
    update_owner(connection, schema, owner, new.get(None, {}), clock)
    return Outcome.DONE


def _what_is_new(
    schema: Schema, places: Mapping[str | None, Place], changes: Sequence[Change]
) -> dict[str | None, dict[str, Any]]:
    """Join (None: the subscriber's own row) → column → new value, without what is so already.

    :raises Refused: a column cannot take its new value.
    :raises Conflict: a value is no longer the one that was seen.
    """
    new: dict[str | None, dict[str, Any]] = {}
    unfit: list[str] = []
    differing: list[str] = []
    zone = schema.settings.zone
    for change in changes:
        field = schema.settings.fields[change.field]
        place = places[field.join]
        column = place.table.c[field.column]
        try:
            value = to_column(column, field.written(change.value), zone)
        except (DoesNotFit, NoNotation) as error:
            unfit.append(f"{change.field} {error}")
            continue
        current = None if place.row is None else place.row[field.column]
        if current == value or {current, value} <= {None, ""}:
            continue
        if not _is_as_seen(column, field, current, change.seen, zone):
            differing.append(change.field)
        new.setdefault(field.join, {})[field.column] = value
    if unfit:
        raise Refused("; ".join(unfit))
    if differing:
        raise Conflict(f"changed since it was seen: {', '.join(differing)}", differing)
    return new


def _is_as_seen(
    column: Column[Any], field: Mapped, current: Any, seen: Scalar, zone: tzinfo
) -> bool:
    """In the database's own writing, or in the portal's, where it stands there so by exception."""
    if field.read(from_column(column, current)) == seen:
        return True
    try:
        return same(column, current, field.written(seen), zone)
    except NoNotation:
        return False


def set_restricted(
    connection: Connection, schema: Schema, ref: Ref, on: bool, clock: Clock
) -> Outcome:
    """Mark the subscriber's row, or take the mark off."""
    restrict = schema.settings.restrict
    if restrict is None:
        raise Unsupported("there is no column for a restriction")
    owner = locked_owner(connection, schema, ref)
    mark = restrict.marked if on else restrict.unmarked
    value = schema.constant(schema.main, restrict.column, mark)
    if owner[restrict.column] == value:
        return Outcome.ALREADY
    update_owner(connection, schema, owner, {restrict.column: value}, clock)
    return Outcome.DONE


def set_address(
    connection: Connection, schema: Schema, ref: Ref, seen: str, address: str, clock: Clock
) -> Outcome:
    """Write the column that subscribers are found by."""
    settings = schema.settings
    if not settings.set_address:
        raise Unsupported("addresses are not written here: set_address is not set")
    owner = locked_owner(connection, schema, ref)
    column = schema.main.c[settings.email]
    try:
        value = to_column(column, address, settings.zone)
    except DoesNotFit as error:
        raise Refused(f"{settings.email} {error}") from None
    held = str(owner[settings.email] or "")
    if held == value:
        return Outcome.ALREADY
    if held != seen:
        raise Conflict(f"changed since it was seen: {settings.email}", [settings.email])
    update_owner(connection, schema, owner, {settings.email: value}, clock)
    return Outcome.DONE


def update_owner(
    connection: Connection, schema: Schema, owner: Owner, values: Mapping[str, Any], clock: Clock
) -> None:
    """Write the subscriber's own row, and count its version up.

    :raises Conflict: somebody else wrote in between, where the database could not lock the row.
    """
    settings, main = schema.settings, schema.main
    written = dict(values)
    key = {column.name: owner[column.name] for column in schema.key}
    guards: list[ColumnElement[bool]] = [is_key(schema, key)]
    if settings.version is not None:
        version = main.c[settings.version]
        guards += _unchanged(version, owner)
        if isinstance(version.type, types.Integer):
            written[settings.version] = (owner[settings.version] or 0) + 1
        elif isinstance(version.type, types.DateTime):
            written[settings.version] = to_column(version, clock(), settings.zone)
    for name in values:
        guards += _unchanged(main.c[name], owner)
    if settings.changed_at is not None:
        changed_at = main.c[settings.changed_at]
        written.setdefault(settings.changed_at, to_column(changed_at, clock(), settings.zone))
    if not written:
        return
    if connection.execute(update(main).where(*guards).values(written)).rowcount != 1:
        raise Conflict("changed while it was written", sorted(values))


def _unchanged(column: Column[Any], row: Owner) -> list[ColumnElement[bool]]:
    """Belt and braces for databases that cannot lock a row: only types that compare exactly."""
    if isinstance(column.type, types.Text) or not isinstance(
        column.type, types.String | types.Integer
    ):
        return []
    held = row[column.name]
    if held is None:
        return [column.is_(None)]
    # What was read of a CHAR came without its padding; not every database pads when it compares.
    return [(func.rtrim(column) if isinstance(column.type, types.CHAR) else column) == held]


def locked_owner(connection: Connection, schema: Schema, ref: Ref) -> Owner:
    """The subscriber's row, locked.

    :raises Refused: it is gone.
    """
    key = key_values(schema, ref.key)
    owner = None if key is None else owner_of(connection, schema, key, lock=True)
    if owner is None:
        raise Refused("the record is not there any more")
    return owner


def _place(connection: Connection, schema: Schema, join: str | None, owner: Owner) -> Place:
    if join is None:
        return Place(schema.main, owner, None)
    table, rows = read_join(connection, schema, join, owner, lock=True)
    if len(rows) > 1:
        raise Misconfigured(f"{table.name} has several rows for one subscriber")
    return Place(table, rows[0] if rows else None, join)


def _write_join(
    connection: Connection, schema: Schema, place: Place, values: Mapping[str, Any], owner: Owner
) -> None:
    join = schema.settings.joins[place.join or ""]
    table = place.table
    if place.row is not None:
        guards = [guard for name in values for guard in _unchanged(table.c[name], place.row)]
        changing = update(table).where(schema.owned(table, join, owner), *guards).values(values)
        if connection.execute(changing).rowcount != 1:
            raise Conflict("changed while it was written", sorted(values))
        return
    if join.insert is False or join.through is not None:
        raise Refused(f"{table.name} has no row for this subscriber, and none may be made")
    constants = {**join.where, **(join.insert if isinstance(join.insert, Mapping) else {})}
    row = {column: owner[target] for column, target in join.on.items()}
    row |= {name: schema.constant(table, name, value) for name, value in constants.items()}
    connection.execute(insert(table).values({**row, **values}))
