"""The copy: a ZIP with a page to read, JSON for programs and CSV for spreadsheets.

Made while the subscriber waits and kept nowhere.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.access.sessions import SignedIn
from portal.adapters.contract import Record, Scalar
from portal.domain.clock import Clock
from portal.domain.register import FieldEntry, Kind, Register, in_language
from portal.domain.rights import Right
from portal.proof.ledger import Event, Ledger
from portal.rights.decide import Standing
from portal.rights.holdings import Holdings, may_see
from portal.rights.requests import Requests
from portal.rights.values import rows_of, scalar_of
from portal.store.database import Unit

FORMAT = "subscriber-portal-copy/1"
RISKY = (*"=+-@\t\r\n\0", *"\uff1d\uff0b\uff0d\uff20")  # the last four are wide ones
AFTER_SEPARATOR = re.compile(r"([;\t\r\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Much of Europe's spreadsheets split at the semicolon, also within what is quoted by commas."""
ReadingPage = Callable[[Mapping[str, Any]], str]
"""Turns the copy's JSON into a page to read and print."""


@dataclass(frozen=True, slots=True, repr=False)
class Copy:
    """The finished file."""

    name: str
    content: bytes


class Exporting:
    """Makes copies."""

    def __init__(
        self, register: Register, requests: Requests, ledger: Ledger, clock: Clock
    ) -> None:
        self._register = register
        self._requests = requests
        self._ledger = ledger
        self._clock = clock

    def copy(
        self,
        signed_in: SignedIn,
        held: Holdings,
        standings: Sequence[Standing],
        locale: str,
        page: ReadingPage,
    ) -> Copy:
        """A copy of all that this proof may see, in one file; notes that it was made."""
        told = self.tell(signed_in, held, standings, locale)
        content = _zip(told, page(told))

        def note(unit: Unit, request_id: str) -> None:
            self._ledger.note(
                unit.session,
                Event.EXPORT_MADE,
                subject_id=signed_in.subject_id,
                request_id=request_id,
                facts={"bytes": len(content), "systems": list(held.records)},
            )

        self._requests.receive(signed_in, Right.ACCESS, {}, locale=locale, along=note)
        return Copy(f"my-data-{self._clock():%Y-%m-%d}.zip", content)

    def tell(
        self, signed_in: SignedIn, held: Holdings, standings: Sequence[Standing], locale: str
    ) -> dict[str, Any]:
        """The copy as JSON: every system, record and field, with what the register says of it."""
        return {
            "format": FORMAT,
            "made_at": self._clock().isoformat(timespec="seconds"),
            "language": locale,
            "email": signed_in.email.address,
            "systems": [
                {
                    "id": name,
                    "name": in_language(adapter.settings.label, locale),
                    "hosted_in": adapter.settings.location.hosting,
                    "hosted_by": adapter.settings.location.entity,
                    "reached": name not in held.away,
                    "records": [
                        self._record(record, held.tier, locale)
                        for record in held.records.get(name, ())
                    ],
                }
                for name, adapter in held.adapters.items()
            ],
            "purposes": [
                {
                    "id": standing.purpose.id,
                    "name": in_language(standing.purpose.label, locale),
                    "ground": standing.purpose.ground.value,
                    "on": standing.on,
                    "since": standing.since.isoformat() if standing.since else None,
                    "wording": in_language(standing.purpose.wording, locale),
                }
                for standing in standings
            ],
        }

    def _record(self, record: Record, tier: int, locale: str) -> list[dict[str, Any]]:
        return [
            self._field(field, record, tier, locale)
            for field in self._register.fields
            if field.exported and field.id in record.values
        ]

    def _field(self, field: FieldEntry, record: Record, tier: int, locale: str) -> dict[str, Any]:
        value = record.values[field.id]
        told: dict[str, Any] = {
            "id": field.id,
            "label": in_language(field.label, locale),
            "kind": field.kind.value,
        }
        if not may_see(field, tier):
            told["withheld"] = "needs more proof than a mailbox"
        elif field.kind is Kind.ROWS:
            told["columns"] = {
                name: in_language(label, locale) for name, label in field.columns.items()
            }
            told["rows"] = [
                {name: _exact(row.get(name)) for name in field.columns} for row in rows_of(value)
            ]
        else:
            told["value"] = _exact(scalar_of(value))
        explanation = self._register.explain(field)
        for name in ("why", "source", "retention", "retention_law"):
            if text := getattr(explanation, name):
                told[name] = in_language(text, locale)
        if explanation.ground:
            told["ground"] = explanation.ground.value
        told["recipients"] = [one.name for one in explanation.recipients or ()]
        told["transfers"] = [
            {
                "to": one.to,
                "country": one.country,
                "safeguard": in_language(one.safeguard, locale),
            }
            for one in explanation.transfers or ()
        ]
        return told


def _exact(value: Scalar) -> str | int | float | bool | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection).

    The apostrophe is what spreadsheets themselves write before text that looks like a formula.
    """
    text = AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if text.startswith(RISKY) else text


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    for row in (header, *rows):
        writer.writerow(["" if cell is None else neutral(str(cell)) for cell in row])
    # Spreadsheets take a file without this mark for one in their own old encoding.
    return "\ufeff" + file.getvalue()


def _tables(told: Mapping[str, Any]) -> dict[str, str]:
    """File name → CSV: one table of single values, one for each field that has rows."""
    single: list[Sequence[Any]] = []
    tables: dict[str, tuple[list[str], list[Sequence[Any]]]] = {}
    for system in told["systems"]:
        for number, record in enumerate(system["records"], start=1):
            for field in record:
                if "rows" in field:
                    name = f"{system['id']}-{field['id']}.csv"
                    _header, rows = tables.setdefault(name, (list(field["columns"].values()), []))
                    rows.extend(
                        [row[column] for column in field["columns"]] for row in field["rows"]
                    )
                else:
                    single.append((system["name"], number, field["label"], field.get("value")))
    files = {name: _csv(header, rows) for name, (header, rows) in tables.items()}
    files["my-data.csv"] = _csv(("system", "record", "field", "value"), single)
    return files


def _zip(told: Mapping[str, Any], page: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("my-data.html", page)
        archive.writestr("my-data.json", json.dumps(told, ensure_ascii=False, indent=2))
        for name, text in sorted(_tables(told).items()):
            archive.writestr(name, text)
    return buffer.getvalue()
