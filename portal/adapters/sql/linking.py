"""Footer links in their columns: written beside all that a record is, as if nobody had."""

from collections.abc import Sequence

from sqlalchemy import Connection, update

from portal.adapters.contract import LinkToSet, Outcome, Refused, Unsupported
from portal.adapters.sql.keys import is_key, key_values
from portal.adapters.sql.reading import owner_of
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import DoesNotFit, to_column


def set_links(
    connection: Connection, schema: Schema, links: Sequence[LinkToSet]
) -> list[Outcome | None]:
    """Write all of them, where the address is still the one that each was made for.

    :raises Refused: a column cannot take its link; then none was written.
    """
    return [_set_link(connection, schema, one) for one in links]


def _set_link(connection: Connection, schema: Schema, wanted: LinkToSet) -> Outcome | None:
    settings, main = schema.settings, schema.main
    if wanted.purpose not in settings.links:
        raise Unsupported(f"there is no column for the link of {wanted.purpose}")
    name = settings.links[wanted.purpose]
    key = key_values(schema, wanted.ref.key)
    owner = None if key is None else owner_of(connection, schema, key, lock=True)
    if owner is None or str(owner[settings.email] or "") != wanted.seen:
        return None
    try:
        value = to_column(main.c[name], wanted.link, settings.zone)
    except DoesNotFit as error:
        raise Refused(f"{name} {error}") from None
    if (owner[name] or None) == (value or None):
        return Outcome.ALREADY
    # Columns that count or date changes are named, and left as they are: a database that moves
    # them on by itself (ON UPDATE CURRENT_TIMESTAMP) does so only where they are not.
    own = [one for one in (settings.version, settings.changed_at) if one is not None]
    email = main.c[settings.email]
    same_address = email.is_(None) if owner[settings.email] is None else email == wanted.seen
    written = connection.execute(
        update(main)
        .where(is_key(schema, {one.name: owner[one.name] for one in schema.key}), same_address)
        .values({name: value, **{one: main.c[one] for one in own}})
    )
    return Outcome.DONE if written.rowcount else None
