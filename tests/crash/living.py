"""The life of a portal and its CRMs under a state machine: it dies, starts again, time passes."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime

from cryptography.fernet import Fernet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from portal import faults
from tests.crash.asking import Run
from tests.crash.model import Died, Model, held_by
from tests.crash.process import ACKNOWLEDGED
from tests.crash.world import World


class Living(RuleBasedStateMachine):
    """One portal and two CRMs, all that a process can suffer, and the work that it does."""

    world: World

    def begin(self) -> None:
        """Everything as it is at first."""
        self.world.let_go()
        keys = self.world.folder / "keys.json"
        first = self.world.folder / "first-keys.json"
        if not first.exists():
            shutil.copyfile(keys, first)
        self.world.reset()
        if keys.read_bytes() != first.read_bytes():
            shutil.copyfile(first, keys)
            self.world.portal = self.world.compose()
        else:
            self.world.portal.erased.recovery.look()  # the life before may have left it closed
        self.run = Run(self.world)
        self.run.attend()
        self.model = Model()
        self.numbers = 0
        self.went_back = False
        self.copied_at: datetime | None = None
        self._listen(None)
        for place, value in held_by(self.world.crms).items():
            self.model.values[place] = {value}

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

    def _unless_it_dies(self, dies_at: int | None, what: Callable[[], object]) -> bool:
        """Do this; if the process dies of it, start it again. Did it come to its end?"""
        self._listen(dies_at)
        try:
            what()
        except Died:
            self._restart()
            return False
        finally:
            self._listen(None)
        return True

    def _typed(self, dies_at: int | None, command: Callable[[], object]) -> None:
        """An operator types a command, and if it dies, types it again."""
        if not self._unless_it_dies(dies_at, command):
            command()

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

    # --- time and work ---------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 20, 100, 700, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.run.pass_time(seconds=seconds)

    @precondition(lambda self: self.copied_at is None)
    @rule(seconds=st.sampled_from([30, 300, 4000]))
    def clock_jumps_back(self, seconds: int) -> None:
        """Not in a life with copies: what was asked for since one was made is found by its time."""
        self.went_back = True
        self.run.pass_time(seconds=-seconds)

    @rule(dies_at=st.none() | st.integers(1, 30))
    def work(self, dies_at: int | None) -> None:
        self._unless_it_dies(dies_at, self.run.work)

    @rule(dies_at=st.none() | st.integers(1, 3))
    def seal(self, dies_at: int | None) -> None:
        self._unless_it_dies(dies_at, self.run.seal)

    @rule()
    def a_person_looks(self) -> None:
        self.run.person_looks()
