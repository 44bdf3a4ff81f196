"""Bringing a restored database up to the erasure journal, and every system with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Registry
from portal.consent.sources import SUBSCRIBER, Method
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import ACTIVITIES, CaseKind, Cases
from portal.rights.deeds.ended import LATER, SOONER
from portal.rights.held.walk import Progress
from portal.rights.lasting.asked_since import Replayed
from portal.rights.lasting.known_again import known_again
from portal.rights.lasting.reapply import JOB as REAPPLY
from portal.rights.lasting.recovery import UNFINISHED, Recovery
from portal.rights.lasting.remembered_again import RememberingAgain
from portal.rights.lasting.replanned import let_go_since, put_down
from portal.rights.lasting.replay import Replaying
from portal.rights.lasting.restored import CAUSE, Settled, settle, unsure
from portal.rights.requests.feed_places import begin_anew
from portal.rights.requests.journaling import (
    JOURNALED,
    LEFT,
    MAILBOX,
    MAILBOX_ALIASES,
    RECORDS,
    marks_of,
    set_mark,
)
from portal.rights.requests.planned import is_planned, let_go_anyway, planned_of
from portal.rights.requests.restrictions import end
from portal.store.database import Database, Unit
from portal.store.journal import Journal, JournalDamaged, Line
from portal.store.tables import Consent, Delivery, Job, Mark, Request, Subject
from portal.sync.outbox import Outbox

NOT_DONE_AGAIN = frozenset({Right.CONSENT, Right.KEEP, Right.LIFT, Right.ADDRESS})
"""What is hers to do again, or of which the journal holds no value."""


@dataclass(slots=True)
class Recreated:
    """What a replay of the journal did."""

    lines: int = 0
    """That the database did not know."""
    by_right: dict[str, int] = field(default_factory=dict)
    settled: Settled = field(default_factory=Settled)
    adapters: list[Replayed] = field(default_factory=list)


class Recreating:
    """Writes down again what the database has forgotten, and has it done again."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        recovery: Recovery,
        adapters: Registry,
        suppressions: Suppressions,
        replaying: Replaying,
        remembering: RememberingAgain,
        cases: Cases,
        outbox: Outbox,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._recovery = recovery
        self._adapters = adapters
        self._suppressions = suppressions
        self._replaying = replaying
        self._remembering = remembering
        self._cases = cases
        self._outbox = outbox
        self._ledger = ledger
        self._clock = clock

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
        unknown = self._recovery.unknown(lines)
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
        self._remembering.remember(lines)
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
            since = let_go_since(lines)
            for line in sorted(lines, key=_asked_at):  # the last decision counts, not the last line
                self._write(db, line, is_let_go=line.request in since)
            for erasure_id, (cause, by) in since.items():
                self._let_go(db, erasure_id, cause, by)
            unit.commit()

    def _hurried(self, db: Db, subject_id: str, at: datetime, by: str) -> None:
        """One that waited then, and that the back-up knew of, gave way to this one."""
        waited = planned_of(db, subject_id, at)
        if waited is not None and waited.received_at < at:
            self._let_go(db, waited.id, SOONER, by)

    def _let_go(self, db: Db, erasure_id: str, cause: str, by: str) -> None:
        """She took it back, or asked for it at once: also one that the back-up knew of."""
        erasure = db.get(Request, erasure_id)
        if erasure is not None and erasure.due_at is not None and erasure.dropped_at is None:
            let_go_anyway(db, self._ledger, erasure, cause, by, self._clock())

    def _write(self, db: Db, line: Line, *, is_let_go: bool) -> None:
        """One request as it was, as far as the journal knows; whether it took effect, it does not.

        The words of a decision are lost, their version is not.
        """
        at, now = datetime.fromisoformat(line.at), self._clock()
        more = dict(line.more)
        left = more.pop(LEFT, ())
        more.pop(RECORDS, None)
        subject_id = known_again(
            db, line.subject, line.aliases, left, at, only=line.right == Right.ADDRESS
        )
        if MAILBOX in more:
            mailbox = known_again(db, str(more[MAILBOX]), more.pop(MAILBOX_ALIASES, ()), (), at)
            db.get_one(Subject, subject_id).part_of = more[MAILBOX] = mailbox
        details = {"purposes": [*line.purposes]} if line.purposes else {}
        request = Request(
            id=line.request,
            subject_id=subject_id,
            site=line.site,
            right=line.right,
            locale=line.locale,
            received_at=at,
            details={**details, **more},
            due_at=datetime.fromisoformat(line.due) if line.due else None,
        )
        db.add(request)
        db.flush()
        erases = line.right == Right.ERASE
        waits = erases and is_planned(request, now) and not is_let_go
        for adapter in line.adapters:
            there = adapter in self._adapters and line.right not in NOT_DONE_AGAIN
            state = DeliveryState.UNCONFIRMED if there else DeliveryState.CONFIRMED
            db.add(
                Delivery(
                    request_id=line.request,
                    adapter=adapter,
                    state=DeliveryState.QUEUED if waits else state,
                    changed_at=now,
                    outcome={"cause": LATER if waits else CAUSE},
                )
            )
        if line.right == Right.OBJECT and ACTIVITIES in line.more:
            self._weigh_again(db, request)
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
                    wording_hash="",
                    statement_hash="",
                    method=Method.RESTORED,
                    actor=SUBSCRIBER,
                    locale=line.locale,
                    request_id=line.request,
                )
            )
        db.flush()
        if waits:
            put_down(db, self._outbox, request)
        if erases and not line.due:
            self._hurried(db, subject_id, at, line.request)
        if erases and not (waits or is_let_go):
            end(db, request, now)
            self._suppressions.add(db, subject_id, line.request, request.due_at or at)
        elif given or line.right == Right.KEEP:
            self._suppressions.lift(db, subject_id, at, "portal", line.request)

    def _weigh_again(self, db: Db, request: Request) -> None:
        """An objection that a person weighs. Her reasons are lost, and whether she was answered."""
        self._cases.open(
            Unit(db, "journal replayed"),
            CaseKind.OBJECT,
            site=request.site,
            locale=request.locale,
            subject_id=request.subject_id,
            request_id=request.id,
            received_at=request.received_at,
        )

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
            begin_anew(unit.session)
            unit.session.execute(delete(Mark).where(Mark.name == f"{UNFINISHED}{name}"))
            unit.commit()
        self._recovery.look()


def _asked_at(line: Line) -> tuple[datetime, int]:
    """When she decided: the line of what was asked first may be written later, after a crash."""
    return datetime.fromisoformat(line.at), line.number
