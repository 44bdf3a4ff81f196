"""Bells: how a worker hears of jobs that another process wrote down.

Within a process a commit wakes the workers itself. A bell is for all others: on PostgreSQL they are
notified when the commit is done; beside SQLite they look, many times a second and at no cost to
speak of, whether the file has changed. A bell that breaks is hung up again, and what it missed
meanwhile is found by the worker's own look every half a minute.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

from portal.store.database import Database
from portal.sync.outbox import CHANNEL

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05
"""Seconds between two looks at a SQLite file."""
HANG_UP_AGAIN = 5.0
"""Seconds after which a broken bell is tried again."""

Wake = Callable[[], None]


class Bell(Protocol):
    """Wakes until it is told to stop. Raises what its driver raises when it breaks."""

    def ring(self, wake: Wake, stopped: threading.Event) -> None: ...


class PostgresBell:
    """``LISTEN`` on a connection of its own, which the pool knows nothing of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ring(self, wake: Wake, stopped: threading.Event) -> None:
        """See `Bell`."""
        with _own_connection(self._database) as driver:
            driver.rollback()  # the pool's own look at it has begun a transaction
            driver.autocommit = True
            driver.execute(f"LISTEN {CHANNEL}")
            wake()  # for what came while nobody listened
            while not stopped.is_set():
                for _ in driver.notifies(timeout=1.0, stop_after=1):
                    wake()


class SqliteBell:
    """``PRAGMA data_version``: a number that differs once another connection has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ring(self, wake: Wake, stopped: threading.Event) -> None:
        """See `Bell`."""
        with _own_connection(self._database) as driver:
            seen = None
            while not stopped.wait(LOOK_EVERY):
                found = driver.execute("PRAGMA data_version").fetchone()
                if found != seen:
                    seen = found
                    wake()


def bell_of(database: Database) -> Bell:
    """The bell for this kind of database."""
    if database.engine.dialect.name == "postgresql":
        return PostgresBell(database)
    return SqliteBell(database)


@contextmanager
def hung(bell: Bell, wake: Wake) -> Iterator[None]:
    """The bell rings, in a thread of its own, for as long as the block takes."""
    stopped = threading.Event()
    ringing = threading.Thread(
        target=_ring, args=(bell, wake, stopped), name="portal-bell", daemon=True
    )
    ringing.start()
    try:
        yield
    finally:
        stopped.set()
        ringing.join()


def _ring(bell: Bell, wake: Wake, stopped: threading.Event) -> None:
    broken = False
    while not stopped.is_set():
        try:
            bell.ring(wake, stopped)
        except Exception as error:  # noqa: BLE001  drivers raise their own kinds; it is tried again
            if not broken:
                log.warning("new jobs are looked for by the clock: %s", type(error).__name__)
            broken = True
            stopped.wait(HANG_UP_AGAIN)


@contextmanager
def _own_connection(database: Database) -> Iterator[Any]:
    """The driver's connection itself, out of the pool for good."""
    pooled = database.engine.raw_connection()
    driver = pooled.driver_connection  # which `detach` takes away
    pooled.detach()
    with closing(pooled):
        yield driver
