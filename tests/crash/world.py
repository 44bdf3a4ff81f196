"""A whole portal in one folder, its subscribers signed in, and two CRMs that outlive it.

Everything is the product's own: settings, register, database with its pragmas, vault, outbox,
worker, deliveries, ledger. Only the CRMs are made (`tests.crash.crm`), and the slow hash is quick.
"""

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

import portal as composition
from portal import Portal, compose
from portal.access.sessions import SignedIn
from portal.config import load
from portal.demo.settings import CONFIG
from portal.domain.addresses import Email
from portal.store.tables import Proof
from portal.store.vault import Keyring, Vault
from portal.sync.replay import dead_jobs, replay
from tests.crash.crm import PEOPLE, CrashCrm, How, Keys, address_of, read_lines
from tests.storing import NOON, QUICK, FakeClock

SITES = ("one", "both")
SETTINGS = """
[portal]
public_url = "http://localhost:8080"
database = "sqlite:///run/portal.sqlite"

[contact]
name = "Kwekerij De Late Merel"
phone = "0345 - 00 01 23"
post = ["Wilgenpad 12", "3999 SS Lindevoort"]
email = "service@late-merel.test"

[mail]
server = "127.0.0.1"
port = 9
security = "none"
sender = "service@late-merel.test"
sender_name = "Kwekerij De Late Merel"

[[sites]]
id = "one"
name = "Kwekerij De Late Merel"
return_url = "http://127.0.0.1:8081/"
adapters = ["crm"]

[[sites]]
id = "both"
name = "De Late Merel Wholesale"
return_url = "http://127.0.0.1:8082/"

[adapters.crm]
adapter = "crash"
label = { nl = "Ons klantenbestand", en = "Our customer file" }
location = { entity = "Stichting Serverschuur (made up)", hosting = "NL" }
file = "FOLDER/run/crm.jsonl"

[adapters.mailing]
adapter = "crash"
label = { nl = "Ons mailprogramma", en = "Our mail program" }
location = { entity = "Postduif Mailings (made up)", hosting = "DE" }
file = "FOLDER/run/mailing.jsonl"
fields = ["phone"]
purposes = ["newsletter"]
"""
PLUGIN = {
    "METADATA": "Metadata-Version: 2.1\nName: crash-crm\nVersion: 0\n",
    "entry_points.txt": "[portal.adapters]\ncrash = tests.crash.crm:CrashCrm\n",
}
LONGEST_WAIT = timedelta(days=4)
"""After this on the clock, everything that can end by itself has ended."""


class World:
    """The portal, its people and its CRMs. `reset` puts everything back to the beginning.

    Args:
        folder: A new one; or that of another world, whose people cannot ask for anything here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_folder = folder / "run"
        self.asked = self.run_folder / "asked.jsonl"
        self.clock = FakeClock()
        self._peek: sqlite3.Connection | None = None
        self.people: dict[tuple[str, str], SignedIn] = {}
        _install_plugin(folder / "plugins")
        if self._template.exists():
            self.reset()
            self.portal: Portal = self.compose()
            self.let_go()
        else:
            self._make()

    def _make(self) -> None:
        folder = self.folder
        self.run_folder.mkdir(parents=True)
        Keyring.create(folder / "keys.json")
        shutil.copyfile(CONFIG / "register.toml", folder / "register.toml")
        (folder / "portal.toml").write_text(SETTINGS.replace("FOLDER", str(folder)), "utf-8")
        self.portal = self.compose()
        self.people = {
            (person, site): self._sign_in(person, site) for person in PEOPLE for site in SITES
        }
        self.portal.ledger.seal(self.portal.database)
        self.let_go()
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self._template)

    def compose(self) -> Portal:
        """A portal over the files as they are: what a start of the program makes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composition, "Vault", partial(Vault, slow=QUICK))
            return compose(load(self.folder, {}), self.clock)

    def let_go(self) -> None:
        """Close every connection, so that this process can be forked or the files replaced."""
        self.portal.database.engine.dispose()
        if self._peek is not None:
            self._peek.close()
            self._peek = None

    def reset(self) -> None:
        """The files and the clock as at the beginning. No connection may be open."""
        for file in self.run_folder.iterdir():
            file.unlink()
        shutil.copyfile(self._template, self.file)
        self.clock.now = NOON

    @property
    def file(self) -> Path:
        """The portal's database."""
        return self.run_folder / "portal.sqlite"

    @property
    def _template(self) -> Path:
        return self.folder / "template.sqlite"

    @property
    def crms(self) -> dict[str, CrashCrm]:
        """The CRMs themselves, past the portal."""
        return {name: one._adapter for name, one in self.portal.adapters.items()}  # type: ignore[attr-defined]

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the portal's database, past the portal."""
        if self._peek is None:
            self._peek = sqlite3.connect(self.file)
            self._peek.row_factory = sqlite3.Row
        return [dict(row) for row in self._peek.execute(query, values)]

    def _sign_in(self, person: str, site: str) -> SignedIn:
        proof = Proof(purpose="signin", site=site, goal="view", locale="en")
        sessions, database = self.portal.services.sessions, self.portal.database
        with database.unit("signed in") as unit:
            token = sessions.open(unit.session, proof, Email.parse(address_of(person)), "tab")
            unit.commit()
        signed_in = sessions.current(token, "tab")
        assert signed_in is not None
        return signed_in


def _install_plugin(folder: Path) -> None:
    """The fake CRM is found as any plugin is: by the entry point of what is installed."""
    info = folder / "crash_crm-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    for name, text in PLUGIN.items():
        (info / name).write_text(text, "utf-8")
    sys.path.insert(0, str(folder))


class Run:
    """One life of the portal: what the people ask, and the work that the portal does.

    What is asked is written down before it is asked, and once more when it is acknowledged, in a
    file that outlives the process, as the memory of those who asked would.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = world.clock
        self._rights = world.portal.services.rights
        self._asking: int | None = None
        self.keys: Keys = "honours"
        told = read_lines(world.asked)
        self._number = sum("do" in line for line in told)
        plans = {line["adapter"]: line for line in told if "plan" in line}
        self.attended = any("attended" in line for line in told)
        if any("armed" in line for line in told):
            world.portal.schedule.arm()
        for name, crm in world.crms.items():
            line = plans.get(name, {"plan": [], "keys": "honours", "deaf": 0})
            crm.begin([How(one) for one in line["plan"]], keys=line["keys"], deaf=line["deaf"])

    def crm_answers(
        self,
        *plan: How,
        adapter: str = "crm",
        deaf: int = 0,
    ) -> None:
        """How this CRM answers, from its first call on, also after the portal has died."""
        line = {"adapter": adapter, "plan": list(plan), "keys": self.keys, "deaf": deaf}
        append_line(self.world.asked, line)
        self.world.crms[adapter].begin(plan, keys=self.keys, deaf=deaf)

    # --- the people ----------------------------------------------------------------------------

    def correct(self, person: str, field: str, value: str, *, site: str = "one", **how: Any) -> str:
        """Correct one field, as the page does it."""
        signed_in = self.world.people[person, site]
        correcting = self._rights.correcting
        seen = correcting.begin(signed_in, self._rights.reading.of(signed_in)).seen
        changes, faults = correcting.compare(signed_in, seen, {field: value})
        assert changes, f"nothing to correct: {faults}"
        adapters = self._holding("writable", field, site)
        content = {"values": {field: value}}
        with self._asks("write", person, content, adapters, how):
            return correcting.save(signed_in, seen, changes, "en")

    def decide(
        self, person: str, purpose: str, granted: bool, *, site: str = "one", **how: Any
    ) -> str:
        """Withdraw a consent, or give it again."""
        signed_in = self.world.people[person, site]
        chosen = next(one for one in self.world.portal.register.purposes if one.id == purpose)
        adapters = self._holding("consents", purpose, site)
        content = {"purpose": purpose, "granted": granted}
        with self._asks("consent", person, content, adapters, how):
            return self._rights.deciding.decide(signed_in, chosen, granted, "en")

    def erase(self, person: str, *, site: str = "one", **how: Any) -> str:
        """Erase everything."""
        signed_in = self.world.people[person, site]
        held = self._rights.reading.of(signed_in)
        self._rights.erasing.review(held)
        with self._asks("erase", person, {}, list(held.adapters), how):
            return self._rights.erasing.erase(signed_in, held, "en")

    def copy(self, person: str, *, site: str = "one") -> None:
        """Ask for a copy, which is made at once and goes to no CRM."""
        signed_in = self.world.people[person, site]
        held = self._rights.reading.of(signed_in)
        standings = self._rights.deciding.standings(signed_in, held)
        with self._asks("copy", person, {}, [], {}):
            self._rights.exporting.copy(signed_in, held, standings, "en", lambda _told: "")

    def acknowledged(self) -> None:
        """The answer leaves: from now on the one who asked counts on it."""
        if self._asking is not None:
            append_line(self.world.asked, {"acknowledged": self._asking})

    def _holding(self, what: str, name: str, site: str) -> list[str]:
        adapters = self.world.portal.services.rights.reading.adapters_of(
            self.world.people[PEOPLE[0], site]
        )
        return [one for one, its in adapters.items() if name in getattr(its.capabilities, what)]

    def _asks(
        self,
        do: str,
        person: str,
        content: dict[str, Any],
        adapters: list[str],
        how: dict[str, Any],
    ) -> "_Asking":
        self.clock.advance(seconds=1)  # no two at the same moment: it is what they are found by
        self._number += 1
        line = {
            "number": self._number,
            "do": do,
            "at": self.clock.now.isoformat(),
            "person": person,
            "content": content,
            "adapters": adapters,
            "may_end": sorted(how.pop("may_end", {"confirmed", "retained"})),
        }
        assert not how, how
        append_line(self.world.asked, line)
        return _Asking(self, self._number)

    # --- the portal ----------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that is due now."""
        self.world.portal.worker.drain()

    def seal(self) -> None:
        """Chain the ledger, as the worker does when it has nothing else to do."""
        self.world.portal.ledger.seal(self.world.portal.database)

    def pass_time(self, **span: float) -> None:
        self.clock.advance(**span)
        append_line(self.world.asked, {"clock": self.clock.now.isoformat()})

    def resume(self, chance: Random) -> None:
        """The portal is started again: at once, while leases still run, or much later."""
        lines = read_lines(self.world.asked)
        times = [line.get("at") or line.get("clock") for line in lines]
        last = max((datetime.fromisoformat(one) for one in times if one), default=NOON)
        self.clock.now = last + timedelta(seconds=chance.choice([0, 1, 60, 100, 5000]))

    def arm(self) -> None:
        """From now on the portal has its duties, as it has them after every start."""
        append_line(self.world.asked, {"armed": True})
        self.world.portal.schedule.arm()

    def attend(self) -> None:
        """From now on a person looks at what was given up or paused, also after a restart."""
        append_line(self.world.asked, {"attended": True})
        self.attended = True

    def person_looks(self) -> bool:
        """Replay every dead letter and resume every adapter. False: there were none."""
        portal, now = self.world.portal, self.clock.now
        with portal.database.unit("a person looks") as unit:
            dead = [job.id for job in dead_jobs(unit.session)]
            done = [replay(unit, one, portal.outbox, portal.handlers, now) for one in dead]
            done += [portal.gates.resume(unit.session, name, now) for name in portal.adapters]
            unit.commit()
        return any(done)

    def settle(self) -> None:
        """Work until every delivery has come to its end. Time passes by the clock alone."""
        last = self.clock.now + LONGEST_WAIT
        while True:
            self.work()
            self.seal()
            if self.clock.now > last:
                return
            if self.attended and self.person_looks():
                continue
            if not self.open_deliveries():
                return
            self.clock.now = max(self._next_moment(), self.clock.now + timedelta(seconds=1))

    def open_deliveries(self) -> list[dict[str, Any]]:
        """Those that are not at their end."""
        return self.world.rows(
            "SELECT * FROM deliveries WHERE state NOT IN"
            " ('confirmed', 'retained', 'conflict', 'failed')"
        )

    def _next_moment(self) -> datetime:
        """When something can go on: a job is due, a lease ends, an adapter is asked again."""
        (row,) = self.world.rows(
            "SELECT min(max(due_at, coalesce(leased_until, due_at))) AS due FROM jobs"
            " WHERE ended_at IS NULL AND kind = 'delivery'"
        )
        (held,) = self.world.rows("SELECT max(held_until) AS until FROM adapter_states")
        moments = [
            datetime.fromisoformat(text).replace(tzinfo=self.clock.now.tzinfo)
            for text in (row["due"], held["until"])
            if text
        ]
        ahead = [one for one in moments if one > self.clock.now]
        return max(ahead) if ahead else self.clock.now + timedelta(minutes=10)


class _Asking:
    """While a request is made: what is acknowledged now is this one."""

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self._number = number

    def __enter__(self) -> None:
        self._run._asking = self._number

    def __exit__(self, *_: object) -> None:
        self._run._asking = None


def append_line(file: Path, line: dict[str, Any]) -> None:
    """By one call of the kernel: a process that is killed has written all of it or nothing."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, json.dumps(line).encode() + b"\n")
    os.close(descriptor)
