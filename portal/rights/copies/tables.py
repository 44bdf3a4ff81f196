"""A copy as tables for a spreadsheet, in which no cell is a formula (OWASP, CSV injection)."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from portal.rights.copies.telling import Told

HEADER = ("part", "system", "record", "field", "line", "column", "value", "note")
"""The columns of the one table that holds everything. Codes, the same in every language."""

CONTROLS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""What no cell needs, and what some programs drop or end a text at: then what follows is first."""
LEADS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\u2212")
"""What a formula begins with; also the wide signs, and the minus of typesetters."""
UNSEEN = r'[\s"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*+'
"""What a spreadsheet may pass over before it looks whether a cell is a formula."""
BEGINNING = re.compile(UNSEEN)
AFTER_SEPARATOR = re.compile(rf"[;\t\r\n]{UNSEEN}")
"""Much of Europe's spreadsheets split at the semicolon, also within what is quoted by commas."""


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, nor a part of it that it takes for a cell.

    The apostrophe is what spreadsheets themselves write before text that looks like a formula.
    """
    text = AFTER_SEPARATOR.sub(_guarded, CONTROLS.sub("", text))
    begins = BEGINNING.match(text)
    first = text[begins.end() : begins.end() + 1] if begins else ""
    return f"'{text}" if first in LEADS or text.startswith(("\t", "\r", "\n")) else text


def _guarded(run: re.Match[str]) -> str:
    after = run.string[run.end() : run.end() + 1]
    return f"{run[0]}'" if after in LEADS else run[0]


def one_table(told: Told) -> bytes:
    """All of it in one table: a line for each value, and for each cell of a field of rows."""
    return _csv(HEADER, list(_lines(told)))


def tables(told: Told) -> dict[str, bytes]:
    """File name → table: one of everything, and for each field of rows one as it is shown."""
    files: dict[str, tuple[Sequence[str], list[Sequence[Any]]]] = {}
    for system in told["systems"]:
        for record in system["records"]:
            for field in record["fields"]:
                if "rows" in field:
                    name = f"{system['id']}-{field['id']}.csv"
                    _, rows = files.setdefault(name, (list(field["columns"].values()), []))
                    rows += [[row[column] for column in field["columns"]] for row in field["rows"]]
    return {
        "my-data.csv": one_table(told),
        **{name: _csv(header, rows) for name, (header, rows) in files.items()},
    }


def _lines(told: Told) -> Iterator[Sequence[Any]]:
    for system in told["systems"]:
        if not system["reached"]:
            yield ("data", system["name"], "", "", "", "", "", "not reached")
        for number, record in enumerate(system["records"], start=1):
            for field in record["fields"]:
                at = ("data", system["name"], number, field["label"])
                if "withheld" in field:
                    yield (*at, "", "", "", "not shown")
                elif "rows" not in field:
                    yield (*at, "", "", field["value"], "")
                else:
                    for line, row in enumerate(field["rows"], start=1):
                        for column, label in field["columns"].items():
                            yield (*at, line, label, row[column], "")
    for one in told["purposes"]:
        yield ("choice", "", "", one["name"], "", "", one["on"], one["since"])


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    for row in (header, *rows):
        writer.writerow(["" if cell is None else neutral(str(cell)) for cell in row])
    # Spreadsheets take a file without this mark for one in their own old encoding.
    return f"\ufeff{file.getvalue()}".encode(errors="replace")
