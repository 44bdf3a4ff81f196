"""The connection to the CRM's database: time-outs, transactions, and no surprises in SQLite."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url

from portal.adapters.contract import Misconfigured
from portal.adapters.sql.failures import carefully
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.settings import SqlSettings

_T = TypeVar("_T")

WRITES = "portal_writes"
_DRIVERS = {"postgresql": "postgresql", "mysql": "mariadb", "mariadb": "mariadb"}
"""Backend → the extra of this package that brings a driver for it."""


class Database:
    """One CRM's database; nothing is opened before the first call. Safe for several threads."""

    def __init__(self, name: str, settings: SqlSettings) -> None:
        self._name = name
        self._settings = settings
        self._engine = make_engine(settings)
        self._schema: Schema | None = None
        self._lock = threading.Lock()

    def run(
        self,
        work: Callable[[Connection, Schema], _T],
        *,
        what: str,
        writes: bool = False,
        fresh: bool = False,
    ) -> _T:
        """Do the work in one transaction of its own, committed when it returns.

        Args:
            work: what to do, with the connection and the checked schema.
            what: what was being done, for the message when it fails.
            writes: take the lock for writing at the start.
            fresh: look at the database's schema again.

        Raises:
            AdapterError: whatever went wrong; without values.
        """

        def whole() -> _T:
            with self._engine.connect() as connection:
                connection.execution_options(**{WRITES: writes})
                with connection.begin():
                    return work(connection, self._checked(connection, fresh=fresh))

        try:
            return carefully(whole, what=f"adapter {self._name}, {what}")
        except Misconfigured:
            # The schema may have been changed meanwhile: the next call looks again.
            self._schema = None
            raise

    def _checked(self, connection: Connection, *, fresh: bool) -> Schema:
        schema = self._schema
        if schema is not None and not fresh:
            return schema
        with self._lock:
            if self._schema is None or fresh:
                self._schema = Schema.reflect(connection, self._settings)
            return self._schema

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def make_engine(settings: SqlSettings) -> Engine:
    """An engine that never waits for ever and never prints a parameter. Does not connect.

    :raises Misconfigured: there is no driver for this kind of database here.
    """
    url = make_url(settings.url)
    backend = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if backend == "sqlite":
        # A path with a typing error in it must be an error, not a new, empty database.
        path = quote(str(Path(url.database or "").absolute()))
        url = url.set(database=f"file:{path}", query={"mode": "rw", "uri": "true"})
        arguments["timeout"] = settings.timeout
    elif url.drivername in {"postgresql", "postgresql+psycopg", "postgresql+psycopg2"}:
        arguments["connect_timeout"] = settings.timeout
        arguments["tcp_user_timeout"] = settings.timeout * 1000
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
    elif backend in {"mysql", "mariadb"}:
        if url.drivername == backend:
            url = url.set(drivername=f"{backend}+pymysql")
        arguments["connect_timeout"] = settings.timeout
        if url.get_driver_name() == "pymysql":
            arguments["read_timeout"] = arguments["write_timeout"] = settings.timeout
    try:
        engine = create_engine(
            url,
            connect_args=arguments,
            hide_parameters=True,
            pool_pre_ping=backend != "sqlite",
            pool_size=4,
            max_overflow=4,
            pool_timeout=settings.timeout,
            pool_recycle=1800,
        )
    except (exc.ArgumentError, ImportError):
        extra = _DRIVERS.get(backend)
        what = f"install subscriber-portal[{extra}]" if extra else "install one"
        raise Misconfigured(f"there is no driver for {url.drivername} here: {what}") from None
    _prepare(engine, backend, settings.timeout)
    return engine


def _prepare(engine: Engine, backend: str, timeout: int) -> None:
    statements: tuple[str, ...] = ()
    if backend == "sqlite":
        statements = ("PRAGMA foreign_keys = ON",)
    elif backend == "postgresql":
        statements = (f"SET statement_timeout = {timeout * 1000}",)
    elif backend in {"mysql", "mariadb"}:
        statements = (f"SET SESSION innodb_lock_wait_timeout = {timeout}",)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        if backend == "sqlite":
            connection.isolation_level = None  # the driver's own idea of when to begin
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        if backend != "sqlite":
            connection.commit()

    if backend == "sqlite":

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get(WRITES, False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
