"""The portal's database: one engine, a unit of work that rolls back by default, migrations."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, CursorResult, Engine, Result, create_engine, event, make_url
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.faults import fault
from portal.store.tables import Table

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT = 30_000  # milliseconds that SQLite waits for another writer
MIGRATION_LOCK = 7_701_170_119  # any number; names the lock under which PostgreSQL is migrated
MIGRATING = threading.Lock()  # alembic keeps its context per process, not per thread
NO_ANSWER = "the portal's own database does not answer"


class DatabaseAway(Exception):
    """The portal's own database does not answer. The message holds no address of it."""


class DatabaseUnfit(Exception):
    """The tables are not those of this version, nor can they be made so. Nothing was changed."""


class Unit:
    """One unit of work: a session whose changes last only if `commit` is called.

    ``name`` says what it writes down; the fault points around its commit are called after it.
    Callbacks given to `after_commit` run once the changes are on disk, and never otherwise; they
    must not fail, since what they follow cannot be taken back.
    """

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.committed = False
        self._callbacks: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this when the changes are on disk; the same callback is called once."""
        if callback not in self._callbacks:
            self._callbacks.append(callback)

    def commit(self) -> None:
        """Make the changes last, then run the callbacks."""
        fault(f"{self.name}: before the commit")
        self.session.commit()
        self.committed = True
        fault(f"{self.name}: after the commit")
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class Database:
    """The portal's database at a SQLAlchemy address (SQLite or PostgreSQL).

    On SQLite: WAL with ``synchronous=FULL``, so that what was committed survives a power cut;
    writers take their lock at once (``BEGIN IMMEDIATE``), so that two of them queue up instead of
    failing half way; ``secure_delete``, so that what was deleted is gone from the file.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        # hide_parameters: an error must not print what was being stored.
        self.engine: Engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
        if parsed.get_backend_name() == "sqlite":
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(portal_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to read with; nothing done in it lasts."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def unit(self, name: str) -> Iterator[Unit]:
        """A unit of work. Leaving without `Unit.commit`, by an error or not, undoes everything."""
        with Session(self._writing) as session:
            yield Unit(session, name)

    def ping(self) -> None:
        """:raises DatabaseAway: it does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            raise DatabaseAway(NO_ANSWER) from None

    def migrate(self) -> None:
        """Bring the tables up to this version of the portal, or leave them as they are.

        Processes that start together take turns: on SQLite because there is one writer at a time,
        on PostgreSQL by a lock.

        :raises DatabaseUnfit: it is of a later version, or something in it is in the way.
        """
        try:
            with MIGRATING, self._writing.connect() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                if not _is_at_head(connection):
                    command.upgrade(_alembic(connection), "head")
                connection.commit()
        except CommandError:
            raise DatabaseUnfit(
                "the portal's own database is of another version of the portal: start that version"
            ) from None
        except DBAPIError as error:
            raise DatabaseUnfit(
                "the portal's own database cannot be brought up to date "
                f"({type(error).__name__}): is it writable, and the portal's alone?"
            ) from None

    def is_current(self) -> bool:
        """Do the tables fit this version of the portal?

        :raises DatabaseAway: the database does not answer.
        """
        try:
            with self.engine.connect() as connection:
                return _is_at_head(connection)
        except DBAPIError:
            raise DatabaseAway(NO_ANSWER) from None

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def insert_into(session: Session, table: type[Table]) -> sqlite_dialect.Insert:
    """An INSERT that can say what to do where the row is there already, on either database."""
    if session.get_bind().dialect.name == "postgresql":
        # Both dialects write ON CONFLICT alike; the types merely do not know of each other.
        return cast("sqlite_dialect.Insert", postgresql_dialect.insert(table))
    return sqlite_dialect.insert(table)


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE changed or a DELETE removed.

    Not for an INSERT: of those PostgreSQL's driver does not always know; ask for ``RETURNING``.

    :raises ValueError: it is not known, and that is never to be taken for an answer.
    """
    count = cast("CursorResult[Any]", result).rowcount
    if count < 0:
        raise ValueError("how many rows were changed is not known")
    return count


def _is_at_head(connection: Connection) -> bool:
    found = MigrationContext.configure(connection).get_current_heads()
    return frozenset(found) == _heads()


@cache
def _heads() -> frozenset[str]:
    """The last migration. To know it, alembic loads every one of them, which takes its time."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT}",  # first: the next one may have to wait already
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("portal_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
