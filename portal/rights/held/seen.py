"""What a subscriber saw when she decided, and what has changed since.

It travels with the form, sealed: adapter, record and value. Nothing is overwritten that she did not
see; what changed in between is shown to her beside what she typed, and she chooses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.access.sessions import SignedIn
from portal.adapters.contract import Change, Scalar
from portal.rights.held.holdings import Holdings
from portal.rights.held.values import from_json, same, scalar_of, to_json
from portal.store.vault import CannotUnseal, Vault

SEALED_FOR = "seen"

Place = tuple[str, str]
"""One record: the adapter's name, and the CRM's own key."""
Values = Mapping[str, Scalar]
"""Field id → value."""


class NotRead(Exception):
    """A system is away that holds what she replaces without having seen it."""


class NotHers(ValueError):
    """What was sent along as seen is damaged, or was shown to somebody else."""


@dataclass(frozen=True, slots=True, repr=False)
class Collision:
    """One field that somebody else changed after she had seen it."""

    field: str
    saw: Scalar
    now: Sequence[tuple[str, Scalar]]
    """(adapter name, what stands there now), where that is neither what she saw nor what she
    wants."""
    wanted: Scalar


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """The values that she was shown, by the record that holds them."""

    places: Mapping[Place, Values]
    asked: Values = field(default_factory=dict)
    """Of the fields that she is asked to choose about: what she had seen before."""
    insisted: frozenset[str] = frozenset()
    """The fields for which she chose hers."""
    unseen: Mapping[Place, Sequence[str]] = field(default_factory=dict)
    """Fields that she may replace and was not shown. Their values never come here from a page, and
    never go into one: what is read when she saves counts as seen."""
    country: str = ""
    """Of the record, as far as she was shown it: two letters, or empty."""

    @property
    def hidden(self) -> frozenset[str]:
        """The fields that she may replace and was not shown."""
        return frozenset(name for names in self.unseen.values() for name in names)

    def shown(self) -> dict[str, Scalar]:
        """The value that each field was shown with: the first that is not empty."""
        shown: dict[str, Scalar] = {}
        for _place, name, value in self._each():
            if same(shown.get(name), None):
                shown[name] = value
        return shown

    def before(self, name: str, wanted: Scalar) -> Scalar:
        """What a field is changed from; the very value that is wanted, when nothing changes.

        Whoever chose hers means it everywhere. Otherwise only what was shown is compared: a second
        record may hold another value that she never saw.
        """
        before = self.shown().get(name)
        if name not in self.insisted or not same(before, wanted):
            return before
        others = (value for _place, one, value in self._each() if one == name)
        return next((value for value in others if not same(value, wanted)), before)

    def collisions(self, held: Holdings, wanted: Values) -> list[Collision]:
        """What has changed since, of the fields that she changes.

        Systems that are away say nothing: there the delivery compares.
        """
        shown, now = self.shown(), self._now(held)
        found = []
        for name, value in wanted.items():
            changed = [
                (place[0], values[name])
                for place, values in now.items()
                if name in values
                and not same(values[name], value)
                and not same(values[name], self.places[place][name])
            ]
            if changed:
                found.append(Collision(name, shown.get(name), _once(changed), value))
        return found

    def ask(self, held: Holdings, collisions: Sequence[Collision]) -> "Seen":
        """What she sees from now on: the present values, and the choice about these."""
        asked = {one.field: one.saw for one in collisions}
        return replace(
            self,
            places={**self.places, **self._now(held)},
            asked=asked,
            insisted=self.insisted - asked.keys(),
        )

    def questions(self, wanted: Values) -> list[Collision]:
        """The choices that she was asked to make, of the fields that are wanted."""
        found = []
        for name in [name for name in self.asked if name in wanted]:
            saw, value = self.asked[name], wanted[name]
            others = [
                (place[0], now)
                for place, one, now in self._each()
                if one == name and not same(now, value)
            ]
            changed = [(adapter, now) for adapter, now in others if not same(now, saw)]
            found.append(Collision(name, saw, _once(changed or others), value))
        return found

    def answered(self, hers: Iterable[str]) -> "Seen":
        """The same, with the questions answered: of these fields she wants hers."""
        return replace(self, asked={}, insisted=self.insisted | frozenset(hers))

    def afresh(self) -> "Seen":
        """The same, for a form in which every field stands again."""
        return replace(self, asked={}, insisted=frozenset())

    def veiled(self, names: frozenset[str]) -> "Seen":
        """The same, without the values of these fields: for a page that must not hold them."""
        places: dict[Place, Values] = {}
        unseen = {place: list(found) for place, found in self.unseen.items()}
        for place, values in self.places.items():
            places[place] = {name: one for name, one in values.items() if name not in names}
            if under := [name for name in values if name in names]:
                unseen[place] = [*unseen.get(place, ()), *under]
        asked = {name: None if name in names else saw for name, saw in self.asked.items()}
        return replace(self, places=places, unseen=unseen, asked=asked)

    def read(self, held: Holdings, wanted: Values) -> "Seen":
        """The same, with what stands there now taken as seen, of what she replaces unseen.

        :raises NotRead: a system that holds some of it is away.
        """
        present = {(name, record.ref.key): record.values for name, record in held.each()}
        places = dict(self.places)
        for place, names in self.unseen.items():
            replaced = [name for name in names if name in wanted]
            if replaced and place[0] in held.away:
                raise NotRead(place[0])
            now = present.get(place, {})
            read = {name: scalar_of(now.get(name)) for name in replaced}
            places[place] = {**places.get(place, {}), **read}
        return replace(self, places=places, unseen={})

    def held_still(self, held: Holdings) -> "Seen":
        """The same, without the records that are there no more."""
        there = {(name, record.ref.key) for name, record in held.each()}

        def still(place: Place) -> bool:
            return place in there or place[0] in held.away

        return replace(
            self,
            places={place: values for place, values in self.places.items() if still(place)},
            unseen={place: names for place, names in self.unseen.items() if still(place)},
        )

    def undone(self, wanted: Values) -> dict[str, Scalar]:
        """Of what is wanted, what does not stand everywhere already, as far as that was seen."""
        return {
            name: value
            for name, value in wanted.items()
            if name in self.hidden
            or any(one == name and not same(now, value) for _place, one, now in self._each())
        }

    def changes(self, wanted: Values) -> dict[str, dict[str, list[Change]]]:
        """What is to be written, by adapter and the CRM's own key."""
        found: dict[str, dict[str, list[Change]]] = {}
        for (adapter, key), values in self.places.items():
            changes = [
                Change(name, value, wanted[name])
                for name, value in values.items()
                if name in wanted
            ]
            if changes:
                found.setdefault(adapter, {})[key] = changes
        return found

    def _now(self, held: Holdings) -> dict[Place, dict[str, Scalar]]:
        present = {(name, record.ref.key): record for name, record in held.each()}
        return {
            place: {name: scalar_of(present[place].values.get(name)) for name in values}
            for place, values in self.places.items()
            if place in present
        }

    def _each(self) -> Iterator[tuple[Place, str, Scalar]]:
        for place, values in self.places.items():
            for name, value in values.items():
                yield place, name, value


class Seals:
    """Seals what was seen, for the subscriber who saw it, and opens it again."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, signed_in: SignedIn, seen: Seen) -> str:
        """As it travels with a form."""
        told = {
            "subject": signed_in.subject_id,
            "seen": [
                [adapter, key, {name: to_json(value) for name, value in values.items()}]
                for (adapter, key), values in seen.places.items()
            ],
            "asked": {name: to_json(value) for name, value in seen.asked.items()},
            "insisted": sorted(seen.insisted),
            "unseen": [[adapter, key, [*names]] for (adapter, key), names in seen.unseen.items()],
            "country": seen.country,
        }
        return self._vault.seal(told, SEALED_FOR).decode()

    def open(self, signed_in: SignedIn, sealed: str) -> Seen:
        """:raises NotHers: see there."""
        told = self._opened(sealed)
        if told["subject"] != signed_in.subject_id:
            raise NotHers("what was seen was shown to another subscriber")
        return _seen(told)

    def unowned(self, sealed: str) -> tuple[str, Seen]:
        """(subject's id, what she saw), for when she is signed in no more: not to be shown.

        :raises NotHers: it is damaged.
        """
        told = self._opened(sealed)
        return told["subject"], _seen(told)

    def _opened(self, sealed: str) -> Any:
        try:
            return self._vault.unseal(sealed.encode("ascii", "replace"), SEALED_FOR)
        except CannotUnseal:
            raise NotHers("what was seen cannot be opened") from None


def _seen(told: Mapping[str, Any]) -> Seen:
    return Seen(
        {
            (adapter, key): {name: from_json(value) for name, value in values.items()}
            for adapter, key, values in told["seen"]
        },
        {name: from_json(value) for name, value in told["asked"].items()},
        frozenset(told["insisted"]),
        {(adapter, key): names for adapter, key, names in told["unseen"]},
        told["country"],
    )


def _once(found: Sequence[tuple[str, Scalar]]) -> list[tuple[str, Scalar]]:
    """Each value of each system once: two records that hold the same are one line on the page."""
    kept: list[tuple[str, Scalar]] = []
    for adapter, value in found:
        if not any(adapter == one and same(value, other) for one, other in kept):
            kept.append((adapter, value))
    return kept
