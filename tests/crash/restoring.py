"""Back-ups are made, and CRMs and the portal's own database are put back to them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from portal.cli import commands, copies
from portal.rights.lasting.asked_since import Replayed
from portal.rights.lasting.recovery import State
from portal.store.journal import Journal
from tests.crash.answers import How
from tests.crash.asked import Row, moment
from tests.crash.crm import PEOPLE, PURPOSES, address_of, append_line, read_lines
from tests.crash.living import Living
from tests.crash.model import held_by

ADAPTERS = ("crm", "mailing")
ANSWERS = [How.OK, How.AWAY, How.LOST, How.BUSY, How.GARBAGE, How.BROKEN, How.KEPT, How.REFUSED]
ANSWERS += [How.REFUSED_AFTER, How.LOCKED]


class Restoring(Living):
    """What is restored, and what an operator types then, as the documentation says."""

    @initialize(copied=st.booleans())
    def begin_with(self, copied: bool) -> None:
        """Every other life begins with a copy of everything, so that much has happened since."""
        self.begin()
        self.crm_copies: list[tuple[datetime, dict[str, bytes]]] = []
        self.replayed_since: dict[str, datetime] = {}
        """Of each CRM that was restored: since when, at the earliest, it was replayed."""
        self.replays_to_repeat: dict[str, datetime] = {}
        """Those that a portal which is put back has forgotten with all it had put to work."""
        self.values_backed_up: Mapping[tuple[str, str, str], set[Any]] = {}
        self.forgotten: set[int] = set()
        if copied:
            self.crms_are_copied()
            self.portal_is_backed_up()

    # --- the CRMs --------------------------------------------------------------------------------

    @precondition(lambda self: not self.went_back)
    @rule()
    def crms_are_copied(self) -> None:
        self.copied_at = self.world.clock.now
        self.crm_copies.append((self.copied_at, self._crm_files()))

    def _crm_files(self) -> dict[str, bytes]:
        return {
            name: crm.file.read_bytes() if crm.file.exists() else b""
            for name, crm in self.world.crms.items()
        }

    @precondition(lambda self: any(one[1] != self._crm_files() for one in self.crm_copies))
    @rule(
        which=st.integers(0, 2),
        adapter=st.sampled_from(ADAPTERS),
        answers=st.lists(st.sampled_from(ANSWERS), max_size=3),
        dies_at=st.none() | st.integers(1, 20),
    )
    def crm_is_restored(
        self, which: int, adapter: str, answers: list[How], dies_at: int | None
    ) -> None:
        """It forgets what it was told since, and the operator has the portal do that again."""
        crm = self.world.crms[adapter]
        since, copy = self.crm_copies[min(which, len(self.crm_copies) - 1)]
        crm.file.write_bytes(copy[adapter])
        crm.begin([How.OK] * sum("how" in line for line in read_lines(crm.file)) + answers)
        append_line(self.world.asked, {"restored": adapter})
        if adapter == "crm":
            emails = {row["email"] for ref, row in crm.state().items() if int(ref) > len(PEOPLE)}
            self.model.imported = {one for one in self.model.imported if address_of(one) in emails}
        self.model.crm_was_restored(adapter, held_by(self.world.crms))
        self._typed(dies_at, lambda: self._replay(adapter, since))
        for replays in (self.replayed_since, self.replays_to_repeat):
            replays[adapter] = min(since, replays.get(adapter, since))

    def _replay(self, adapter: str, since: datetime) -> None:
        """As `portal replay --since … --adapter …` does it."""
        assert self.world.portal.erased.recovery.look() is State.OPEN
        self._found(adapter, since, dry_run=False)
        self.run.work()
        self.run.seal()

    def _found(self, adapter: str, since: datetime, *, dry_run: bool) -> Replayed:
        portal = self.world.portal
        return portal.erased.replaying.replay(
            portal.adapters[adapter], since, dry_run=dry_run, progress=lambda _seen: None
        )

    # --- the portal ------------------------------------------------------------------------------

    @precondition(lambda self: not self.went_back)
    @rule()
    def portal_is_backed_up(self) -> None:
        self._backup.unlink(missing_ok=True)
        self._command("backup", str(self._backup))
        self.copied_at = self.world.clock.now
        self.replays_to_repeat = {}
        self.asked_before = self.run.asked
        self.values_backed_up = {place: {*may} for place, may in self.model.values.items()}

    @precondition(lambda self: self.values_backed_up and self.run.asked > self.asked_before)
    @rule(
        restoring_dies_at=st.none() | st.integers(1, 4),
        replaying_dies_at=st.none() | st.integers(1, 30),
    )
    def portal_is_restored(
        self, restoring_dies_at: int | None, replaying_dies_at: int | None
    ) -> None:
        """Only its own database: the journal and the CRMs stay as they are."""
        in_journal, before = self._in_journal(), self._numbers()
        self._typed(restoring_dies_at, self._put_back)
        self._restart()
        in_the_copy = self._numbers()
        missing = in_journal - self._requests().keys()
        state = self.world.portal.erased.recovery.look()
        assert state is (State.RESTORED if missing else State.OPEN), state

        self._typed(replaying_dies_at, self._replay_journal)
        state = self.world.portal.erased.recovery.look()
        assert state is State.OPEN, state
        missing = in_journal - self._requests().keys()
        assert not missing, missing
        self.forgotten |= before - self._numbers()
        again = self._numbers() - in_the_copy
        told = {"forgotten": sorted(self.forgotten), "again": sorted(again)}
        append_line(self.world.asked, told)
        self._portal_was_restored()
        for adapter, since in self.replays_to_repeat.items():
            self._replay(adapter, since)

    def _put_back(self) -> None:
        self.world.let_go()
        self._command("restore", str(self._backup), "--yes")

    def _replay_journal(self) -> None:
        """As `portal replay --journal` does it. Before it was, nothing is delivered."""
        portal = self.world.portal
        if portal.erased.recovery.look() is not State.OPEN:
            held = held_by(self.world.crms)
            assert portal.worker.drain() == 0
            assert held_by(self.world.crms) == held
        portal.erased.recreating.replay(dry_run=False, progress=lambda _seen: None)
        self.run.work()
        self.run.seal()

    def _portal_was_restored(self) -> None:
        """What may be in the CRMs is what the portal knows again, or what is there by now."""
        held, known = held_by(self.world.crms), self._numbers()
        asked = [line for line in read_lines(self.world.asked) if "do" in line]
        erased = {one["person"] for one in asked if one["do"] == "erase" and one["number"] in known}
        self.model.uncertain |= self.model.erased - erased
        self.model.erased &= erased
        self.model.portal_was_restored(held, self.values_backed_up)
        for person in PEOPLE:
            for purpose in PURPOSES:
                about = [one for one in asked if is_about(one, person, purpose)]
                last = next((one for one in reversed(about) if one["number"] in known), None)
                later = [
                    one["number"] for one in about if not last or one["number"] > last["number"]
                ]
                self.model.decisions_are(
                    person,
                    purpose,
                    last["content"]["granted"] if last else None,
                    held,
                    later_forgotten=not self.forgotten.isdisjoint(later),
                )

    @property
    def _backup(self) -> Path:
        return self.world.run_folder / "portal.backup"

    def _command(self, *typed: str) -> None:
        """The very command, at the time of the world's clock."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(copies, "utc_now", self.world.clock)
            done = CliRunner().invoke(commands, ["--instance", str(self.world.folder), *typed])
        assert done.exit_code == 0, done.output

    def _in_journal(self) -> set[str]:
        """The requests that must not be forgotten any more."""
        portal = self.world.portal
        journal = Journal(portal.settings.journal_file, portal.vault)
        return {line.request for line in journal.after(0)}

    def _requests(self) -> dict[str, str]:
        """Id and moment of every request that the portal knows."""
        rows = self.world.rows("SELECT id, received_at FROM requests")
        return {row["id"]: moment(row["received_at"]) for row in rows}

    def _numbers(self) -> set[int]:
        """The same, by the numbers under which they were asked for."""
        moments = {*self._requests().values()}
        asked = [line for line in read_lines(self.world.asked) if "do" in line]
        return {line["number"] for line in asked if moment(line["at"]) in moments}


def is_about(one: Row, person: str, purpose: str) -> bool:
    """Was this a decision about that purpose?"""
    content = one["content"]
    return one["person"] == person and one["do"] == "consent" and content["purpose"] == purpose
