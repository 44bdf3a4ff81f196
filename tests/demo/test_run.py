"""`portal demo` starts everything with one command, and leaves nothing behind when it stops."""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from portal.demo.crm import subscriber_to_be

COMMAND = (sys.executable, "-c", "from portal.demo.run import demo_command; demo_command()")
PATIENCE = 60
"""Seconds that a loaded machine may take to start or stop it."""
STARTED = "Stop it with Ctrl-C."


@dataclass
class Demo:
    """A running demo and what it printed up to the end of its greeting."""

    process: "subprocess.Popen[str]"
    greeting: str

    def address(self, name: str) -> str:
        found = re.search(rf"{name}\s+(http://\S+)", self.greeting)
        assert found, self.greeting
        return found[1]

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code, and what it wrote to its error output."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


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
        yield Demo(process, greeting)
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


def get(address: str) -> str:
    with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310  an address of the demo
        text: str = answer.read().decode()
        return text


FREE = ("--port", "0", "--site-port", "0", "--subscribers", "20")


@pytest.mark.server
def test_it_says_where_everything_is_and_all_of_it_answers(tmp_path: Path) -> None:
    with running_demo(*FREE, folder=tmp_path) as demo:
        portal, website = demo.address("Portal"), demo.address("Website")

        assert get(f"{portal}healthz")
        assert 'name="email"' in get(portal)
        assert f'src="{portal}embed/v1/portal.js"' in get(f"{website}nl/klantenservice")
        assert json.loads(get(demo.address("Mailbox") + ".json")) == []
        assert json.loads(get(f"{portal}demo/crm.json?email={subscriber_to_be()}"))["rows"]
        assert website.startswith("http://127.0.0.1:")
        assert portal.startswith("http://localhost:")


@pytest.mark.server
def test_the_first_address_it_prints_is_the_subscriber_to_sign_in_as(tmp_path: Path) -> None:
    with running_demo(*FREE, folder=tmp_path) as demo:
        first = re.search(r"[\w.+-]+@[\w.-]+", demo.greeting)

        assert first is not None
        assert first[0] == subscriber_to_be()


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_takes_its_folder_with_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running_demo(*FREE, folder=tmp_path) as demo:
        assert list(tmp_path.glob("portal-demo-*"))

        assert demo.stop(number) == (0, "")
        assert not list(tmp_path.glob("portal-demo-*"))


@pytest.mark.server
def test_a_folder_that_is_given_keeps_the_crm_as_it_was_left(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for _ in range(2):
        with running_demo(*FREE, "--data", str(kept), folder=tmp_path) as demo:
            assert demo.stop(signal.SIGTERM)[0] == 0

    assert {"crm.sqlite", "portal.sqlite", "keys.json"} <= {path.name for path in kept.iterdir()}


@pytest.mark.server
@pytest.mark.parametrize("option", ["--port", "--site-port"])
def test_a_port_in_use_is_said_in_one_line(tmp_path: Path, option: str) -> None:
    other = "--site-port" if option == "--port" else "--port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*COMMAND, option, port, other, "0"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == f"Port {port} is in use: choose another one with {option}.\n"
