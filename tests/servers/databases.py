"""Fixtures: an empty database of any kind for one test."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.servers import mariadb, postgresql
from tests.servers.shared import once_per_session

DatabaseKind = Literal["sqlite", "postgresql", "mariadb"]
FreshDatabase = Callable[[DatabaseKind], str]

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> str:
    """Address of the session's PostgreSQL, opened on its own database ``postgres``."""
    return once_per_session(servers_folder, "postgresql", postgresql.start)


@pytest.fixture(scope="session")
def mariadb_server(servers_folder: Path) -> str:
    """Address of the session's MariaDB, opened on no database."""
    if not mariadb.installed():
        pytest.fail(mariadb.HOW_TO_INSTALL, pytrace=False)
    return once_per_session(servers_folder, "mariadb", mariadb.start)


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshDatabase]:
    """``fresh_database(kind)`` makes an empty database and gives its SQLAlchemy URL.

    Each call makes another one; all are gone after the test.
    """
    dropping: list[Callable[[], None]] = []

    def make(kind: DatabaseKind) -> str:
        name = f"test_{os.getpid()}_{next(NUMBERS)}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite"
        if kind == "mariadb":
            return mariadb.create_database(request.getfixturevalue("mariadb_server"), name)
        server: str = request.getfixturevalue("postgres_server")
        dropping.append(lambda: postgresql.drop_database(server, name))
        return postgresql.create_database(server, name)

    yield make
    for drop in dropping:
        drop()


@pytest.fixture
def sqlite_url(fresh_database: FreshDatabase) -> str:
    """SQLAlchemy URL of an SQLite file that does not exist yet."""
    return fresh_database("sqlite")


@pytest.fixture
def postgres_url(fresh_database: FreshDatabase) -> str:
    """SQLAlchemy URL of an empty PostgreSQL database."""
    return fresh_database("postgresql")


@pytest.fixture
def mariadb_url(fresh_database: FreshDatabase) -> str:
    """SQLAlchemy URL of an empty MariaDB database."""
    return fresh_database("mariadb")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.server),
        pytest.param("mariadb", marks=[pytest.mark.server, pytest.mark.mariadb]),
    ]
)
def database_url(request: pytest.FixtureRequest, fresh_database: FreshDatabase) -> str:
    """The same test on SQLite, PostgreSQL and MariaDB: the URL of an empty database."""
    return fresh_database(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks tests by the servers they ask for, and takes out those that cannot run here.

    Without MariaDB its tests are taken out and the summary says so; under ``CI=true`` they stay in
    and fail.
    """
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if asked & {"mariadb_url", "mariadb_server"}:
            item.add_marker(pytest.mark.mariadb)
        if asked & {"mariadb_url", "mariadb_server", "postgres_url", "postgres_server"}:
            item.add_marker(pytest.mark.server)
    if mariadb.installed() or os.environ.get("CI") == "true":
        return
    missing = [item for item in items if item.get_closest_marker("mariadb")]
    if missing:
        config.hook.pytest_deselected(items=missing)
        items[:] = [item for item in items if not item.get_closest_marker("mariadb")]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says loudly that MariaDB was left out."""
    # Under pytest-xdist only the workers collect, so the question is asked anew here.
    if not mariadb.installed() and "not server" not in str(config.option.markexpr):
        terminalreporter.section("MariaDB was NOT tested", sep="!", red=True, bold=True)
        terminalreporter.write_line(mariadb.HOW_TO_INSTALL)
