"""Copies: made at once, kept sealed for a day, and taken along in the form she likes.

The copy itself (`portal.rights.copies.telling`) is what is kept; every form is made of it anew
when it is asked for, so that all of them say the same.
"""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.access.sessions import SignedIn
from portal.consent.record import ConsentRecord
from portal.domain.rights import Right
from portal.proof.ledger import Event, Ledger
from portal.rights.copies.card import cards
from portal.rights.copies.keeping import Copies, Form, Lying
from portal.rights.copies.tables import one_table, tables
from portal.rights.copies.telling import CopyKind, Material, Telling, Told
from portal.rights.held.holdings import Holdings
from portal.rights.mailings.decide import Deciding, Standing
from portal.rights.requests.receiving import Requests
from portal.store.database import Database, Unit
from portal.store.vault import new_reference

RIGHT_OF = {CopyKind.COPY: Right.ACCESS, CopyKind.PORTABLE: Right.PORT}
STEMS = {CopyKind.COPY: "my-data", CopyKind.PORTABLE: "my-data-for-another-service"}
ReadingPage = Callable[[Told], str]
"""Turns a copy into a page to read and print, which needs nothing beside it."""


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """A copy in one form, to be saved."""

    name: str
    type: str
    content: bytes


class Exporting:
    """Makes copies and gives them out."""

    def __init__(
        self,
        database: Database,
        telling: Telling,
        requests: Requests,
        consents: ConsentRecord,
        deciding: Deciding,
        copies: Copies,
        ledger: Ledger,
    ) -> None:
        self._database = database
        self._telling = telling
        self._requests = requests
        self._consents = consents
        self._deciding = deciding
        self._copies = copies
        self._ledger = ledger

    def make(
        self,
        signed_in: SignedIn,
        kind: CopyKind,
        held: Holdings,
        standings: Sequence[Standing],
        locale: str,
    ) -> str:
        """Make a copy of all that this proof may see, and note that it was made; its reference.

        Request, ledger entry and the sealed copy are one commit: a crash leaves all or none.
        """
        with self._database.reading() as db:
            decisions = [
                one
                for one in self._consents.every(db, signed_in.subject_id)
                if self._deciding.concerns(signed_in, one.purpose)
            ]
        material = Material(held, standings, decisions, self._requests.all_of(signed_in))
        told = self._telling.tell(kind, signed_in, material, locale)
        reference = new_reference()

        def along(unit: Unit, request_id: str) -> None:
            size = self._copies.keep(unit.session, signed_in, request_id, reference, told)
            self._ledger.note(
                unit.session,
                Event.EXPORT_MADE,
                subject_id=signed_in.subject_id,
                request_id=request_id,
                facts={"kind": kind, "bytes": size, "systems": list(held.records)},
            )

        self._requests.receive(signed_in, RIGHT_OF[kind], {}, locale=locale, along=along)
        return reference

    def ready(self, signed_in: SignedIn) -> list[Lying]:
        """Her copies that lie ready, newest first."""
        return self._copies.ready(signed_in)

    def open(self, signed_in: SignedIn, reference: str) -> tuple[Lying, Told]:
        """A copy to read: see `Copies.open`, also for what it raises."""
        return self._copies.open(signed_in, reference)

    def take(self, signed_in: SignedIn, reference: str, form: Form, page: ReadingPage) -> File:
        """A copy as a file of this form; noted in the ledger. Raises what `open` does."""
        lying, told = self._copies.open(signed_in, reference)
        self._copies.taken(signed_in, reference, form)
        return as_file(told, form, f"{STEMS[lying.kind]}-{lying.made_at:%Y-%m-%d}", page)


def as_file(told: Told, form: Form, stem: str, page: ReadingPage) -> File:
    """The copy in one form. ``stem``: its name without what is behind the full stop."""
    match form:
        case Form.JSON:
            return File(f"{stem}.json", "application/json", as_json(told))
        case Form.CSV:
            return File(f"{stem}.csv", "text/csv; charset=utf-8", one_table(told))
        case Form.VCARD:
            return File(f"{stem}.vcf", "text/vcard; charset=utf-8", cards(told))
        case Form.ZIP:
            return File(f"{stem}.zip", "application/zip", _zip(told, page(told)))


def as_json(told: Told) -> bytes:
    """Exact: what UTF-8 has no letter for stands escaped, and nothing is replaced."""
    return json.dumps(told, ensure_ascii=False, indent=2).encode(errors="backslashreplace")


def _zip(told: Told, page: str) -> bytes:
    files: dict[str, Any] = {
        "my-data.html": page.encode(errors="replace"),
        "my-data.json": as_json(told),
        **tables(told),
        "my-data.vcf": cards(told),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
