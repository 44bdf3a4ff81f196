"""Is this the database that the portal last worked with, or an older one out of a back-up?

The erasure journal knows. While it holds what the database does not, the portal serves no page and
delivers nothing: it would show, mail and re-open what people have had erased.
"""

import threading
import time
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import delete, select

from portal.domain.clock import Clock
from portal.rights.requests.journaling import MARK, known_lines, marks_of, set_mark
from portal.rights.requests.kept_records import KeptRecords
from portal.store.database import Database
from portal.store.journal import Journal, JournalAway, JournalDamaged, Line
from portal.store.tables import Mark, Request

UNFINISHED = "replay:"
"""Begins the name of the mark that says that a journal's replay has begun, and not ended."""
LOOK_AGAIN = 5.0
"""Seconds after which a portal that is closed looks whether it may open."""
KNOWN_AT_ONCE = 500


class State(StrEnum):
    """How the database and the journal stand to each other."""

    OPEN = "open"
    """They fit: the portal may serve."""
    RESTORED = "restored"
    """The journal holds requests that the database does not know."""
    UNFINISHED = "unfinished"
    """Its replay has begun, and not ended."""
    LOST = "lost"
    """The database knows of a journal that is not there."""
    AWAY = "away"
    """It cannot be read."""
    DAMAGED = "damaged"
    """It is not as it was written."""

    @property
    def told(self) -> str:
        """What it is, for an operator."""
        return _TOLD[self][0]

    @property
    def what_to_do(self) -> str:
        """What to do about it, for an operator."""
        return _TOLD[self][1]


_FIND_IT = "put it back where it belongs, or, if it is lost: portal replay --journal --begin-anew"
_TOLD = {
    State.OPEN: ("the database is up to the erasure journal", ""),
    State.RESTORED: (
        "the erasure journal holds requests that the database has forgotten",
        "bring it up to date: portal replay --journal",
    ),
    State.UNFINISHED: (
        "the erasure journal has not been replayed to its end",
        "go on: portal replay --journal",
    ),
    State.LOST: ("the erasure journal is not there", _FIND_IT),
    State.AWAY: ("the erasure journal cannot be read", _FIND_IT),
    State.DAMAGED: ("the erasure journal is not as it was written", _FIND_IT),
}


class Recovery:
    """Looks at both, and says whether the portal may work."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._state = State.OPEN
        self._looked = float("-inf")
        self._lock = threading.Lock()

    # --- may it serve? -------------------------------------------------------------------------

    def look(self) -> State:
        """Look at both now."""
        self._state, self._looked = self._found(), time.monotonic()
        return self._state

    def may_serve(self) -> bool:
        """May pages be served and jobs be done? While not, it looks again every few seconds."""
        if self._state is not State.OPEN and self._lock.acquire(blocking=False):
            try:
                if time.monotonic() - self._looked > LOOK_AGAIN:
                    self.look()
            finally:
                self._lock.release()
        return self._state is State.OPEN

    def _found(self) -> State:
        with self._database.reading() as db:
            marks, begun = marks_of(db), marks_of(db, UNFINISHED)
        try:
            name = self._journal.id()
            if name is None:
                return State.LOST if marks else State.OPEN
            if name in begun:
                return State.UNFINISHED
            unknown = self.unknown(self._journal.after(marks.get(name, 0)))
        except JournalAway:
            return State.AWAY
        except JournalDamaged:
            return State.DAMAGED
        return State.RESTORED if unknown else State.OPEN

    def unknown(self, lines: Sequence[Line]) -> list[Line]:
        """Those of these lines whose requests the database does not know."""
        known: set[str] = set()
        with self._database.reading() as db:
            for start in range(0, len(lines), KNOWN_AT_ONCE):
                ids = [line.request for line in lines[start : start + KNOWN_AT_ONCE]]
                known |= set(db.scalars(select(Request.id).where(Request.id.in_(ids))))
        unknown = {line.request: line for line in lines if line.request not in known}
        return [*unknown.values()]

    # --- when the journal is gone ----------------------------------------------------------------

    def begin_anew(self) -> int:
        """The journal is lost or damaged for good: a new one, of what the database knows.

        The old file, where there is one, is kept under another name. How many lines it has.

        It takes the old one's place whole; from then on both fit, whatever marks of older journals
        there are still.

        Raises:
            JournalAway: It cannot be written.
        """
        records = KeptRecords(self._journal.vault, self._clock)
        now = self._clock().strftime("%Y%m%dT%H%M%S")
        old = self._journal.path.with_name(f"journal-{now}.old")
        name, number = self._journal.replace(known_lines(self._database, records), old)
        with self._database.unit("journal begun anew") as unit:
            for begins in (MARK, UNFINISHED):
                unit.session.execute(delete(Mark).where(Mark.name.startswith(begins)))
            set_mark(unit.session, name, number)
            unit.commit()
        self.look()
        return number
