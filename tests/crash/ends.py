"""In which order a CRM was told what people asked for, and what it holds at the end."""

from collections.abc import Iterator
from typing import Any

from tests.crash.asked import (
    Row,
    content_of,
    contradict,
    may_overtake,
    named,
    person_of,
    wish,
)
from tests.crash.crm import PEOPLE, address_of, read_lines
from tests.crash.history import History

Finding = tuple[str, str]


class Ends(History):
    """The findings about that."""

    def order(self, adapter: str) -> Iterator[Finding]:
        number_of: dict[str, int] = {}
        for one in self.stored:
            number_of.setdefault(wish(one), one["number"])
        by_number = {one["number"]: one for one in self.stored}
        for person in PEOPLE:
            done = [
                by_number[number]
                for line in self.effects[adapter]
                if person_of(line) == person and (number := number_of.get(content_of(line)))
            ]
            for index, later in enumerate(done):
                for earlier in done[:index]:
                    if earlier["number"] < later["number"] or may_overtake(earlier, later):
                        continue
                    if self.attended and not contradict(earlier, later):
                        continue  # a dead letter that a person replayed long after
                    if not self._given_since(earlier):
                        yield "order", f"{named(later)} was done after {named(earlier)}"

    def _given_since(self, withdrawal: Row) -> bool:
        """Was it given once more after this was withdrawn? Then an older consent says the same."""
        return withdrawal["do"] == "consent" and any(
            one["do"] == "consent"
            and one["person"] == withdrawal["person"]
            and one["content"] == {**withdrawal["content"], "granted": True}
            and one["number"] > withdrawal["number"]
            for one in self.stored
        )

    def _was_spared(self, one: Row, adapter: str) -> bool:
        """A consent that a withdrawal overtook, be it on a site that does not know this CRM.

        A withdrawal is never spared: it stands until something later was given in this very CRM.
        """
        delivery = self._delivery_of(one, adapter)
        overtaken = delivery is not None and delivery["outcome"].get("cause") == "superseded"
        return overtaken and bool(one["content"]["granted"])

    def final_state(self, adapter: str) -> Iterator[Finding]:
        crm = self.world.crms[adapter]
        rows = crm.state()
        edits = [line for line in read_lines(crm.file) if line["do"] == "edit"]
        edited = {(line["ref"], name) for line in edits for name in line["values"]}
        perhaps_erased = {
            one["person"] for one in self.asked if one["do"] == "erase" and self._is_forgotten(one)
        }
        for number, person in enumerate(PEOPLE, start=1):
            row = rows[str(number)]
            mine = [
                one
                for one in self.stored
                if one["person"] == person
                and adapter in one["adapters"]
                and self._ended_well(one, adapter)
            ]
            if any(one["do"] == "erase" for one in mine):
                if row["email"] or any(row["values"].values()):
                    yield "state", f"{person} was erased in {adapter} and is there"
                continue
            for name, wanted in self._asked_last(adapter, mine).items():
                differs = {**row["values"], **row["consents"]}[name] != wanted
                if differs and (str(number), name) not in edited:
                    yield "state", f"{person}'s {name} in {adapter} is not as asked last"
            if row["email"] != address_of(person) and person not in perhaps_erased:
                yield "extra", f"{person} lost the address in {adapter}"

    def _asked_last(self, adapter: str, mine: list[Row]) -> dict[str, Any]:
        """What one person's values must be; nothing is known of them after a restore: see `Model`.

        Corrections are not made again then and consents not given again, and what was forgotten
        may have been done.
        """
        values: dict[str, Any] = {}
        if adapter in self.restored or self.put_back:
            return values
        for one in mine:
            if one["do"] == "write":
                values |= one["content"]["values"]
            elif one["do"] == "consent" and not self._was_spared(one, adapter):
                values[one["content"]["purpose"]] = one["content"]["granted"]
        return values

    def _ended_well(self, one: Row, adapter: str) -> bool:
        delivery = self._delivery_of(one, adapter)
        return delivery is not None and delivery["state"] in {"confirmed", "retained"}

    def _delivery_of(self, one: Row, adapter: str) -> Row | None:
        request = self.request_of(one)
        return None if request is None else self.deliveries[request["id"]].get(adapter)
