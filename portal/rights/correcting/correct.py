"""Correcting: what may be changed, what was typed, and what that changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from portal.access.sessions import SignedIn
from portal.access.subjects import MAILBOX_TIER
from portal.adapters.contract import Scalar
from portal.domain.countries import country_code
from portal.domain.register import FieldEntry, Kind, Register
from portal.domain.rights import Right
from portal.rights.cases.recipients import Recipients
from portal.rights.correcting.typed import Around, Fault, Unacceptable, clean
from portal.rights.deeds.doing import correction
from portal.rights.held.holdings import Holdings, home_of, may_see
from portal.rights.held.seen import Place, Seals, Seen, Values
from portal.rights.held.values import form_text, same, scalar_of
from portal.rights.requests.receiving import Alongside, Requests, nothing_else
from portal.store.database import Unit


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """One field that the subscriber changes. ``unseen``: without being shown what it holds."""

    field: FieldEntry
    before: Scalar
    after: Scalar
    unseen: bool = False


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
        """What may be corrected of what is held now, and what may be replaced unseen."""
        places: dict[Place, dict[str, Scalar]] = {}
        unseen: dict[Place, list[str]] = {}
        if held.several_people:
            return Seen({})
        for field in self._register.editable:
            if held.opened and field.kind is Kind.NAME:
                continue  # by whose name she is told from the others: a person changes that
            for name, record in held.each():
                place = (name, record.ref.key)
                if not self._can_be_written(field, held, name):
                    continue
                if may_see(field, held.tier):
                    value = scalar_of(record.values.get(field.id))
                    places.setdefault(place, {})[field.id] = value
                elif field.replaceable:
                    unseen.setdefault(place, []).append(field.id)
        homes = (home_of(self._register, record, held.tier) for _name, record in held.each())
        return Seen(places, unseen=unseen, country=next((home for home in homes if home), ""))

    def inputs(self, seen: Seen, around: Around) -> dict[str, str]:
        """Field id → the text for its input, in the register's order; nothing of what is unseen."""
        shown, hidden = seen.shown(), seen.hidden
        country = seen.country or around.country
        return {
            field.id: form_text(shown.get(field.id), field, country)
            for field in self._register.editable
            if field.id in shown or field.id in hidden
        }

    def compare(
        self, seen: Seen, typed: Mapping[str, str], around: Around
    ) -> tuple[list[Difference], dict[str, Fault]]:
        """(what changes, what is not accepted) of what was typed, by field id.

        A field that was not sent is not changed, and neither is one that was left as it stood,
        however odd that is.
        """
        faults: dict[str, Fault] = {}
        differences = [
            *self._corrected(seen, typed, around, faults),
            *self._replaced(seen, typed, around, faults),
        ]
        order = [field.id for field in self._register.editable]
        return sorted(differences, key=lambda one: order.index(one.field.id)), faults

    def _corrected(
        self, seen: Seen, typed: Mapping[str, str], around: Around, faults: dict[str, Fault]
    ) -> Iterator[Difference]:
        shown, stood = seen.shown(), self.inputs(seen, around)
        for field in self._register.editable:
            if field.id not in shown or field.id not in typed:
                continue
            untouched = _one_line(field, typed[field.id]) == _one_line(field, stood[field.id])
            if untouched and field.id not in seen.insisted:
                continue
            here = self.around(field, seen, typed, around)
            try:
                after = clean(field, typed[field.id], here)
            except Unacceptable as unacceptable:
                faults[field.id] = unacceptable.fault
                continue
            before = seen.before(field.id, after)
            if not _means(field, before, after, here):
                yield Difference(field, before, after)

    def _replaced(
        self, seen: Seen, typed: Mapping[str, str], around: Around, faults: dict[str, Fault]
    ) -> Iterator[Difference]:
        """An empty input keeps what is held; of what belongs together all is typed, or nothing."""
        hidden = [field for field in self._register.editable if field.id in seen.hidden]
        filled = {field.id for field in hidden if typed.get(field.id, "").strip()}
        begun = {field.together for field in hidden if field.id in filled and field.together}
        for field in hidden:
            if field.id not in filled:
                if field.together in begun and field.may_be_empty:
                    yield Difference(field, None, None, unseen=True)
                elif field.together in begun:
                    faults[field.id] = Fault.ALL_OF_IT
                continue
            try:
                after = clean(field, typed[field.id], self.around(field, seen, typed, around))
            except Unacceptable as unacceptable:
                faults[field.id] = unacceptable.fault
                continue
            yield Difference(field, None, after, unseen=True)

    def around(
        self, field: FieldEntry, seen: Seen, typed: Mapping[str, str], around: Around
    ) -> Around:
        """With the country that this field is of: as typed beside it, else as it stands."""
        countries = [one for one in self._register.editable if one.kind is Kind.COUNTRY]
        beside = [one for one in countries if one.together == field.together] or countries
        chosen = (country_code(typed.get(one.id, "")) for one in beside)
        known = next((code for code in chosen if code), seen.country)
        if field.kind is Kind.POSTAL_CODE:
            return replace(around, country=known)  # the site's says nothing of where she lives
        return replace(around, country=known or around.country)

    def _can_be_written(self, field: FieldEntry, held: Holdings, adapter: str) -> bool:
        """In this system; and where she cannot see the rest, all that belongs together."""
        can = held.adapters[adapter].capabilities
        if may_see(field, held.tier) or field.together is None:
            return field.id in can.writable
        group = {one.id for one in self._register.fields if one.together == field.together}
        return field.id in can.writable and group & can.fields <= can.writable

    def hidden(self, tier: int) -> frozenset[str]:
        """The fields that may be replaced and are not shown to a session of this tier."""
        return frozenset(one.id for one in self._register.editable if not may_see(one, tier))

    def known(self, wanted: Values) -> dict[str, Scalar]:
        """Of these, what may still be corrected."""
        return {
            field.id: wanted[field.id]
            for field in self._register.editable
            if field.id in wanted and (field.replaceable or may_see(field, MAILBOX_TIER))
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


def _one_line(field: FieldEntry, text: str) -> str:
    """The text as it comes back from a browser: an input of one line drops the ends of lines."""
    if field.kind is Kind.LONG_TEXT:
        return text.replace("\r\n", "\n").strip()
    return text.replace("\r", "").replace("\n", "").strip()


def _means(field: FieldEntry, before: Scalar, after: Scalar, around: Around) -> bool:
    """Is what stands there the same in another way of writing: a number with other blanks?"""
    if same(before, after):
        return True
    try:
        return same(clean(field, form_text(before, field, around.country), around), after)
    except Unacceptable:
        return False
