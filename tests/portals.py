"""A whole portal for a test: its pages without a server, its real worker, a CRM and real mail.

The clock stands still until it is moved, and the worker works when it is told to.
"""

import logging
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from portal import Portal, create_app
from portal.composition import common
from portal.config import Settings, load
from portal.demo.crm import create_crm, subscriber_to_be
from portal.demo.settings import CONFIG
from portal.store.database import Database
from portal.store.tables import LedgerEntry
from portal.store.vault import Keyring, Vault
from tests.canary import Canary
from tests.servers.databases import FreshDatabase
from tests.servers.mail import MailServer, ReceivedMail
from tests.storing import QUICK, FakeClock

MARIJKE = subscriber_to_be()
STRANGER = "nobody@example.org"
ORIGIN = "http://localhost:8080"
OTHER_SITE = """
[[sites]]
id = "other"
name = "De Late Merel Wholesale"
origins = ["http://127.0.0.1:8082", "https://wholesale.example"]
return_url = "https://wholesale.example/"
"""
CODE = "([A-Z2-7]{4}-[A-Z2-7]{4})"
LIMITS = {
    "mails_per_address_hour": 3,
    "mails_per_address_day": 10,
    "mails_unknown_day": 1,
    "asks_per_network_hour": 20,
    "confirms_per_hour": 5,
    "change_mails_hour": 3,
    "change_mails_day": 5,
}
"""The product's own defaults; the demo's are wider."""


class Compiled(BytecodeCache):
    """Templates that were compiled once in this process; each portal would do it anew."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


class Page:
    """An answer of the portal, as a person or a browser looks at it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.text = response.get_data().decode(errors="replace")  # a copy is no text
        response.close()
        self._inputs = _Inputs()
        if response.mimetype == "text/html":
            self._inputs.feed(self.text)

    @property
    def location(self) -> str:
        """Where it leads on to."""
        return self.response.headers.get("Location") or self.response.headers["Portal-Next"]

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return found[1].strip() if found else ""

    @property
    def fields(self) -> dict[str, str]:
        """The named inputs of the page with their values; of several, the last."""
        return self._inputs.values


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and "name" in given:
            if given.get("type") == "radio" and "checked" not in given:
                return
            self.values[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given.get("value", "")


class Visitor:
    """A browser without JavaScript; or, with ``frame``, the script of the embedded frame."""

    def __init__(self, app: Flask, canary: Canary, *, frame: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self._canary = canary
        self.token = ""
        self._frame = frame

    def get(self, path: str, **options: Any) -> Page:
        return self._open("GET", path, **options)

    def post(self, path: str, /, **fields: Any) -> Page:
        return self._open("POST", path, data=fields)

    def send(self, path: str, **options: Any) -> Page:
        """A POST with options of the test client's own."""
        return self._open("POST", path, **options)

    def submit(self, page: Page, path: str, /, **fields: str) -> Page:
        """Send a page's form, with these fields filled in; whoever erases, at once."""
        if path == "/me/erase":  # where nothing is chosen beforehand
            fields = {"when": "now", **fields}
        return self.post(path, **{**page.fields, **fields})

    def ask(self, email: str = MARIJKE, goal: str = "view", site: str = "demo") -> Page:
        """Ask for a mail, and go where the answer leads."""
        form = self.get("/", query_string={"site": site})
        answer = self.submit(form, "/signin", email=email, goal=goal)
        assert answer.status == 303, answer.text
        return self.get(answer.location)

    def sign_in(self, office: "Office", email: str = MARIJKE, goal: str = "view") -> "Visitor":
        """All of it: ask, read the mail, type the code."""
        asked = self.ask(email, goal)
        answer = self.submit(asked, "/signin/code", code=office.next_code())
        assert answer.status in {200, 303}, answer.text
        self.token = answer.response.headers.get("Portal-Session", "")
        return self

    def _open(self, method: str, path: str, **options: Any) -> Page:
        if isinstance(data := options.get("data"), dict):
            self._canary.typed(data)
        headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
        if self._frame:
            headers["Portal-Frame"] = self._frame
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
        headers |= options.pop("headers", {})
        return Page(
            self.client.open(
                path,
                method=method,
                base_url=options.pop("base_url", ORIGIN),
                headers=headers,
                **options,
            )
        )


class Letter:
    """One mail that was received."""

    def __init__(self, received: ReceivedMail) -> None:
        self.to = received.recipients
        self.message = received.message
        body = self.message.get_body(("plain",))
        assert body is not None
        self.text: str = body.get_content().replace("\r\n", "\n")

    @property
    def code(self) -> str:
        return self._line(CODE)

    @property
    def has_code(self) -> bool:
        return re.search(f"^{CODE}$", self.text, re.MULTILINE) is not None

    @property
    def link(self) -> str:
        return self._line(r"(https?://\S+)")

    @property
    def path(self) -> str:
        """The link's path, as a server sees it."""
        return self.link.removeprefix(ORIGIN).partition("#")[0]

    @property
    def token(self) -> str:
        return self.link.partition("#")[2]

    @property
    def reference(self) -> str:
        return self.path.partition("t=")[2]

    def _line(self, pattern: str) -> str:
        found = re.search(f"^{pattern}$", self.text, re.MULTILINE)
        assert found, "the mail has none"
        return found[1]


class Office:
    """The portal under test and what surrounds it."""

    def __init__(
        self, settings: Settings, clock: FakeClock, mail: MailServer, canary: Canary
    ) -> None:
        self.settings = settings
        self.canary = canary
        self.clock = clock
        self.mail = mail
        self.app = create_app(settings, clock=clock)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.portal: Portal = self.app.extensions["portal"]
        self._read = 0

    def visitor(self, **how: Any) -> Visitor:
        return Visitor(self.app, self.canary, **how)

    def work(self) -> None:
        """Let the worker do all that is due."""
        self.portal.worker.drain()

    def mails(self) -> list[Letter]:
        """All mail so far, after the worker has worked."""
        self.work()
        return [Letter(one) for one in self.mail.messages]

    def next_mail(self) -> Letter:
        """The mail after the last one that was asked for."""
        found = self.mails()
        assert len(found) > self._read, "no mail came"
        self._read += 1
        return found[self._read - 1]

    def next_code(self) -> str:
        """The code in the next mail that has one; what confirms something else is passed over."""
        while True:
            letter = self.next_mail()
            if letter.has_code:
                return letter.code

    @property
    def database(self) -> Database:
        return self.portal.database

    @property
    def crm_file(self) -> Path:
        return self.settings.instance / "crm.sqlite"

    def crm(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the CRM, past the portal."""
        with closing(sqlite3.connect(self.crm_file)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def contact(self, email: str = MARIJKE) -> dict[str, Any]:
        (found,) = self.crm("SELECT * FROM contacts WHERE email = ?", email)
        return found

    def events(self) -> list[str]:
        """What the ledger says, in order."""
        with self.database.reading() as db:
            return [row.event for row in db.query(LedgerEntry).order_by(LedgerEntry.id)]

    def close(self) -> None:
        self.portal.close()


@pytest.fixture(scope="session")
def office_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with a small CRM and a database that is up to date, to copy."""
    folder = tmp_path_factory.mktemp("office")
    create_crm(folder / "crm.sqlite", subscribers=8)
    Keyring.create(folder / "keys.json")
    shutil.copyfile(CONFIG / "register.toml", folder / "register.toml")
    text = (CONFIG / "portal.toml").read_text("utf-8")
    (folder / "portal.toml").write_text(text + OTHER_SITE, "utf-8")
    database = Database(f"sqlite:///{folder / 'portal.sqlite'}")
    database.migrate()
    database.close()
    return folder


class StartOffice:
    """Starts portals for one test; settings that differ are given as `portal.toml` has them."""

    def __init__(
        self,
        template: Path,
        folder: Path,
        clock: FakeClock,
        mail: MailServer,
        canary: Canary | None = None,
    ) -> None:
        self._canary = canary or Canary()
        self._template = template
        self._folder = folder
        self._clock = clock
        self._mail = mail
        self.started: list[Office] = []

    def __call__(self, *, mail: MailServer | None = None, **changed: Any) -> Office:
        instance = self._folder / f"instance-{len(self.started)}"
        shutil.copytree(self._template, instance)
        self._canary.of_the_crm(instance / "crm.sqlite")
        server = mail or self._mail
        overrides = {
            "mail": {
                "server": server.host,
                "port": server.port,
                "security": "none",
                **changed.pop("mail_settings", {}),
            },
            "limits": {**LIMITS, **changed.pop("limits", {})},
            **changed,
        }
        office = Office(load(instance, {}, overrides), self._clock, server, self._canary)
        self.started.append(office)
        return office


@pytest.fixture
def start_office(
    office_folder: Path,
    tmp_path: Path,
    smtp_server: MailServer,
    fresh_database: FreshDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[StartOffice]:
    """``fresh_database`` is asked for so that a database outlives the portal that is in it."""
    del fresh_database
    (temporary := tmp_path / "temporary").mkdir()
    clock, canary = FakeClock(), Canary(temporary)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(common, "Vault", partial(Vault, slow=QUICK))
    monkeypatch.setattr("portal.adapters.sql.adapter._now", clock)  # what is kept has its time
    start = StartOffice(office_folder, tmp_path, clock, smtp_server, canary)
    logging.getLogger().addHandler(canary)
    yield start
    logging.getLogger().removeHandler(canary)
    try:
        found = [
            one
            for office in start.started
            for one in canary.found_in(office.settings.instance, office.database)
        ]
    finally:
        for office in start.started:
            office.close()
    assert found == []


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    """The demo's own company, with two sites."""
    return start_office()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a portal gets the mark, so that nobody can forget it."""
    for item in items:
        if "office_folder" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.whole)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What the portal itself logged; the mail server of the tests logs as well."""
    ours = [one for one in caplog.records if one.name.partition(".")[0] == "portal"]
    return "\n".join(f"{one.levelname} {one.getMessage()}" for one in ours)
