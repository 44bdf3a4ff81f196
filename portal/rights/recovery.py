"""Is this the database that the portal last worked with, or an older one out of a back-up?

The erasure journal knows. While it holds what the database does not, the portal serves no page and
delivers nothing: it would show, mail and re-open what people have had erased.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Registry
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Ledger
from portal.rights.journaling import JOURNALED, MARK, begin, marks_of, set_mark
from portal.rights.reapply import JOB as REAPPLY
from portal.rights.replay import Replayed, Replaying
from portal.rights.restored import CAUSE, Settled, settle, unsure
from portal.rights.walk import Progress
from portal.store.database import Database
from portal.store.journal import Journal, JournalAway, JournalDamaged, Line
from portal.store.tables import Consent, Delivery, Job, Mark, Request, Subject, SubjectAlias

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


@dataclass(slots=True)
class Recreated:
    """What a replay of the journal did."""

    lines: int = 0
    """That the database did not know."""
    by_right: dict[str, int] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    adapters: list[Replayed] = field(default_factory=list)


class Recovery:
    """Looks at both, and brings the database up to the journal."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        adapters: Registry,
        suppressions: Suppressions,
        replaying: Replaying,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._adapters = adapters
        self._suppressions = suppressions
        self._replaying = replaying
        self._ledger = ledger
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
            unknown = self._unknown(self._journal.after(marks.get(name, 0)))
        except JournalAway:
            return State.AWAY
        except JournalDamaged:
            return State.DAMAGED
        return State.RESTORED if unknown else State.OPEN

    def _unknown(self, lines: Sequence[Line]) -> list[Line]:
        known: set[str] = set()
        with self._database.reading() as db:
            for start in range(0, len(lines), KNOWN_AT_ONCE):
                ids = [line.request for line in lines[start : start + KNOWN_AT_ONCE]]
                known |= set(db.scalars(select(Request.id).where(Request.id.in_(ids))))
        unknown = {line.request: line for line in lines if line.request not in known}
        return [*unknown.values()]

    # --- bringing it up to the journal -----------------------------------------------------------

    def begin_anew(self) -> int:
        """The journal is lost or damaged for good: a new one, of what the database knows.

        The old file, where there is one, is kept under another name. How many lines it has.
        """
        if self._journal.path.exists():
            now = self._clock().strftime("%Y%m%dT%H%M%S")
            self._journal.path.rename(self._journal.path.with_name(f"journal-{now}.old"))
        with self._database.unit("journal begun anew") as unit:
            for begins in (MARK, UNFINISHED):
                unit.session.execute(delete(Mark).where(Mark.name.startswith(begins)))
            unit.commit()
        name, number = begin(self._database, self._journal)
        with self._database.unit("journal marked") as unit:
            set_mark(unit.session, name, number)
            unit.commit()
        self.look()
        return number

    def replay(self, *, dry_run: bool, progress: Progress) -> Recreated:
        """Write down again what the database has forgotten, and do it again in every system.

        May be stopped and begun again at any time. When nothing is missing it does nothing.

        Raises:
            JournalAway: See `Journal.after`.
            JournalDamaged: See there.
            AdapterError: A system could not be asked. The portal stays closed: try again.
        """
        done = Recreated()
        name = self._journal.id()
        if name is None:
            return done
        with self._database.reading() as db:
            mark, begun = marks_of(db).get(name, 0), name in marks_of(db, UNFINISHED)
        lines = self._journal.after(mark)
        unknown = self._unknown(lines)
        done.lines = len(unknown)
        for line in unknown:
            done.by_right[line.right] = done.by_right.get(line.right, 0) + 1
        if dry_run or not (unknown or begun):
            return done
        self._recreate(name, mark, unknown, done, first=not begun)
        if not lines:  # the journal itself is shorter than when its replay began
            raise JournalDamaged("it ends before its replay has ended")
        since = min(datetime.fromisoformat(line.at) for line in lines)
        for adapter in self._adapters.values():
            replayed = self._replaying.replay(adapter, since, dry_run=False, progress=progress)
            done.adapters.append(replayed)
        self._finish(name, lines[-1].number)
        return done

    def _recreate(
        self, name: str, mark: int, lines: Sequence[Line], done: Recreated, *, first: bool
    ) -> None:
        with self._database.unit("journal replayed") as unit:
            db = unit.session
            if first:
                db.add(Mark(name=f"{UNFINISHED}{name}", value=str(mark)))
                done.settled = settle(db, self._ledger, lines, self._clock())
            for line in lines:
                self._write(db, line)
            unit.commit()

    def _write(self, db: Db, line: Line) -> None:
        """One request as it was, as far as the journal knows; whether it took effect, it does not.

        The words of a decision are lost, their version is not.
        """
        at, now = datetime.fromisoformat(line.at), self._clock()
        subject_id = self._subject(db, line, at)
        details = {"purposes": [*line.purposes]} if line.purposes else {}
        db.add(
            Request(
                id=line.request,
                subject_id=subject_id,
                site=line.site,
                right=line.right,
                locale=line.locale,
                received_at=at,
                details=details,
            )
        )
        db.flush()
        for adapter in line.adapters:
            there = adapter in self._adapters and line.right != Right.CONSENT
            state = DeliveryState.UNCONFIRMED if there else DeliveryState.CONFIRMED
            db.add(
                Delivery(
                    request_id=line.request,
                    adapter=adapter,
                    state=state,
                    changed_at=now,
                    outcome={"cause": CAUSE},
                )
            )
        given = line.right == Right.CONSENT
        for purpose, version in zip(line.purposes, line.wordings, strict=True):
            db.add(
                Consent(
                    subject_id=subject_id,
                    purpose=purpose,
                    granted=given,
                    at=at,
                    source=CAUSE,
                    wording="",
                    wording_version=version,
                    locale=line.locale,
                    request_id=line.request,
                )
            )
        db.flush()
        if line.right == Right.ERASE:
            self._suppressions.add(db, subject_id, line.request, at)
        elif given:
            self._suppressions.lift(db, subject_id, at, "portal", line.request)

    @staticmethod
    def _subject(db: Db, line: Line, at: datetime) -> str:
        """The subject, made again where it is missing, with the hashes it is found by."""
        aliases: Mapping[tuple[int, bytes], SubjectAlias | None] = {
            (version, bytes.fromhex(digest)): db.get(SubjectAlias, (version, bytes.fromhex(digest)))
            for version, digest in line.aliases
        }
        subject_id = next((one.subject_id for one in aliases.values() if one), line.subject)
        if db.get(Subject, subject_id) is None:
            db.add(Subject(id=subject_id, created_at=at))
            db.flush()
        for (version, digest), there in aliases.items():
            if there is None:
                db.add(SubjectAlias(key_version=version, digest=digest, subject_id=subject_id))
        return subject_id

    @staticmethod
    def _confirm_the_rest(db: Db, adapter: str) -> None:
        """Where nothing had to be done again, everything is as it should be."""
        busy = set(
            db.scalars(
                select(Job.subject_id).where(
                    Job.kind == REAPPLY, Job.adapter == adapter, Job.ended_at.is_(None)
                )
            )
        )
        for delivery in unsure(db, adapter, JOURNALED):
            request = db.get_one(Request, delivery.request_id)
            if request.subject_id not in busy:
                delivery.state = DeliveryState.CONFIRMED

    def _finish(self, name: str, number: int) -> None:
        """Every system was gone through: what was found is put to work, and the portal may open."""
        with self._database.unit("journal replay finished") as unit:
            for adapter in self._adapters:
                self._confirm_the_rest(unit.session, adapter)
            set_mark(unit.session, name, number)
            unit.session.execute(delete(Mark).where(Mark.name == f"{UNFINISHED}{name}"))
            unit.commit()
        self.look()
