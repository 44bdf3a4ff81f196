"""Correcting: what may be changed, what was seen, what was typed, and what that changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.access.sessions import SignedIn
from portal.adapters.contract import Change, Scalar
from portal.domain.register import FieldEntry, Kind, Register
from portal.domain.rights import Right
from portal.rights.deeds import correction
from portal.rights.holdings import Holdings, Reading, may_see
from portal.rights.requests import Requests
from portal.rights.values import (
    Fault,
    Unacceptable,
    clean,
    form_text,
    from_json,
    same,
    scalar_of,
    to_json,
)
from portal.store.vault import CannotUnseal, Vault

SEALED_FOR = "seen"


class NotHers(ValueError):
    """What was sent along as seen is damaged, or was shown to somebody else."""


@dataclass(frozen=True, slots=True, repr=False)
class Correctable:
    """The fields that may be corrected, as they are now, and the seal of what was seen."""

    values: Mapping[str, str]
    """Field id → the text for its input, in the register's order."""
    seen: str


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """One field that the subscriber changes."""

    field: FieldEntry
    before: Scalar
    after: Scalar


class Correcting:
    """Shows what may be corrected, and takes corrections.

    What the subscriber saw travels with the form, sealed: adapter, record and value. The write
    carries it to the CRM, which refuses to overwrite anything else.
    """

    def __init__(
        self, register: Register, reading: Reading, requests: Requests, vault: Vault
    ) -> None:
        self._register = register
        self._reading = reading
        self._requests = requests
        self._vault = vault

    def begin(self, signed_in: SignedIn, held: Holdings) -> Correctable:
        """What may be corrected of what is held now."""
        values: dict[str, str] = {}
        seen: dict[str, dict[str, dict[str, Any]]] = {}
        if held.several_people:
            return Correctable({}, "")
        for field in self._register.editable:
            if not may_see(field):
                continue
            for name, record in held.each():
                if field.id not in held.adapters[name].capabilities.writable:
                    continue
                value = scalar_of(record.values.get(field.id))
                seen.setdefault(name, {}).setdefault(record.ref.key, {})[field.id] = to_json(value)
                values[field.id] = values.get(field.id) or form_text(value, field.kind)
        sealed = self._vault.seal({"subject": signed_in.subject_id, "seen": seen}, SEALED_FOR)
        return Correctable(values, sealed.decode())

    def compare(
        self, signed_in: SignedIn, seen: str, typed: Mapping[str, str]
    ) -> tuple[list[Difference], dict[str, Fault]]:
        """(what changes, what is not accepted) of what was typed, by field id.

        Raises:
            NotHers: See there.
        """
        stored = self._open(signed_in, seen)
        shown = _shown(stored)
        differences: list[Difference] = []
        faults: dict[str, Fault] = {}
        for field in self._register.editable:
            if field.id not in shown or field.id not in typed:
                continue
            before = shown[field.id]
            if typed[field.id].strip() == _as_input(field, before).strip():
                continue
            try:
                after = clean(field, typed[field.id])
            except Unacceptable as unacceptable:
                faults[field.id] = unacceptable.fault
                continue
            if not same(before, after):
                differences.append(Difference(field, before, after))
        return differences, faults

    def again(self, signed_in: SignedIn, seen: str, typed: Mapping[str, str]) -> dict[str, str]:
        """The form once more: every field that was shown, as typed, else as it was shown.

        A choice of which none was made is not sent, and must not be gone from the page for that.

        Raises:
            NotHers: See there.
        """
        shown = _shown(self._open(signed_in, seen))
        return {
            field.id: typed.get(field.id, form_text(shown[field.id], field.kind))
            for field in self._register.editable
            if field.id in shown
        }

    def save(
        self, signed_in: SignedIn, seen: str, differences: list[Difference], locale: str
    ) -> str:
        """Take the correction down; the request's id."""
        deliveries: dict[str, dict[str, Any]] = {}
        for adapter, records in self._open(signed_in, seen).items():
            changes = {
                key: [
                    Change(one.field.id, from_json(values[one.field.id]), one.after)
                    for one in differences
                    if one.field.id in values
                ]
                for key, values in records.items()
            }
            changes = {key: some for key, some in changes.items() if some}
            if changes:
                deliveries[adapter] = correction(signed_in.email, changes)
        details = {"fields": [one.field.id for one in differences]}
        return self._requests.receive(
            signed_in, Right.RECTIFY, deliveries, locale=locale, details=details
        )

    def _open(self, signed_in: SignedIn, seen: str) -> dict[str, dict[str, dict[str, Any]]]:
        try:
            opened = self._vault.unseal(seen.encode("ascii", "replace"), SEALED_FOR)
        except CannotUnseal:
            raise NotHers("what was seen cannot be opened") from None
        if opened["subject"] != signed_in.subject_id:
            raise NotHers("what was seen was shown to another subscriber")
        found: dict[str, dict[str, dict[str, Any]]] = opened["seen"]
        return found


def _as_input(field: FieldEntry, value: Scalar) -> str:
    """The text as it comes back from a browser: an input of one line drops the ends of lines."""
    text = form_text(value, field.kind)
    return text if field.kind is Kind.LONG_TEXT else text.replace("\r", "").replace("\n", "")


def _shown(stored: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Scalar]:
    """The value each field was shown with: the first that is not empty, as in `begin`."""
    shown: dict[str, Scalar] = {}
    for records in stored.values():
        for values in records.values():
            for field, value in values.items():
                if same(shown.get(field), None):
                    shown[field] = from_json(value)
    return shown
