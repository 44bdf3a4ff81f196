"""Anything, in any order: requests, edits, lost answers, jumping clocks, deaths, restores.

The model is what each CRM must hold at the end: for every value the set of what it may be, which is
one value wherever nothing raced. `HYPOTHESIS_PROFILE=search` looks for much longer.
"""

import json
import shutil
from collections.abc import Callable

from cryptography.fernet import Fernet
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from portal import faults
from tests.crash.answers import How
from tests.crash.asking import Run
from tests.crash.crm import PEOPLE, read_lines
from tests.crash.invariants import findings, stored_whole
from tests.crash.model import Died, Model
from tests.crash.process import ACKNOWLEDGED
from tests.crash.world import World

ADAPTERS = ("crm", "mailing")
FIELDS = ("phone", "city")
PURPOSES = ("newsletter", "offers")
ANSWERS = [How.OK, How.AWAY, How.LOST, How.BUSY, How.GARBAGE, How.BROKEN, How.KEPT, How.REFUSED]
ANSWERS += [How.REFUSED_AFTER, How.LOCKED]
MAY_END = {"confirmed", "conflict", "failed"}
people = st.sampled_from(PEOPLE)
sites = st.sampled_from(["one", "both"])


class Anything(RuleBasedStateMachine):
    """One portal and two CRMs, and all that can happen to them."""

    world: World

    @initialize()
    def begin(self) -> None:
        """Everything as it is at first."""
        self.world.let_go()
        keys = self.world.folder / "keys.json"
        first = self.world.folder / "first-keys.json"
        if not first.exists():
            shutil.copyfile(keys, first)
        if keys.read_bytes() != first.read_bytes():
            shutil.copyfile(first, keys)
            self.world.portal = self.world.compose()
            self.world.let_go()
        self.world.reset()
        self.run = Run(self.world)
        self.run.attend()
        self.model = Model()
        self.numbers = 0
        self.forgiven = 0
        self.copies: dict[str, bytes] = {}
        self._listen(None)
        for adapter, crm in self.world.crms.items():
            for number, person in enumerate(PEOPLE, start=1):
                row = crm.state()[str(number)]
                for name, value in {**row["values"], **row["consents"]}.items():
                    self.model.values[adapter, person, name] = {value}

    # --- dying and starting again ----------------------------------------------------------------

    def _listen(self, dies_at: int | None) -> None:
        passed = 0

        def heard(point: str) -> None:
            nonlocal passed
            passed += 1
            if point == ACKNOWLEDGED:
                self.run.acknowledged()
            if passed == dies_at:
                raise Died

        faults.listen(heard)

    def _restart(self) -> None:
        self.world.let_go()
        self.world.portal = self.world.compose()
        plans = {name: crm.plan for name, crm in self.world.crms.items()}
        self.run = Run(self.world)
        for name, crm in self.world.crms.items():
            crm.plan = plans[name]

    def _unless_it_dies(self, dies_at: int | None, what: Callable[[], object]) -> None:
        """Do this; if the process dies of it, start it again."""
        self._listen(dies_at)
        try:
            what()
        except Died:
            self._restart()
        finally:
            self._listen(None)

    @rule()
    def restart(self) -> None:
        self._restart()

    @rule()
    def keys_are_rotated(self) -> None:
        """A new generation; what is in flight was sealed under the old one."""
        file = self.world.folder / "keys.json"
        keys = json.loads(file.read_text())
        keys["sealing"].append(Fernet.generate_key().decode())
        keys["signing"].append(Fernet.generate_key().decode())
        version = keys["alias"][-1]["version"] + 1
        keys["alias"].append({"version": version, "key": Fernet.generate_key().decode()})
        file.write_text(json.dumps(keys))
        self._restart()

    # --- people ----------------------------------------------------------------------------------

    def _can_ask(self, person: str) -> bool:
        return person not in self.model.erased | self.model.uncertain

    def _tick(self) -> None:
        """No two requests at one moment, though the clock may go back: by it they are found."""
        minutes = {line["at"][:16] for line in read_lines(self.world.asked) if "do" in line}
        while self.run.clock.now.isoformat()[:16] in minutes:
            self.run.pass_time(minutes=1)
        self.run.clock.now = self.run.clock.now.replace(second=0)

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
    )
    def correct(self, person: str, name: str, site: str, digits: int, dies_at: int | None) -> None:
        if not self._can_ask(person):
            return
        self._tick()
        self.numbers += 1
        value = f"06 1{self.numbers:03}{digits:04}" if name == "phone" else f"Oord {self.numbers}"
        self._unless_it_dies(
            dies_at,
            lambda: self.run.correct(person, name, value, site=site, may_end=MAY_END),
        )
        for adapter in self._adapters(site, name):
            may_be = self.model.values[adapter, person, name]
            # It may have died before it was stored; something earlier may be in the way.
            if dies_at is None and not self._races(adapter, person, name):
                may_be.clear()
            may_be.add(value)

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
    )
    def decide(self, person: str, purpose: str, granted: bool, dies_at: int | None) -> None:
        """In both systems, so that one decision is the last one everywhere."""
        if not self._can_ask(person):
            return
        self._tick()
        self._unless_it_dies(
            dies_at,
            lambda: self.run.decide(
                person, purpose, granted, site="both", may_end={"confirmed", "failed"}
            ),
        )
        stored = self.world.rows(
            "SELECT granted FROM consents WHERE subject_id = ? AND purpose = ? ORDER BY id DESC",
            self.world.people[person, "both"].subject_id,
            purpose,
        )
        for adapter in self._adapters("both", purpose):
            if stored:
                self.model.values[adapter, person, purpose] = {bool(stored[0]["granted"])}

    @rule(person=people, dies_at=st.none() | st.integers(1, 20))
    def erase(self, person: str, dies_at: int | None) -> None:
        if not self._can_ask(person):
            return
        self._tick()
        self._unless_it_dies(dies_at, lambda: self.run.erase(person, site="both"))
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
        self.numbers += 1
        may_be = self.model.values["crm", person, name]
        if not self._open_for(person):
            may_be.clear()
        may_be.add(f"edit {self.numbers}")
        ref = str(PEOPLE.index(person) + 1)
        self.world.crms["crm"].edit(ref, name, f"edit {self.numbers}")

    @precondition(lambda self: self.model.erased - self.model.uncertain)
    @rule(data=st.data())
    def erased_person_is_imported(self, data: st.DataObject) -> None:
        """An old list is loaded, and somebody who was erased is on it: in a new record.

        Until `portal sweep` walks here as well, all that is asked is that nothing stirs the record.
        """
        person = data.draw(st.sampled_from(sorted(self.model.erased - self.model.uncertain)))
        if self._open_for(person):
            return
        self.model.uncertain.add(person)
        self.world.crms["crm"].import_person(person)

    @rule()
    def crms_are_copied(self) -> None:
        self.copies = {
            name: crm.file.read_bytes() if crm.file.exists() else b""
            for name, crm in self.world.crms.items()
        }

    @precondition(lambda self: self.copies)
    @rule(adapter=st.sampled_from(ADAPTERS))
    def crm_is_restored(self, adapter: str) -> None:
        """From a copy: the CRM forgets what it was told since. The portal is not told of it.

        What the portal does about that (`portal replay`) belongs here, once it is there: then
        nobody is uncertain any more, and withdrawals and erasures are back at the end.
        """
        crm = self.world.crms[adapter]
        crm.file.write_bytes(self.copies[adapter])
        crm.begin(())
        self.model.uncertain |= set(PEOPLE)
        self.forgiven = self.run._number

    # --- time and work ---------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 20, 100, 700, 4000, -30, -300, -4000]))
    def clock_jumps(self, seconds: int) -> None:
        self.run.pass_time(seconds=seconds)

    @rule(dies_at=st.none() | st.integers(1, 30))
    def work(self, dies_at: int | None) -> None:
        self._unless_it_dies(dies_at, self.run.work)

    @rule(dies_at=st.none() | st.integers(1, 3))
    def seal(self, dies_at: int | None) -> None:
        self._unless_it_dies(dies_at, self.run.seal)

    @rule()
    def a_person_looks(self) -> None:
        self.run.person_looks()

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
        if self.forgiven:
            wrong = [one for one in findings(self.world) if one[0] in {"ledger", "payload"}]
        else:
            wrong = findings(self.world)
        assert wrong == [], wrong
        for (adapter, person, name), may_be in self.model.values.items():
            if person not in self.model.erased | self.model.uncertain:
                row = self.world.crms[adapter].state()[str(PEOPLE.index(person) + 1)]
                assert {**row["values"], **row["consents"]}[name] in may_be, (adapter, person, name)
        for person in self.model.erased - self.model.uncertain:
            for crm in self.world.crms.values():
                row = crm.state()[str(PEOPLE.index(person) + 1)]
                assert not row["email"]
                assert not any(row["values"].values())
        for ref, row in self.world.crms["crm"].state().items():
            if int(ref) > len(PEOPLE):
                assert row["email"] == "" or row["values"]["city"] == "imported city"
