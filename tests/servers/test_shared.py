"""Servers start once per session and never outlive it; tests stay on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.network import NetworkUsedError
from tests.servers.shared import KEEPER, Started, once_per_session


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_is_started_for_the_first_who_asks_only(tmp_path: Path) -> None:
    started: list[Path] = []

    def start(home: Path) -> Started:
        started.append(home)
        return Started(url="tcp://here", keeper=0)

    urls = [once_per_session(tmp_path, "thing", start) for _ in range(3)]

    assert urls == ["tcp://here"] * 3
    assert started == [tmp_path / "thing"]


def test_the_real_reason_of_a_failed_start_is_seen_by_everyone(tmp_path: Path) -> None:
    def start(_home: Path) -> Started:
        raise OSError("no room")

    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            once_per_session(tmp_path, "thing", start)


@pytest.mark.slow
def test_a_server_ends_and_its_folder_goes_when_the_session_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    session = subprocess.Popen(["sleep", "60"])
    keeper = subprocess.Popen(
        [
            sys.executable,
            str(KEEPER),
            str(session.pid),
            str(int(signal.SIGTERM)),
            "",
            str(folder),
            "--",
            *("sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60"),
        ]
    )
    note = tmp_path / "pid"
    deadline = time.monotonic() + 10
    while not (note.exists() and note.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    session.kill()
    session.wait()

    assert keeper.wait(timeout=15) == 0
    assert not alive(int(note.read_text()))
    assert not folder.exists()


def test_a_free_port_can_be_listened_on(free_port: Callable[[], int]) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 80), ("2001:db8::1", 80)])
def test_a_test_that_leaves_this_machine_fails(address: tuple[str, int]) -> None:
    with pytest.raises(NetworkUsedError):
        socket.create_connection(address, timeout=1)
