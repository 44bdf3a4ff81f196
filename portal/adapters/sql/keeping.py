"""What an erasure keeps because a law says so, until when; and what of that is over already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
)

from portal.adapters.contract import Retained
from portal.adapters.sql.keys import is_key
from portal.adapters.sql.parts import EraseStep, Link
from portal.adapters.sql.periods import add_period
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.values import from_column

Owner = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Over:
    """Rows of one table that need not be kept any more."""

    table: Table
    rows: ColumnElement[bool]


def rows_of(
    schema: Schema, table: Table, step: EraseStep, owner: Owner, *, there: bool
) -> ColumnElement[bool] | None:
    """The condition that picks the rows a step is about; None: her own row, which is gone."""
    if table is not schema.main:
        return schema.owned(table, schema.settings.link_of(step), owner)
    if not there:
        return None
    return is_key(schema, {column.name: owner[column.name] for column in schema.key})


class Keeping:
    """Looks at one subscriber's kept rows, as they are within one transaction.

    Args:
        connection: That transaction's.
        schema: What the settings say of the database.
        owner: Her row, or what is left of it to go by.
        there: Is her row there?
        today: In the zone of the database.
    """

    def __init__(
        self, connection: Connection, schema: Schema, owner: Owner, *, there: bool, today: date
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._owner = owner
        self._there = there
        self._today = today
        self._ended: dict[str, list[tuple[EraseStep, Sequence[Any]]]] = {}
        for step in self._steps():
            name = schema.settings.table_of(step)
            if step.start and schema.tables[name] is not schema.main:
                self._ended.setdefault(name, []).append((step, self._values_that_ended(step)))

    def over(self) -> list[Over]:
        """What has ended, table by table, with what is a part of it."""
        found = []
        for name in dict.fromkeys([*self._ended, *self._parts()]):
            table = self._schema.tables[name]
            if (rows := self._over_in(name)) is not None:
                found.append(Over(table, rows))
        return found

    def retained(self) -> Iterator[Retained]:
        """What has to be kept still, step by step."""
        for step in self._steps():
            name = self._schema.settings.table_of(step)
            table = self._schema.tables[name]
            wanted = rows_of(self._schema, table, step, self._owner, there=self._there)
            if wanted is None:
                continue
            over = self._over_in(name)
            if over is not None:
                wanted = and_(wanted, not_(over))
            count = self._connection.execute(
                select(func.count()).select_from(table).where(wanted)
            ).scalar()
            if not count:
                continue
            ends = [
                _until(step, day)
                for value in (self._starts(table, step, wanted) if step.start else ())
                if (day := _day(table, step, value))
            ]
            yield Retained(
                category=step.category,
                ground=step.ground or "",
                law=dict(step.law),
                until=max(ends, default=None),
                count=int(count),
                first=min(ends, default=None) if table is not self._schema.main else None,
            )

    # --- what has ended ------------------------------------------------------------------------

    def _steps(self) -> list[EraseStep]:
        return [step for step in self._schema.settings.erase if step.action == "retain"]

    def _values_that_ended(self, step: EraseStep) -> Sequence[Any]:
        table = self._schema.tables[self._schema.settings.table_of(step)]
        wanted = rows_of(self._schema, table, step, self._owner, there=self._there)
        if wanted is None:
            return []
        return [
            value
            for value in self._starts(table, step, wanted)
            if (day := _day(table, step, value)) and _until(step, day) < self._today
        ]

    def _starts(self, table: Table, step: EraseStep, wanted: ColumnElement[bool]) -> Sequence[Any]:
        start = table.c[step.start or ""]
        return (
            self._connection.execute(select(start).where(wanted, start.is_not(None)).distinct())
            .scalars()
            .all()
        )

    def _over_in(self, name: str) -> ColumnElement[bool] | None:
        """Rows of a table that have ended themselves, or that are a part of such rows."""
        table = self._schema.tables[name]
        if name in self._ended:
            return self._ended_among(table, name)
        link = self._parts().get(name)
        if link is None or link.through is None:
            return None
        whole = self._schema.tables[link.through.table].alias()
        ended = self._ended_among(whole, link.through.table)
        if ended is None:
            return None
        belongs = (table.c[column] == whole.c[target] for column, target in link.on.items())
        return exists().where(*belongs, self._schema.owned(whole, link.through, self._owner), ended)

    def _ended_among(self, rows: FromClause, name: str) -> ColumnElement[bool] | None:
        """Of a table, which rows have ended by the step that keeps them; none has two."""
        ended = [
            and_(
                self._schema.owned(rows, self._schema.settings.link_of(step), self._owner),
                rows.c[step.start or ""].is_not(None),
                rows.c[step.start or ""].in_(values),
            )
            for step, values in self._ended[name]
            if values
        ]
        return or_(*ended) if ended else None

    def _parts(self) -> dict[str, Link]:
        """Tables whose rows belong to rows that end, and that have no end of their own."""
        settings, deleted = self._schema.settings, set()
        found: dict[str, Link] = {}
        for step in settings.erase:
            name = settings.table_of(step)
            if step.action == "delete":
                deleted.add(name)
            elif step.action == "retain" and not step.start:
                found[name] = settings.link_of(step)
        for name, link in settings.linked():
            found.setdefault(name, link)
        return {
            name: link
            for name, link in found.items()
            if name not in deleted
            and name not in self._ended
            and link.through is not None
            and link.through.table in self._ended
        }


def _day(table: Table, step: EraseStep, value: object) -> date | None:
    """The day that a period counts from."""
    start = from_column(table.c[step.start or ""], value)
    if isinstance(start, datetime):
        return start.date()
    return start if isinstance(start, date) else None


def _until(step: EraseStep, start: date) -> date:
    """The last day on which a row is kept."""
    return add_period(start, step.period or "", end_of_year=step.end_of_year)
