"""`portal demo` starts everything with one command, and leaves nothing behind when it stops."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from portal.demo.crm import subscriber_to_be
from tests.demos import COMMAND, PATIENCE, running_demo


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
