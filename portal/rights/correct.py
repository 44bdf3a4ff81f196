"""Correcting: what may be changed, what was typed, and what that changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.access.sessions import SignedIn
from portal.access.subjects import MAILBOX_TIER
from portal.adapters.contract import Scalar
from portal.domain.register import FieldEntry, Kind, Register
from portal.domain.rights import Right
from portal.rights.deeds import correction
from portal.rights.holdings import Holdings, may_see
from portal.rights.recipients import Recipients
from portal.rights.requests import Alongside, Requests, nothing_else
from portal.rights.seen import Place, Seals, Seen, Values
from portal.rights.values import Fault, Unacceptable, clean, form_text, same, scalar_of
from portal.store.database import Unit


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """One field that the subscriber changes."""

    field: FieldEntry
    before: Scalar
    after: Scalar


class Correcting:
    """Shows what may be corrected, and takes corrections.

    What the subscriber saw goes along to the CRM, which refuses to overwrite anything else.
    """

    def __init__(
        self, register: Register, requests: Requests, seals: Seals, recipients: Recipients
    ) -> None:
        self._register = register
        self._requests = requests
        self.seals = seals
        self._recipients = recipients

    def begin(self, held: Holdings) -> Seen:
        """What may be corrected of what is held now."""
        places: dict[Place, dict[str, Scalar]] = {}
        if held.several_people:
            return Seen({})
        for field in self._register.editable:
            if not may_see(field, held.tier):
                continue
            for name, record in held.each():
                if field.id in held.adapters[name].capabilities.writable:
                    value = scalar_of(record.values.get(field.id))
                    places.setdefault((name, record.ref.key), {})[field.id] = value
        return Seen(places)

    def inputs(self, seen: Seen) -> dict[str, str]:
        """Field id → the text for its input, in the register's order."""
        shown = seen.shown()
        return {
            field.id: form_text(shown[field.id], field.kind)
            for field in self._register.editable
            if field.id in shown
        }

    def compare(
        self, seen: Seen, typed: Mapping[str, str]
    ) -> tuple[list[Difference], dict[str, Fault]]:
        """(what changes, what is not accepted) of what was typed, by field id.

        A field that was not sent is not changed.
        """
        shown = seen.shown()
        differences: list[Difference] = []
        faults: dict[str, Fault] = {}
        for field in self._register.editable:
            if field.id not in shown or field.id not in typed:
                continue
            untouched = typed[field.id].strip() == _as_input(field, shown[field.id]).strip()
            if untouched and field.id not in seen.insisted:
                continue
            try:
                after = clean(field, typed[field.id])
            except Unacceptable as unacceptable:
                faults[field.id] = unacceptable.fault
                continue
            before = seen.before(field.id, after)
            if not same(before, after):
                differences.append(Difference(field, before, after))
        return differences, faults

    def known(self, wanted: Values) -> dict[str, Scalar]:
        """Of these, what may still be corrected."""
        return {
            field.id: wanted[field.id]
            for field in self._register.editable
            if field.id in wanted and may_see(field, MAILBOX_TIER)
        }

    def save(
        self,
        signed_in: SignedIn,
        seen: Seen,
        wanted: Values,
        locale: str,
        along: Alongside = nothing_else,
    ) -> str:
        """Take the correction down; the request's id."""
        recipients = self._recipients.of_fields(wanted)

        def told(unit: Unit, request_id: str) -> None:
            self._recipients.tell(unit, signed_in, request_id, recipients, locale)
            along(unit, request_id)

        deliveries = {
            adapter: correction(signed_in.email, changes)
            for adapter, changes in seen.changes(wanted).items()
        }
        return self._requests.receive(
            signed_in,
            Right.RECTIFY,
            deliveries,
            locale=locale,
            details={"fields": list(wanted)},
            along=told,
        )


def _as_input(field: FieldEntry, value: Scalar) -> str:
    """The text as it comes back from a browser: an input of one line drops the ends of lines."""
    text = form_text(value, field.kind)
    return text if field.kind is Kind.LONG_TEXT else text.replace("\r", "").replace("\n", "")
