"""What a machine that tries anything knows of how it must end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.crash.crm import PEOPLE, PURPOSES, CrashCrm

Held = Mapping[tuple[str, str, str], Any]
"""What the CRMs hold, by (adapter, person, name of a value)."""


class Died(BaseException):
    """The process is gone: nothing that catches errors catches this."""


@dataclass
class Model:
    """What the CRMs may hold at the end, by (adapter, person, name of a value)."""

    values: dict[tuple[str, str, str], set[Any]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """Whose records must be empty."""
    imported: set[str] = field(default_factory=set)
    """Of those: who is in the customer file once more, in a new record."""
    uncertain: set[str] = field(default_factory=set)
    """Whose erasure was forgotten before its line was in the journal: done or not, who knows."""

    def known_now(self, person: str, held: Held) -> None:
        """No correction of this person is open: every field is what it is.

        Not so a purpose: a decision may wait to be done once more.
        """
        for place, may_be in self.values.items():
            if place[1] == person and place[2] not in PURPOSES:
                assert held[place] in may_be, (place, held[place], may_be)
                self.values[place] = {held[place]}

    def crm_was_restored(self, adapter: str, held: Held) -> None:
        """It holds what its copy held, or what is still under way or open.

        Corrections are not made again and consents not given again, since only she can do that. A
        purpose that is off by her last decision is, once the replay has ended, off all the same.
        """
        for place, may_be in self.values.items():
            is_off = place[2] in PURPOSES and may_be == {False}
            if place[0] == adapter and place in held and not is_off:
                may_be.add(held[place])

    def portal_was_restored(
        self, held: Held, at_the_copy: Mapping[tuple[str, str, str], set[Any]]
    ) -> None:
        """Corrections are in no journal: each may have been made, or undone by one made before.

        What is open in the copy waits for a person, who may have it done again.
        """
        for place, may_be in self.values.items():
            if place[2] not in PURPOSES and place in held:
                may_be.update(at_the_copy[place], {held[place]})

    def decisions_are(
        self, person: str, purpose: str, last: bool | None, held: Held, *, later_forgotten: bool
    ) -> None:
        """What a restored portal and its journal know of one person's decisions about a purpose.

        ``last``: the last one; None: none is known. ``later_forgotten``: there was one after it,
        whose line was not in the journal; it may have been done. And a consent may not have been:
        its line is no reason to give it again, which is hers to do.
        """
        for place, may_be in self.values.items():
            if place[1:] != (person, purpose) or place not in held:
                continue
            may_be.clear()
            if last is not None:
                may_be.add(last)
            if last is not False or later_forgotten:
                may_be.add(held[place])


def held_by(crms: Mapping[str, CrashCrm]) -> dict[tuple[str, str, str], Any]:
    """What the records that people had from the beginning hold now."""
    held = {}
    for adapter, crm in crms.items():
        rows = crm.state()
        for number, person in enumerate(PEOPLE, start=1):
            row = rows[str(number)]
            for name, value in {**row["values"], **row["consents"]}.items():
                held[adapter, person, name] = value
    return held
