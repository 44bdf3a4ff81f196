"""Footer links in their columns: written beside all that a record is, as if nobody had."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from portal.adapters.contract import LinkToSet, Outcome, Refused, Unsupported
from portal.adapters.sql.keys import is_key, key_text, key_values
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import DoesNotFit, padded, to_column, unpadded

AT_ONCE = 100
"""Rows that one query looks for: some databases take no longer condition."""
KEY, SEEN, LINK = "portal_key_", "portal_seen", "portal_link"
"""Names of parameters, which no column may have."""

Row = Mapping[str, Any]
"""Of one subscriber: column → value as the driver gave it; the key, the address and the links."""


def set_links(
    connection: Connection, schema: Schema, links: Sequence[LinkToSet]
) -> list[Outcome | None]:
    """Write all of them, where the address is still the one that each was made for.

    :raises Refused: a column cannot take its link; then none was written.
    """
    strange = sorted({one.purpose for one in links} - schema.settings.links.keys())
    if strange:
        raise Unsupported(f"there is no column for the link of {', '.join(strange)}")
    rows = _locked(connection, schema, dict.fromkeys(one.ref.key for one in links))
    done: list[Outcome | None] = []
    changes: dict[str, list[dict[str, Any]]] = {}
    for one in links:
        row, name = rows.get(one.ref.key), schema.settings.links[one.purpose]
        if row is None or str(row[schema.settings.email] or "") != one.seen:
            done.append(None)
            continue
        value = _fitting(schema, name, one.link)
        if (unpadded(schema.main.c[name], row[name]) or None) == (value or None):
            done.append(Outcome.ALREADY)
            continue
        key = {f"{KEY}{place}": row[column.name] for place, column in enumerate(schema.key)}
        email = row[schema.settings.email]
        changes.setdefault(name, []).append({**key, SEEN: email, LINK: value})
        done.append(Outcome.DONE)
    for name, wanted in changes.items():
        _write(connection, schema, name, wanted)
    return done


def _fitting(schema: Schema, name: str, link: str | None) -> Any:
    try:
        return to_column(schema.main.c[name], link, schema.settings.zone)
    except DoesNotFit as error:
        raise Refused(f"{name} {error}") from None


def _write(
    connection: Connection, schema: Schema, name: str, wanted: Sequence[Mapping[str, Any]]
) -> None:
    """Write one column of many rows.

    Columns that count or date changes are named, and left as they are: a database that moves them
    on by itself (ON UPDATE CURRENT_TIMESTAMP) does so only where they are not.
    """
    settings, main = schema.settings, schema.main
    own = [one for one in (settings.version, settings.changed_at) if one is not None]
    connection.execute(
        update(main)
        .where(*(one == bindparam(f"{KEY}{place}") for place, one in enumerate(schema.key)))
        .where(main.c[settings.email].is_not_distinct_from(bindparam(SEEN)))
        .values({name: bindparam(LINK), **{one: main.c[one] for one in own}}),
        [*wanted],
    )


def _locked(connection: Connection, schema: Schema, keys: Iterable[str]) -> dict[str, Row]:
    """The rows of these keys, locked; without those that are gone."""
    known = {key: values for key in keys if (values := key_values(schema, key)) is not None}
    columns = [*schema.key, schema.main.c[schema.settings.email]]
    columns += [schema.main.c[name] for name in schema.settings.links.values()]
    labelled = [one.label(f"portal_{place}") for place, one in enumerate(columns)]
    names, wanted = [one.name for one in columns], [*known.values()]
    there: dict[str, Row] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = _any_of(schema, wanted[start : start + AT_ONCE])
        for row in connection.execute(select(*labelled).where(some).with_for_update()):
            text = key_text(schema, row[: len(schema.key)])
            there[text] = dict(zip(names, row, strict=True))
    texts = {key: key_text(schema, [*values.values()]) for key, values in known.items()}
    return {key: there[text] for key, text in texts.items() if text in there}


def _any_of(schema: Schema, keys: Sequence[Mapping[str, Any]]) -> ColumnElement[bool]:
    if len(schema.key) > 1:
        return or_(*(is_key(schema, key) for key in keys))
    (column,) = schema.key
    values = [value for key in keys for value in padded(column, key[column.name])]
    return and_(column.in_(values), *schema.matching(schema.main, schema.settings.where))
