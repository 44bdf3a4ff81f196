"""An independent witness of a database: all rows of all tables, and what changed between two looks.

It knows nothing of the portal and its settings, so that what it does not report did not happen.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import MetaData, create_engine, select

Cell = tuple[str, str, str]
"""Table, primary key and column."""
Look = Mapping[Cell, Any]


class Witness:
    """Looks at a database past the portal."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        self._tables = MetaData()
        self._tables.reflect(self._engine)

    def look(self) -> Look:
        """Every cell of every row of every table."""
        cells: dict[Cell, Any] = {}
        with self._engine.connect() as connection:
            for table in self._tables.tables.values():
                for row in connection.execute(select(table)).mappings():
                    key = ",".join(str(row[column.name]) for column in table.primary_key)
                    cells |= {(table.name, key, name): value for name, value in row.items()}
        return cells

    def close(self) -> None:
        self._engine.dispose()


def changes(before: Look, after: Look) -> dict[Cell, tuple[Any, Any]]:
    """Every cell that differs, with what it was and what it is; None where there is no row."""
    return {
        cell: (before.get(cell), after.get(cell))
        for cell in before.keys() | after.keys()
        if before.get(cell) != after.get(cell) or (cell in before) != (cell in after)
    }


def columns(changed: Iterable[Cell]) -> dict[str, set[str]]:
    """Table → the columns in which something changed."""
    found: dict[str, set[str]] = {}
    for table, _, column in changed:
        found.setdefault(table, set()).add(column)
    return found
