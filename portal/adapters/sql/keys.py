"""Keys of records: how they are found, written as text, and paged through."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import DoesNotFit, padded, to_column, unpadded

CANDIDATES = 50
"""As many records of one address are looked at; more are no person's."""


def find_keys(connection: Connection, schema: Schema, email: str) -> list[str]:
    """Keys of the records with this address, in any case of its letters, with blanks or without."""
    address = func.trim(schema.main.c[schema.settings.email])
    wanted = spellings(email.strip())
    lower = [one.lower() for one in wanted]
    query = (
        select(*schema.key)
        .where(or_(func.lower(address).in_(lower), address.in_(wanted)), *_ours(schema))
        .order_by(*schema.key)
        .limit(CANDIDATES)
    )
    return [key_text(schema, row) for row in connection.execute(query)]


def spellings(email: str) -> list[str]:
    """The address as given, and with its domain in letters where that is in its ASCII form."""
    local, at, domain = email.rpartition("@")
    try:
        return list(dict.fromkeys([email, f"{local}{at}{domain.encode().decode('idna')}"]))
    except UnicodeError:
        return [email]


def key_text(schema: Schema, values: Sequence[Any]) -> str:
    """A record's key as text; several columns as a JSON list."""
    texts = [str(unpadded(*pair)) for pair in zip(schema.key, values, strict=True)]
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)


def key_values(schema: Schema, key: str) -> dict[str, Any] | None:
    """The key's columns and their values; None when the text is no key of this table."""
    texts: Any = [key]
    if len(schema.key) > 1:
        try:
            texts = json.loads(key)
        except ValueError:
            return None
    if not isinstance(texts, list) or len(texts) != len(schema.key):
        return None
    try:
        return {
            column.name: to_column(column, str(text), schema.settings.zone)
            for column, text in zip(schema.key, texts, strict=True)
        }
    except DoesNotFit:
        return None


def is_key(schema: Schema, key: Mapping[str, Any]) -> ColumnElement[bool]:
    """The condition that picks one subscriber's row."""
    columns = schema.main.c
    return and_(
        *(columns[name].in_(padded(columns[name], value)) for name, value in key.items()),
        *_ours(schema),
    )


# --- the whole table ---------------------------------------------------------------------------


def page_of_keys(
    connection: Connection, schema: Schema, after: str | None, size: int
) -> list[tuple[str, str]]:
    """The next records in the order of their keys: (key, address); without those of no address."""
    email = schema.main.c[schema.settings.email]
    query = (
        select(*schema.key, email.label("portal_email"))
        .where(email.is_not(None), email != "", *_ours(schema))
        .order_by(*schema.key)
        .limit(size)
    )
    key = None if after is None else key_values(schema, after)
    if key is not None:
        query = query.where(_beyond(schema, key))
    return [(key_text(schema, row[:-1]), str(row[-1])) for row in connection.execute(query)]


def page_of_links(
    connection: Connection, schema: Schema, after: str | None, size: int
) -> list[tuple[str, str, dict[str, str | None]]]:
    """The next records in the order of their keys: (key, address, purpose → what its column holds).

    Without those that have neither address nor link.
    """
    settings, columns = schema.settings, schema.main.c
    email, links = columns[settings.email], [columns[name] for name in settings.links.values()]
    query = (
        select(
            *(one.label(f"portal_key_{number}") for number, one in enumerate(schema.key)),
            email.label("portal_email"),
            *(one.label(f"portal_link_{number}") for number, one in enumerate(links)),
        )
        .where(or_(*(and_(one.is_not(None), one != "") for one in (email, *links))))
        .where(*_ours(schema))
        .order_by(*schema.key)
        .limit(size)
    )
    key = None if after is None else key_values(schema, after)
    if key is not None:
        query = query.where(_beyond(schema, key))
    count = len(schema.key)
    return [
        (
            key_text(schema, row[:count]),
            str(row[count] or ""),
            {
                purpose: unpadded(column, held) or None
                for purpose, column, held in zip(
                    settings.links, links, row[count + 1 :], strict=True
                )
            },
        )
        for row in connection.execute(query)
    ]


def _beyond(schema: Schema, key: Mapping[str, Any]) -> ColumnElement[bool]:
    """Rows after this key: written out, since not every database compares tuples."""
    columns = [schema.main.c[name] for name in key]
    return or_(
        *(
            and_(*(one == key[one.name] for one in columns[:depth]), column > key[column.name])
            for depth, column in enumerate(columns)
        )
    )


def _ours(schema: Schema) -> list[ColumnElement[bool]]:
    return schema.matching(schema.main, schema.settings.where)
