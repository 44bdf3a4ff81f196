"""Pausing a mailing: the database's own date, before which whoever is on is left out."""

from datetime import datetime

from sqlalchemy import Connection, and_, update

from portal.adapters.contract import Outcome, Ref, Unsupported
from portal.adapters.sql.parts import Consent
from portal.adapters.sql.reading import Owner, consent_rows
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import same, to_column
from portal.adapters.sql.writing import Clock, locked_owner, update_owner


def pause(
    connection: Connection,
    schema: Schema,
    ref: Ref,
    purpose: str,
    until: datetime,
    clock: Clock,
) -> Outcome:
    """Write the day or moment, in the rows that say on; what is off stays as it is."""
    consent = schema.settings.consents.get(purpose)
    if consent is None or consent.pause is None or consent.column is None:
        raise Unsupported(f"{purpose} is not paused here")
    owner = locked_owner(connection, schema, ref)
    table, zone = schema.tables[consent.table or schema.settings.table], schema.settings.zone
    column = table.c[consent.pause]
    value = to_column(column, until, zone)
    on = schema.constant(table, consent.column, consent.granted)
    rows = [owner] if consent.table is None else consent_rows(connection, schema, consent, owner)
    awake = [row for row in rows if row[consent.column] == on]
    if all(same(column, row[column.name], value, zone) for row in awake):
        return Outcome.ALREADY
    if consent.table is None:
        update_owner(connection, schema, owner, {column.name: value}, clock)
        return Outcome.DONE
    is_on = table.c[consent.column] == on
    connection.execute(
        update(table)
        .where(and_(schema.owned(table, consent, owner), is_on))
        .values({column.name: value})
    )
    return Outcome.DONE


def awakened(consent: Consent, row: Owner) -> dict[str, None]:
    """What ends the pause that this row holds, by column; nothing where it holds none."""
    paused = consent.pause is not None and row[consent.pause] is not None
    return {consent.pause: None} if paused and consent.pause else {}
