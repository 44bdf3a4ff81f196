"""Recording that consent is given or withdrawn, in a column or in rows of another table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, update

from portal.adapters.contract import ConsentState, Evidence, Outcome, Ref, Refused, Unsupported
from portal.adapters.sql.parts import Consent
from portal.adapters.sql.pausing import awakened
from portal.adapters.sql.reading import Owner, consent_rows
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import aware, to_column
from portal.adapters.sql.writing import Clock, locked_owner, update_owner


def set_consent(
    connection: Connection,
    schema: Schema,
    ref: Ref,
    purpose: str,
    granted: bool,
    evidence: Evidence,
    clock: Clock,
) -> Outcome:
    """Record consent or its withdrawal, with as much of the evidence as there are columns for.

    Nothing is compared with what was seen: of two wills the last one counts.
    """
    return _set(connection, schema, ref, purpose, granted, evidence, evidence, clock)


def put_back(
    connection: Connection,
    schema: Schema,
    ref: Ref,
    purpose: str,
    before: ConsentState,
    evidence: Evidence,
    clock: Clock,
) -> Outcome:
    """On again, with the evidence that stood there; in a history, with that of the taking back."""
    consent = schema.settings.consents.get(purpose)
    proof = evidence if consent is not None and consent.append else before
    return _set(connection, schema, ref, purpose, True, evidence, proof, clock)


Proof = Evidence | ConsentState


def _set(
    connection: Connection,
    schema: Schema,
    ref: Ref,
    purpose: str,
    granted: bool,
    evidence: Evidence,
    proof: Proof,
    clock: Clock,
) -> Outcome:
    consent = schema.settings.consents.get(purpose)
    if consent is None:
        raise Unsupported(f"the consent for {purpose} is not kept here")
    try:
        owner = locked_owner(connection, schema, ref)
    except Refused:
        if granted:
            raise
        return Outcome.ALREADY  # nobody is left to send anything to
    if consent.table is None:
        return _consent_in_column(connection, schema, consent, owner, granted, proof, clock)
    return _consent_in_rows(connection, schema, consent, owner, granted, evidence, proof)


def _consent_in_column(
    connection: Connection,
    schema: Schema,
    consent: Consent,
    owner: Owner,
    granted: bool,
    evidence: Proof,
    clock: Clock,
) -> Outcome:
    column = consent.column or ""
    value = schema.constant(schema.main, column, consent.granted if granted else consent.withdrawn)
    awake = awakened(consent, owner)
    if owner[column] == value and not awake:
        return Outcome.ALREADY
    # Where a pause alone is ended, what shows since when it is on stays as it is.
    proof = _evidence(schema, schema.main, consent, evidence) if owner[column] != value else {}
    update_owner(connection, schema, owner, {column: value, **awake, **proof}, clock)
    return Outcome.DONE


def _consent_in_rows(
    connection: Connection,
    schema: Schema,
    consent: Consent,
    owner: Owner,
    granted: bool,
    evidence: Evidence,
    told: Proof,
) -> Outcome:
    table = schema.tables[consent.table or ""]
    rows = consent_rows(connection, schema, consent, owner)
    proof = _evidence(schema, table, consent, told)
    if consent.column is None:
        if bool(rows) == granted:
            return Outcome.ALREADY
        if granted:
            _insert_consent(connection, schema, table, consent, owner, proof)
        else:
            connection.execute(delete(table).where(schema.owned(table, consent, owner)))
        return Outcome.DONE
    constant = consent.granted if granted else consent.withdrawn
    value = schema.constant(table, consent.column, constant)
    awake = {name: None for row in rows for name in awakened(consent, row)}
    if awake:
        connection.execute(update(table).where(schema.owned(table, consent, owner)).values(awake))
    if rows and all(row[consent.column] == value for row in rows):
        return Outcome.DONE if awake else Outcome.ALREADY
    if rows and not consent.append:
        differs = table.c[consent.column].is_distinct_from(value)
        connection.execute(
            update(table)
            .where(and_(schema.owned(table, consent, owner), differs))
            .values({consent.column: value, **proof})
        )
    else:
        if rows:
            evidence = _after(evidence, aware(rows[0].get(consent.at or ""), schema.settings.zone))
            proof = _evidence(schema, table, consent, evidence)
        _insert_consent(connection, schema, table, consent, owner, {consent.column: value, **proof})
    return Outcome.DONE


def set_frequency(
    connection: Connection,
    schema: Schema,
    ref: Ref,
    purpose: str,
    frequency: str,
    clock: Clock,
) -> Outcome:
    """Write how often, in the rows that say whether. Neither starts nor stops anything."""
    consent = schema.settings.consents.get(purpose)
    often = consent.frequency if consent else None
    if consent is None or often is None or frequency not in often.values:
        raise Unsupported(f"the frequency {frequency} of {purpose} is not kept here")
    owner = locked_owner(connection, schema, ref)
    table = schema.tables[consent.table or schema.settings.table]
    value = schema.constant(table, often.column, often.values[frequency])
    if consent.table is None:
        if owner[often.column] == value:
            return Outcome.ALREADY
        update_owner(connection, schema, owner, {often.column: value}, clock)
        return Outcome.DONE
    rows = consent_rows(connection, schema, consent, owner)
    if not rows:
        raise Refused(f"there is no row about {purpose} that could say how often")
    if all(row[often.column] == value for row in rows):
        return Outcome.ALREADY
    connection.execute(
        update(table).where(schema.owned(table, consent, owner)).values({often.column: value})
    )
    return Outcome.DONE


def _after(evidence: Evidence, newest: datetime | None) -> Evidence:
    """In a history the newest row counts, so a decision is newer than what it changes."""
    if newest is None or newest < evidence.at:
        return evidence
    return replace(evidence, at=newest + timedelta(seconds=1))


def _insert_consent(
    connection: Connection,
    schema: Schema,
    table: Table,
    consent: Consent,
    owner: Owner,
    values: Mapping[str, Any],
) -> None:
    constants = {**consent.where, **consent.insert}
    row = {column: owner[target] for column, target in consent.on.items()}
    row |= {name: schema.constant(table, name, value) for name, value in constants.items()}
    connection.execute(insert(table).values({**row, **values}))


def _evidence(schema: Schema, table: Table, consent: Consent, evidence: Proof) -> dict[str, Any]:
    """Evidence by column. A text that is too long is cut: the portal's own record has the whole.

    What stood there without any is put back without any.
    """
    proof: dict[str, Any] = {}
    for name, value in (
        (consent.at, evidence.at),
        (consent.source, evidence.source),
        (consent.wording, evidence.wording),
        (consent.wording_version, evidence.wording_version),
        (consent.locale, evidence.locale),
    ):
        if name is not None:
            column = table.c[name]
            length = getattr(column.type, "length", None)
            text = value[:length] if isinstance(value, str) and length else value
            proof[name] = None if text is None else to_column(column, text, schema.settings.zone)
    return proof
