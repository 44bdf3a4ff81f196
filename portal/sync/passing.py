"""Passing an adapter's gate from outside of a worker: a command that calls it very often.

It obeys what all workers agree on (see `portal.sync.gates`), tells them what it finds out, and
waits itself, since it has no queue to put its work back into.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from portal.domain.clock import Clock
from portal.store.database import Database
from portal.sync.gates import UNANSWERED, Gates

PATIENCE = 300.0
"""Seconds in a row for which a gate that is shut is waited at."""
UNTOLD = 15.0
"""Seconds to wait where patience is asked for, and not how much."""
SHORTEST = 0.1

Wait = Callable[[float], None]
"""Lets so many seconds pass."""


class LeftAlone(Exception):
    """The adapter may not be called now. The message says why; a later run goes on."""


class Passing:
    """Passes gates, one call at a time."""

    def __init__(
        self, database: Database, gates: Gates, clock: Clock, wait: Wait = time.sleep
    ) -> None:
        self._database = database
        self._gates = gates
        self._clock = clock
        self._wait = wait

    def look(self, adapter: str) -> None:
        """Return if nobody has paused it.

        :raises LeftAlone: somebody has.
        """
        with self._database.reading() as db:
            state = self._gates.state_of(db, adapter)
            if state is not None and state.paused_at is not None:
                raise LeftAlone(f"adapter {adapter} is paused: resume it, then start this again")

    def enter(self, adapter: str) -> None:
        """Return when it may be called once.

        :raises LeftAlone: it is paused, or was left alone for longer than this waits.
        """
        waited = 0.0
        while True:
            now = self._clock()
            with self._database.unit("gate passed by a command") as unit:
                if self._gates.enter(unit.session, adapter, now):
                    unit.commit()
                    return
                state = self._gates.state_of(unit.session, adapter)
                until = state.held_until if state is not None else None
            self.look(adapter)
            seconds = max(SHORTEST, (until - now).total_seconds() if until else 0.0)
            waited += seconds
            if waited > PATIENCE:
                raise LeftAlone(f"adapter {adapter} is left alone for now: start this again later")
            self._wait(seconds)

    def answered(self, adapter: str) -> None:
        """It answered: what waits for that, waits no longer."""
        with self._database.reading() as db:
            state = self._gates.state_of(db, adapter)
            if state is None or not state.failures:
                return
        with self._database.unit("command was answered") as unit:
            self._gates.answered(unit.session, adapter, self._clock())
            unit.commit()

    def unanswered(self, adapter: str) -> None:
        """It did not answer: the breaker counts it."""
        with self._database.unit("command was not answered") as unit:
            self._gates.unanswered(unit.session, adapter, UNANSWERED, self._clock())
            unit.commit()

    def hold(self, adapter: str, seconds: float | None) -> None:
        """It asks for patience, for so many seconds: nobody calls it until then."""
        until = self._clock() + timedelta(seconds=UNTOLD if seconds is None else max(0.0, seconds))
        with self._database.unit("command was asked for patience") as unit:
            self._gates.hold(unit.session, adapter, until)
            unit.commit()
