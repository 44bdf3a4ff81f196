"""A whole portal in one folder, its subscribers signed in, and two CRMs that outlive it.

Everything is the product's own: settings, register, database with its pragmas, vault, outbox,
worker, deliveries, ledger. Only the CRMs are made (`tests.crash.crm`), and the slow hash is quick.
"""

import hashlib
import shutil
import sqlite3
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from portal import Portal, compose
from portal.access.sessions import SignedIn
from portal.composition import common
from portal.config import load
from portal.demo.settings import CONFIG
from portal.domain.addresses import Email
from portal.store.tables import Proof
from portal.store.vault import Keyring, Vault
from tests.crash.crm import PEOPLE, CrashCrm, address_of
from tests.storing import NOON, QUICK, FakeClock

SITES = ("one", "both")
SETTINGS = """
[portal]
public_url = "http://localhost:8080"
database = "sqlite:///run/portal.sqlite"
journal = "run/journal.jsonl"

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
brake_floor = 4
brake_share = 0.001
"""
PLUGIN = {
    "METADATA": "Metadata-Version: 2.1\nName: crash-crm\nVersion: 0\n",
    "entry_points.txt": "[portal.adapters]\ncrash = tests.crash.crm:CrashCrm\n",
}


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
            patch.setattr(common, "Vault", partial(Vault, slow=QUICK))
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

    def left(self) -> str:
        """A digest of what the process would leave if it died now: every file of the run.

        Without the index of SQLite's log, which a next process makes anew.
        """
        digest = hashlib.blake2b()
        for file in sorted(self.run_folder.iterdir()):
            if not file.name.endswith("-shm"):
                digest.update(f"{file.name}:{file.stat().st_size}:".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()

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
        found = {name: vars(one)["_adapter"] for name, one in self.portal.adapters.items()}
        assert all(isinstance(one, CrashCrm) for one in found.values())
        return found

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
