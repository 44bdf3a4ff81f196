"""One folder and one set of servers for the whole session, whatever the number of workers."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = pytest.StashKey[Path]()
KEEPER = Path(__file__).with_name("keeper.py")
NOBODY = 65534
"""The user id that a server runs as when the tests run as root and it refuses root."""


@dataclass(frozen=True)
class Started:
    """A server that answers, as the workers tell each other about it."""

    url: str
    keeper: int
    """Process id of the keeper; SIGTERM to it stops the server."""


def pytest_configure(config: pytest.Config) -> None:
    """The process that the person started owns the folder; workers are told where it is."""
    if is_worker(config):
        config.stash[FOLDER] = Path(worker_input(config)["servers_folder"])
        return
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    # Others may pass through, to reach a folder of their own in it, but not look around.
    folder.chmod(0o711)
    (folder / "session").write_text(str(os.getpid()))
    config.stash[FOLDER] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a pytest-xdist worker, before it starts, where the folder is."""
    node.workerinput["servers_folder"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops what any worker started and leaves nothing behind."""
    folder = config.stash.get(FOLDER, None)
    if folder is None or is_worker(config):
        return
    for note in folder.glob("*.started"):
        stop(Started(**json.loads(note.read_text())))
    shutil.rmtree(folder, ignore_errors=True)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a pytest-xdist worker."""
    return hasattr(config, "workerinput")


def worker_input(config: pytest.Config) -> dict[str, Any]:
    """What pytest-xdist handed to this worker."""
    answer: dict[str, Any] = getattr(config, "workerinput")  # noqa: B009 - xdist adds it untyped
    return answer


@pytest.fixture(scope="session")
def servers_folder(pytestconfig: pytest.Config) -> Path:
    """The folder that all workers of this session share."""
    return pytestconfig.stash[FOLDER]


@pytest.fixture
def free_port() -> Callable[[], int]:
    """``free_port()`` gives a loopback port that nothing listens on at this moment."""
    return find_free_port


def find_free_port() -> int:
    """A free TCP port on 127.0.0.1, chosen by the system."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def once_per_session(folder: Path, name: str, start: Callable[[Path], Started]) -> str:
    """The address of the server ``name``; the first worker that asks starts it in its own folder.

    Args:
        folder: the shared folder.
        name: what the server is called in it.
        start: makes the server in the empty folder it is given and returns once it answers.
    """
    note = folder / f"{name}.started"
    with locked(folder / f"{name}.lock"):
        if not note.exists():
            home = folder / name
            home.mkdir(mode=0o700)
            try:
                started = start(home)
            except BaseException:
                # The next worker tries again and fails with the real reason, not with "exists".
                shutil.rmtree(home, ignore_errors=True)
                raise
            note.touch(mode=0o600)
            note.write_text(json.dumps(asdict(started)))
        return Started(**json.loads(note.read_text())).url


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock that all processes of the session respect."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(command: list[str], *, user: int | None = None) -> None:
    """Runs a program that makes the files of a server, as ``user`` if one is given.

    Raises:
        RuntimeError: it failed; carries what it printed.
    """
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    if done.returncode:
        message = f"{command[0]} failed:\n{done.stdout.decode(errors='replace')}"
        raise RuntimeError(message)


def launch(
    command: list[str],
    *,
    home: Path,
    answers: Callable[[], bool],
    user: int | None = None,
    stop_signal: int = signal.SIGTERM,
    patience: float = 30.0,
) -> int:
    """Starts ``command`` under a keeper and waits until it answers.

    Args:
        command: the server, in the foreground.
        home: its folder; ``log`` in it takes what it prints.
        answers: whether it answers by now.
        user: the user and group id to run as.
        stop_signal: what asks this server to stop.
        patience: seconds until giving up.

    Returns:
        The process id of the keeper.

    Raises:
        RuntimeError: it ended or did not answer in time; carries the end of its log.
    """
    folder = home.parent
    session = (folder / "session").read_text()
    log = home.parent / f"{home.name}.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [
                sys.executable,
                str(KEEPER),
                session,
                str(int(stop_signal)),
                "" if user is None else str(user),
                str(folder),
                "--",
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home if user is None else "/",
            start_new_session=True,
        )
    # The keeper outlives this worker on purpose, so its handle is dropped without a warning.
    pid, keeper_ended = keeper.pid, keeper.poll
    deadline = time.monotonic() + patience
    while not answers():
        if keeper_ended() is not None or time.monotonic() > deadline:
            stop(Started(url="", keeper=pid))
            tail = log.read_text(errors="replace")[-2000:]
            message = f"{command[0]} did not start:\n{tail}"
            raise RuntimeError(message)
        time.sleep(0.05)
    keeper.returncode = 0
    return pid


def stop(server: Started) -> None:
    """Asks the keeper to stop its server and waits until both are gone, 15 seconds at most."""
    try:
        os.kill(server.keeper, signal.SIGTERM)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            # Its parent may be this process (no xdist): then it must be collected, too.
            os.waitpid(server.keeper, os.WNOHANG)
        try:
            os.kill(server.keeper, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
