"""Starts `portal demo` as a person would, in a process of its own."""

import json
import os
import queue
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from portal.consent.links import FooterLinks, Link
from portal.domain.addresses import Email
from portal.store.vault import Keyring

COMMAND = (sys.executable, "-c", "from portal.demo.run import demo_command; demo_command()")
PATIENCE = 60
"""Seconds that a loaded machine may take to start or stop it."""
STARTED = "Stop it with Ctrl-C."


@dataclass
class Demo:
    """A running demo and what it printed up to the end of its greeting."""

    process: "subprocess.Popen[str]"
    greeting: str
    folder: Path

    def address(self, name: str) -> str:
        found = re.search(rf"{name}\s+(http://\S+)", self.greeting)
        assert found, self.greeting
        return found[1]

    def footer_link(self, email: str, mailing: str = "newsletter") -> str:
        """The address at the foot of a mail to this subscriber."""
        keys = Keyring.load(self.folder / "data" / "keys.json").links
        token = FooterLinks(keys).mint(Link("demo", mailing, Email.parse(email)))
        return f"{self.address('Portal')}u/{token}"

    def colleague(self, change: str, *values: object) -> None:
        """Somebody works in the CRM, past the portal."""
        _execute(self.folder / "data" / "crm.sqlite", change, *values)

    def portal(self, change: str, *values: object) -> None:
        """Something happens in the portal's own database that only time would bring about."""
        _execute(self.folder / "data" / "portal.sqlite", change, *values)

    def crm(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of the CRM, past the portal."""
        file = self.folder / "data" / "crm.sqlite"
        with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def nothing_delivered(self) -> Iterator[None]:
        """The adapter is paused, as an operator would: what is asked for waits."""
        portal = self.folder / "data" / "portal.sqlite"
        _execute(
            portal,
            "INSERT INTO adapter_states (adapter, failures, paused_at) VALUES ('crm', 0, ?) "
            "ON CONFLICT (adapter) DO UPDATE SET paused_at = excluded.paused_at",
            datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" "),
        )
        try:
            yield
        finally:
            _execute(portal, "UPDATE adapter_states SET paused_at = NULL")

    @contextmanager
    def crm_is_slow(self) -> Iterator[None]:
        """The CRM answers questions, and keeps whoever writes waiting."""
        with closing(sqlite3.connect(self.folder / "data" / "crm.sqlite")) as crm:
            crm.isolation_level = None
            crm.execute("BEGIN IMMEDIATE")
            yield
            crm.execute("ROLLBACK")

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code, and what it wrote to its error output."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def _execute(file: Path, change: str, *values: object) -> None:
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection, connection:
        connection.execute(change, values)


@contextmanager
def running_demo(*options: str, folder: Path) -> Iterator[Demo]:
    process = subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        greeting = ""
        while STARTED not in greeting:
            line = lines.get(timeout=PATIENCE)
            assert line, f"it ended: {process.communicate()[1]}"
            greeting += line
        yield Demo(process, greeting, folder)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        reader.join()


def _read(stream: "Iterator[str]", lines: "queue.Queue[str]") -> None:
    for line in stream:
        lines.put(line)
        if STARTED in line:
            return
    lines.put("")


@dataclass(frozen=True)
class Mail:
    """One message that the demo's mailbox caught."""

    to: str
    subject: str
    text: str

    @property
    def code(self) -> str:
        return self._found(r"^([A-Z2-7]{4}-[A-Z2-7]{4})$")

    @property
    def link(self) -> str:
        return self._found(r"^(https?://\S+)$")

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


class Mailbox:
    """Reads the demo's mailbox one message after the other."""

    def __init__(self, demo: Demo) -> None:
        self._address = demo.address("Mailbox") + ".json"
        self._seen = len(self._all())

    def next(self) -> Mail:
        """The mail after the last one that was asked for; waits until it is there."""
        eventually(lambda: len(self._all()) > self._seen)
        mail = sorted(self._all(), key=lambda one: int(one["id"]))[self._seen]
        self._seen += 1
        return Mail(mail["to"], mail["subject"], mail["text"])

    def is_empty(self) -> bool:
        """Was there nothing since?"""
        return len(self._all()) == self._seen

    def _all(self) -> list[dict[str, str]]:
        with urlopen(self._address, timeout=PATIENCE) as answer:  # noqa: S310  the demo's own
            found: list[dict[str, str]] = json.load(answer)
            return found


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds; fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
