"""The canary: whatever a test does with a whole portal, no personal value is found afterwards.

Every test that starts a portal has it. The marked values are those of the people in its CRM and
whatever visitors typed about themselves. They are looked for in the database and its log, in a
back-up made on the spot, in the journal, in temporary files and in all that was logged. By design
they stand in the CRM and in the mails, and sealed in the portal's own database; so they are never
found there.
"""

import logging
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.store.database import Database
from portal.store.tables import Table

SHORTEST = 6
"""Signs of a value that is looked for: shorter ones stand anywhere by chance."""
PERSONAL = frozenset(
    {
        *("email", "address", "new_address", "contact", "message", "name"),
        *("first_name", "last_name", "phone", "street", "city", "birth_date", "postal_code"),
    }
)
"""Fields of forms into which people type of themselves."""
BY_DESIGN = re.compile(r"(crm|wholesale|shop|.*_crm)\.sqlite.*|away|.*\.toml|keys\.json")
"""Files that are no part of what the portal keeps: CRMs, one put away, what an operator wrote."""
NOT_OURS = ("mail.", "aiosmtpd", "asyncio", "faker", "tests.")
"""Loggers of the tests' own servers."""


class Canary(logging.Handler):
    """Collects the marks of one test's portals, and looks for them."""

    def __init__(self, temporary: Path | None = None) -> None:
        """``temporary``: where the portals put their temporary files."""
        super().__init__(logging.NOTSET)
        self._temporary = temporary
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self._logged: list[str] = []
        self._marks: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is logged, tracebacks included."""
        if not record.name.startswith(NOT_OURS):
            self._logged.append(self.format(record))

    def of_the_crm(self, file: Path) -> None:
        """Mark what makes people known in this CRM."""
        with closing(sqlite3.connect(file)) as crm:
            found = crm.execute(
                "SELECT email, last_name, phone, street, customer_number FROM contacts "
                "UNION ALL SELECT text, NULL, NULL, NULL, NULL FROM notes"
            ).fetchall()
        self._mark(value for row in found for value in row)

    def typed(self, fields: Mapping[str, Any]) -> None:
        """Mark what somebody sends of herself."""
        self._mark(value for name, value in fields.items() if name in PERSONAL)

    def _mark(self, values: Iterator[Any]) -> None:
        self._marks |= {str(one) for one in values if one and len(str(one)) >= SHORTEST}

    def found_in(self, instance: Path, database: Database) -> list[str]:
        """Where a mark was found: names of places, with what was found there."""
        told = b"".join(one.read_bytes() for one in instance.glob("*.toml"))
        marks = {mark: _likenesses(mark) for mark in self._marks if mark.encode() not in told}
        return [
            f"{place} holds {mark!r}"
            for place, content in self._places(instance, database)
            for mark, likenesses in marks.items()
            if any(one in content for one in likenesses)
        ]

    def _places(self, instance: Path, database: Database) -> Iterator[tuple[str, bytes]]:
        yield "the log", "\n".join(self._logged).encode()
        for folder in (instance, *([self._temporary] if self._temporary else [])):
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not BY_DESIGN.fullmatch(file.name):
                    yield file.name, file.read_bytes()
        if database.engine.dialect.name == "sqlite":
            yield "a back-up", _backed_up(Path(database.engine.url.database or ""))
        else:
            yield "the database", _dumped(database)


def _likenesses(mark: str) -> set[bytes]:
    """As it may be written: plainly, in JSON, in an address. Nothing here writes UTF-16."""
    return {
        mark.encode(),
        mark.encode("unicode_escape"),
        mark.replace("@", "%40").encode(),
    }


def _backed_up(file: Path) -> bytes:
    if not file.is_file():
        return b""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(file)) as database:
        copy = Path(folder) / "copy.sqlite"
        database.execute("VACUUM INTO ?", (str(copy),))
        return copy.read_bytes()


def _dumped(database: Database) -> bytes:
    tables = Table.metadata.sorted_tables
    with database.engine.connect() as there:
        rows = [str(tuple(row)) for table in tables for row in there.execute(select(table))]
    return "\n".join(rows).encode()
