"""Anything, in any order: requests, edits, lost answers, jumping clocks, deaths, restores.

The model is what each CRM must hold at the end: for every value the set of what it may be, which is
one value wherever nothing raced. `HYPOTHESIS_PROFILE=search` looks for much longer.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from portal import faults
from portal.rights.lasting.recovery import State
from tests.crash.answers import How
from tests.crash.crm import PEOPLE, read_lines
from tests.crash.invariants import findings, stored_whole
from tests.crash.model import held_by
from tests.crash.restoring import ADAPTERS, ANSWERS, Restoring

FIELDS = ("phone", "city")
PURPOSES = ("newsletter", "offers")
MAY_END = {"confirmed", "conflict", "failed"}
people = st.sampled_from(PEOPLE)
sites = st.sampled_from(["one", "both"])


class Anything(Restoring):
    """One portal and two CRMs, and all that can happen to them."""

    # --- people ----------------------------------------------------------------------------------

    def _asked_for(self, dies_at: int | None, at_once: bool, ask: Callable[[], object]) -> None:
        """Somebody asks for something, and maybe a worker is awake that does it at once."""
        if self._unless_it_dies(dies_at, ask) and at_once:
            self.run.work()

    def _can_ask(self, person: str) -> bool:
        return person not in self.model.erased | self.model.uncertain

    def _tick(self) -> None:
        """No two requests in one minute, though the clock may go back: by that they are found."""
        minutes = {line["at"][:16] for line in read_lines(self.world.asked) if "do" in line}
        self.run.clock.now = self.run.clock.now.replace(second=0)
        self.run.pass_time(minutes=1)
        while self.run.clock.now.isoformat()[:16] in minutes:
            self.run.pass_time(minutes=1)

    def _open_for(self, person: str) -> bool:
        """Does anything of this person still wait somewhere?"""
        subject = self.world.people[person, "one"].subject_id
        rows = self.world.rows(
            "SELECT d.id FROM deliveries d JOIN requests r ON r.id = d.request_id"
            " WHERE r.subject_id = ? AND d.state IN"
            " ('queued', 'sent', 'unconfirmed', 'awaiting', 'failed')",
            subject,
        )
        return bool(rows)

    @rule(
        person=people,
        name=st.sampled_from(FIELDS),
        site=sites,
        digits=st.integers(0, 9999),
        dies_at=st.none() | st.integers(1, 12),
        at_once=st.booleans(),
    )
    def correct(
        self, person: str, name: str, site: str, digits: int, dies_at: int | None, at_once: bool
    ) -> None:
        if not self._can_ask(person):
            return
        self._tick()
        self._look_at(person)
        self.numbers += 1
        value = f"+3161{self.numbers:03}{digits:04}" if name == "phone" else f"Oord {self.numbers}"
        self._asked_for(
            dies_at,
            at_once,
            lambda: self.run.correct(person, name, value, site=site, may_end=MAY_END),
        )
        for adapter in self._adapters(site, name):
            may_be = self.model.values[adapter, person, name]
            # It may have died before it was stored; something earlier may be in the way.
            if dies_at is None and not self._races(adapter, person, name):
                may_be.clear()
            may_be.add(value)

    def _look_at(self, person: str) -> None:
        """Where nothing waits, each value is what it is: only what comes now can change it."""
        if not self._open_for(person):
            self.model.known_now(person, held_by(self.world.crms))

    def _races(self, adapter: str, person: str, name: str) -> bool:
        """Was there something before that is not settled, so that the order decides?"""
        return len(self.model.values[adapter, person, name]) > 1 or self._open_for(person)

    def _adapters(self, site: str, name: str) -> list[str]:
        crms = self.world.crms
        return [
            one
            for one in (ADAPTERS if site == "both" else ("crm",))
            if name in crms[one].capabilities.fields | crms[one].capabilities.consents
        ]

    @rule(
        person=people,
        purpose=st.sampled_from(PURPOSES),
        granted=st.booleans(),
        dies_at=st.none() | st.integers(1, 4),
        at_once=st.booleans(),
    )
    def decide(
        self, person: str, purpose: str, granted: bool, dies_at: int | None, at_once: bool
    ) -> None:
        """In both systems, so that one decision is the last one everywhere."""
        if not self._can_ask(person):
            return
        self._tick()
        stored = self.world.rows("SELECT count(*) AS number FROM consents")
        self._asked_for(
            dies_at,
            at_once,
            lambda: self.run.decide(
                person, purpose, granted, site="both", may_end={"confirmed", "failed"}
            ),
        )
        if self.world.rows("SELECT count(*) AS number FROM consents") != stored:
            for adapter in self._adapters("both", purpose):
                self.model.values[adapter, person, purpose] = {granted}

    @rule(person=people, dies_at=st.none() | st.integers(1, 20), at_once=st.booleans())
    def erase(self, person: str, dies_at: int | None, at_once: bool) -> None:
        if not self._can_ask(person):
            return
        self._tick()
        self._asked_for(dies_at, at_once, lambda: self.run.erase(person, site="both"))
        if self.world.rows(
            "SELECT id FROM requests WHERE right = 'erase' AND subject_id = ?",
            self.world.people[person, "one"].subject_id,
        ):
            self.model.erased.add(person)

    # --- the CRMs --------------------------------------------------------------------------------

    @rule(adapter=st.sampled_from(ADAPTERS), answers=st.lists(st.sampled_from(ANSWERS), max_size=4))
    def crm_will_answer(self, adapter: str, answers: list[How]) -> None:
        crm = self.world.crms[adapter]
        crm.plan = [How.OK] * crm.calls + answers

    @rule(person=people, name=st.sampled_from(FIELDS))
    def crm_is_edited(self, person: str, name: str) -> None:
        """Somebody at the company changes a value, between what she saw and what she saves."""
        if not self._can_ask(person):
            return
        self._look_at(person)
        self.numbers += 1
        may_be = self.model.values["crm", person, name]
        if not self._open_for(person):
            may_be.clear()
        may_be.add(f"edit {self.numbers}")
        ref = str(PEOPLE.index(person) + 1)
        self.world.crms["crm"].edit(ref, name, f"edit {self.numbers}")

    @precondition(lambda self: self.model.erased - self.model.imported)
    @rule(data=st.data())
    def erased_person_is_imported(self, data: st.DataObject) -> None:
        """An old list is loaded, and somebody who was erased is on it: in a new record.

        Until `portal sweep` walks here as well, all that is asked is that nothing stirs the record,
        unless it is to erase it.
        """
        person = data.draw(st.sampled_from(sorted(self.model.erased - self.model.imported)))
        if self._open_for(person):
            return
        self.model.imported.add(person)
        self.world.crms["crm"].import_person(person)

    # --- what must be true -----------------------------------------------------------------------

    @invariant()
    def what_is_stored_is_whole(self) -> None:
        wrong = stored_whole(self.world)
        assert wrong == [], wrong

    def teardown(self) -> None:
        faults.listen(None)
        if not hasattr(self, "run"):
            return
        self.run.settle()
        state = self.world.portal.erased.recovery.look()
        assert state is State.OPEN, state
        wrong = findings(self.world)
        assert wrong == [], wrong
        held = held_by(self.world.crms)
        for place, may_be in self.model.values.items():
            if place[1] not in self.model.erased | self.model.uncertain:
                assert held[place] in may_be, (place, held[place], may_be)
        for person in self.model.erased:
            for crm in self.world.crms.values():
                row = crm.state()[str(PEOPLE.index(person) + 1)]
                assert not row["email"]
                assert not any(row["values"].values())
        for ref, row in self.world.crms["crm"].state().items():
            if int(ref) > len(PEOPLE):
                assert row["email"] == "" or row["values"]["city"] == "imported city"
        self._replays_find_nothing()

    def _replays_find_nothing(self) -> None:
        """A second replay of a restored CRM has nothing to do.

        Not where an old list was loaded after the first one, nor of what the portal has forgotten:
        a decision that it knows may have been overtaken by one that it does not know any more.
        """
        if self.forgotten:
            return
        for adapter, since in self.replayed_since.items():
            if adapter == "crm" and self.model.imported:
                continue
            found = self._found(adapter, since, dry_run=True)
            assert (found.to_do, found.waiting) == (0, 0), found
