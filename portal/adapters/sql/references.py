"""Every table and column that the settings name, with the place that names it."""

from collections.abc import Iterator

from portal.adapters.sql.parts import Link, Through
from portal.adapters.sql.settings import SqlSettings

Reference = tuple[str, str, str]
"""Table, column, and the place in the settings that names them."""


def tables_of(settings: SqlSettings) -> Iterator[tuple[str, Link | Through | None]]:
    """Every table that the settings name, with its link."""
    yield settings.table, None
    links = [*settings.linked()]
    links += [(settings.table_of(step), settings.link_of(step)) for step in settings.erase]
    for table, link in links:
        yield table, link
        through = link.through
        while through is not None:
            yield through.table, through
            through = through.through


def references(settings: SqlSettings) -> Iterator[Reference]:
    """Every column that the settings name."""
    main = settings.table
    for place in ("email", "locale", "version", "changed_at"):
        if (column := getattr(settings, place)) is not None:
            yield main, column, place
    yield from ((main, column, "key") for column in settings.key)
    yield from ((main, column, "where") for column in settings.where)
    yield from ((main, column, f"links.{id}") for id, column in settings.links.items())
    yield from _of_fields(settings)
    yield from _of_consents(settings)
    if settings.restrict is not None:
        yield main, settings.restrict.column, "restrict"
    for number, step in enumerate(settings.erase):
        place, table = f"erase.{number}", settings.table_of(step)
        yield from _of_link(table, settings.link_of(step), main, place)
        for column in (*step.columns, *step.set, *([step.start] if step.start else [])):
            yield table, column, place


def _of_fields(settings: SqlSettings) -> Iterator[Reference]:
    main = settings.table
    for id, field in settings.fields.items():
        join = field.join and (settings.joins[field.join].table or field.join)
        yield join or main, field.column, f"fields.{id}"
    for id, one in settings.joins.items():
        table, extra = one.table or id, one.insert
        yield from _of_link(table, one, main, f"joins.{id}")
        if not isinstance(extra, bool):
            yield from ((table, column, f"joins.{id}.insert") for column in extra)
    for id, rows in settings.rows.items():
        yield from _of_link(rows.table, rows, main, f"rows.{id}")
        for column in (*rows.columns.values(), *(name.removeprefix("-") for name in rows.order_by)):
            yield rows.table, column, f"rows.{id}"


def _of_consents(settings: SqlSettings) -> Iterator[Reference]:
    for id, consent in settings.consents.items():
        table = consent.table or settings.table
        yield from _of_link(table, consent, settings.table, f"consents.{id}")
        named = (consent.column, consent.at, consent.source, consent.wording)
        often = consent.frequency.column if consent.frequency else None
        for column in (*named, consent.wording_version, consent.locale, often, *consent.insert):
            if column is not None:
                yield table, column, f"consents.{id}"


def _of_link(table: str, link: Link | Through, main: str, place: str) -> Iterator[Reference]:
    through = link.through
    for column, target in link.on.items():
        yield table, column, f"{place}.on"
        yield through.table if through else main, target, f"{place}.on"
    if isinstance(link, Link):
        yield from ((table, column, f"{place}.where") for column in link.where)
    if through is not None:
        yield from _of_link(through.table, through, main, f"{place}.through")
