"""Telling those who received her data (Art. 19 GDPR), where no adapter does it: a person does.

The register names them (`tell = true`). At an erasure, a correction or a restriction each of those
who received something that is held of her becomes a case; her page lists each, told or not yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.access.subjects import Whose
from portal.domain.register import FieldEntry, Recipient, Register
from portal.rights.cases.casebook import CaseBrief, CaseKind, Cases, brief, case_of
from portal.rights.held.holdings import Holdings
from portal.store.database import Unit
from portal.store.tables import Request

RECIPIENTS = "recipients"
"""In the details of a request: whom to tell, each as ``id`` or, once there is a case for it, as
``id:reference``."""


class Recipients:
    """Finds whom to tell, and has them told."""

    def __init__(self, register: Register, cases: Cases) -> None:
        self._register = register
        self._cases = cases

    def of_fields(self, fields: Iterable[str]) -> list[str]:
        """Ids of those who received these fields, and are to be told."""
        entries = (self._register.field(id) for id in fields)
        return self._of(entries)

    def of_held(self, held: Holdings) -> list[str]:
        """Ids of those who received anything that is held, or may be where a system is away."""
        there = {id for _name, record in held.each() for id in record.values}
        away = {id for name in held.away for id in held.adapters[name].capabilities.fields}
        return self._of(entry for entry in self._register.fields if entry.id in there | away)

    def _of(self, fields: Iterable[FieldEntry]) -> list[str]:
        found: dict[str, None] = {}
        for field in fields:
            for one in self._register.explain(field).recipients or ():
                if one.tell and one.id:
                    found[one.id] = None
        return [*found]

    def named(self, id: str) -> Recipient | None:
        """The recipient of this id; None: the register does not know it any more."""
        for part in (*self._register.activities, *self._register.fields):
            for one in part.recipients or ():
                if one.id == id:
                    return one
        return None

    def tell(
        self, unit: Unit, whose: Whose, request_id: str, ids: Sequence[str], locale: str
    ) -> None:
        """Open a case for each, in the unit of work of the request or of its end."""
        if not ids:
            return
        told = []
        for id in ids:
            recipient = self.named(id)
            reference = self._cases.open(
                unit,
                CaseKind.RECIPIENT,
                site=whose.site,
                locale=locale,
                subject_id=whose.subject_id,
                request_id=request_id,
                message=recipient.name if recipient else id,
                contact=whose.email.address,
            )
            told.append(f"{id}:{reference}")
        request = unit.session.get_one(Request, request_id)
        request.details = {**request.details, RECIPIENTS: told}


def still_to_tell(details: Mapping[str, Any]) -> list[str]:
    """Of a request that waits: whom to tell once it is done."""
    return [one for one in details.get(RECIPIENTS, ()) if ":" not in one]


def told_of(db: Db, details: Mapping[str, Any]) -> list[tuple[str, CaseBrief | None]]:
    """(id, its case) of each; None: they are told once it is done."""
    found = []
    for one in details.get(RECIPIENTS, ()):
        id, _, reference = one.partition(":")
        case = case_of(db, reference) if reference else None
        found.append((id, brief(case) if case else None))
    return found
