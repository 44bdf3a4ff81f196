"""The second erasure: what the first one had to keep goes when its time is over.

A recall holds the keys of the records, sealed, and one job sleeps until the day after the first of
the days that the system told. It erases the same records once more, which removes what need not be
kept any more; and then sleeps until the next day, until nothing is left that has one.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.access.subjects import known_subject
from portal.adapters.contract import Adapter, AdapterError, Erasure, ErasureKind, Ref, Registry
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.brake import WINDOW, limit_of
from portal.rights.deeds.ended import NOT_CONFIRMED, Rehearsal
from portal.rights.deeds.ended import Again as Kept
from portal.rights.deeds.outcomes import address_mark, again_for, as_outcome
from portal.rights.deeds.stumbling import stumbled
from portal.store.database import Database, Unit
from portal.store.recalls import Purpose, Recalled, Recalls
from portal.store.tables import AdapterState, Delivery, Job, Request
from portal.store.vault import Vault
from portal.sync.alarms import AlarmKind, raise_alarm
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Later, Result, Task
from portal.sync.outbox import Outbox

JOB = "second_erasure"
PATIENCE = timedelta(days=31)
"""For so long after its day a system may be away before what is remembered is forgotten. Each
attempt begins it anew."""
AT = time(3)
"""Of the day after: when nobody works."""
AWAITING_AGAIN = 300.0


def is_due(db: Db, subject_id: str, adapter: str, now: datetime) -> bool:
    """Is what was kept of her about to be erased? Until then it is nobody who is back."""
    return subject_id in due(db, adapter, now, [subject_id])


def due(db: Db, adapter: str, now: datetime, subjects: Sequence[str]) -> set[str]:
    """Of these subjects, those of whom something kept is about to be erased (UTC)."""
    return {
        subject_id
        for subject_id in db.scalars(
            select(Job.subject_id).where(
                Job.kind == JOB,
                Job.adapter == adapter,
                Job.subject_id.in_(subjects),
                Job.ended_at.is_(None),
                Job.due_at <= now,
            )
        )
        if subject_id
    }


class SecondErasures(Handler):
    """Remembers what is to be erased later, and is the handler of that."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        adapters: Registry,
        directory: Directory,
        suppressions: Suppressions,
        recalls: Recalls,
        ledger: Ledger,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbox = outbox
        self._adapters = adapters
        self._directory = directory
        self._suppressions = suppressions
        self._recalls = recalls
        self._ledger = ledger
        self._zone = zone
        self._clock = clock

    def remember(self, unit: Unit, subject_id: str, adapter: str, kept: Kept) -> None:
        """Put a second erasure down, in the transaction that ends the first."""
        db = unit.session
        for one in self._recalls.of(db, Purpose.SECOND_ERASURE, subject_id):
            if one.told["adapter"] == adapter and one.told["records"].keys() >= kept.records.keys():
                return  # it is done once more, and is remembered already
        delivery = _last_erasure(db, subject_id, adapter)
        at = self._moment(kept.first)
        told = {
            "adapter": adapter,
            "records": dict(kept.records),
            "delivery": delivery.id if delivery else None,
        }
        recall = self._recalls.keep(
            db,
            Purpose.SECOND_ERASURE,
            subject_id,
            told,
            at + PATIENCE,
            delivery.request_id if delivery else None,
        )
        self._put(unit, subject_id, adapter, recall, at)

    def run(self, task: Task) -> Result:
        """Erase what need not be kept any more, and read it back."""
        adapter = self._adapters.get(task.adapter or "")
        if adapter is None:
            return GaveUp("no_adapter", self._patiently(task))
        with self._database.reading() as db:
            kept = self._recalls.get(db, Purpose.SECOND_ERASURE, task.payload["recall"])
            if kept is None:
                return GaveUp("no_recall", replayable=False)
            if self._is_enough_for_now(db, adapter):
                return Later(self._clock() + WINDOW, self._patiently(task))
        try:
            return self._erase(adapter, task, kept)
        except AdapterError as error:
            return self._stumbled(task, stumbled(error))

    def abandon(self, session: Db, task: Task, cause: str) -> None:
        """A person has it done again, perhaps weeks later."""
        self._patiently(task)(session)

    # --- the deed --------------------------------------------------------------------------------

    def _erase(self, adapter: Adapter, task: Task, kept: Recalled) -> Result:
        if adapter.capabilities.erase is None:
            return GaveUp("unsupported", self._patiently(task))
        done: dict[Ref, Erasure] = {}
        in_use, shadow = False, Rehearsal()
        for number, (key, mark) in enumerate(kept.told["records"].items()):
            ref = Ref(adapter.name, key)
            if self._is_in_use(adapter, ref, mark, kept.subject_id):
                in_use = True
                continue
            with shadow:
                done[ref] = adapter.erase(ref, key=f"{task.key}:{number}")
        if (in_shadow := shadow.ended()) and in_shadow.until:
            return Later(in_shadow.until, self._patiently(task))
        if not all(adapter.erased(ref) for ref in done):
            waits = any(one.kind is ErasureKind.ASYNC for one in done.values())
            again = Again("awaiting", AWAITING_AGAIN) if waits else Again(NOT_CONFIRMED)
            return self._stumbled(task, again)
        left = again_for(adapter, done)
        return Finished(lambda db: self._record(db, task, kept, done, left, in_use=in_use))

    def _is_in_use(self, adapter: Adapter, ref: Ref, mark: str, subject_id: str) -> bool:
        """Was it given another address since? Or has she come back by herself, in the same record?

        Then a person sees to it: an erasure would take what is of now along.
        """
        record = adapter.read(ref)
        if record is None:
            return False
        if address_mark(record) != mark:
            return True
        try:
            email = Email.parse(record.email)
        except InvalidEmail:  # none, or what an erasure has written over it: gone-7@example.invalid
            return False
        with self._database.reading() as db:
            sites = self._directory.sites_of(adapter.name)
            is_hers = known_subject(db, self._vault, email) == subject_id
            return is_hers and self._suppressions.of(db, subject_id, sites) is None

    def _record(
        self,
        db: Db,
        task: Task,
        kept: Recalled,
        done: Mapping[Ref, Erasure],
        next_time: Kept | None,
        *,
        in_use: bool,
    ) -> None:
        adapter, outcome = task.adapter or "", as_outcome([*done.values()])
        left = [f"{one['category']}:{one['ground']}" for one in outcome["retained"]]
        self._ledger.note(
            db,
            Event.ERASED_AS_WELL,
            subject_id=kept.subject_id,
            request_id=kept.request_id,
            facts={"adapter": adapter, "retained": left},
        )
        if in_use:
            self._ring(db, task, kept)
        else:
            self._tell(db, kept.told["delivery"], outcome)
        if next_time is None:
            self._recalls.drop(db, kept.id)
            return
        # It may not be over by the system's own calendar yet: never twice on one day.
        at = max(self._moment(next_time.first), self._clock() + timedelta(days=1))
        self._recalls.keep_until(db, kept.id, at + PATIENCE)
        # What is written with a job's end; the worker that ends it looks for more by itself.
        self._put(Unit(db, "job ended"), kept.subject_id, adapter, kept.id, at)

    def _tell(self, db: Db, delivery_id: int | None, outcome: Mapping[str, Any]) -> None:
        """On her page: what went as well, and when."""
        if delivery_id is None:
            return
        kept = {one["category"] for one in outcome["retained"]}
        for one in db.scalars(
            select(Delivery).where(or_(Delivery.id == delivery_id, Delivery.follows == delivery_id))
        ):
            before = {old["category"] for old in one.outcome.get("retained", ())}
            gone = sorted(before - kept)
            later = [*one.outcome.get("later", ())]
            if gone:
                later.append({"on": self._clock().date().isoformat(), "categories": gone})
            told = {"retained": outcome["retained"], "later": later}
            one.outcome = {**one.outcome, **told}
            if one.state == DeliveryState.RETAINED and not kept:
                one.state, one.changed_at = DeliveryState.CONFIRMED, self._clock()

    def _ring(self, db: Db, task: Task, kept: Recalled) -> None:
        raise_alarm(
            db,
            AlarmKind.NOT_CONFIRMED,
            f"{JOB}:{kept.id}",
            now=self._clock(),
            adapter=task.adapter,
            subject_id=kept.subject_id,
            request_id=kept.request_id,
            facts={"kind": JOB, "cause": "in_use"},
        )

    # --- time ------------------------------------------------------------------------------------

    def _put(self, unit: Unit, subject_id: str, adapter: str, recall: int, at: datetime) -> None:
        self._outbox.put(
            unit,
            JOB,
            {"recall": recall},
            subject_id=subject_id,
            adapter=adapter,
            key=f"{JOB}:{recall}:{at.isoformat()}",
            due_at=at,
        )

    def _moment(self, last: date) -> datetime:
        return datetime.combine(last + timedelta(days=1), AT, self._zone).astimezone(UTC)

    def _patiently(self, task: Task) -> Any:
        def record(db: Db) -> None:
            self._recalls.keep_until(db, task.payload["recall"], self._clock() + PATIENCE)

        return record

    def _stumbled(self, task: Task, result: Result) -> Result:
        """It is tried again, or a person looks; until then it is not forgotten."""
        record = self._patiently(task)
        match result:
            case Again(cause=cause, after=after, verdict=verdict):
                return Again(cause, after, record, verdict)
            case GaveUp(cause=cause):
                return GaveUp(cause, record)
        return result

    def _is_enough_for_now(self, db: Db, adapter: Adapter) -> bool:
        """On the first of January much is over at once. It is spread, and brakes nobody else."""
        state = db.get(AdapterState, adapter.name)
        done = select(func.count(Job.id)).where(
            Job.kind == JOB,
            Job.adapter == adapter.name,
            Job.ended_at >= self._clock() - WINDOW,
            Job.end == "done",
        )
        return (db.scalar(done) or 0) >= limit_of(adapter, state.records if state else None)


def _last_erasure(db: Db, subject_id: str, adapter: str) -> Delivery | None:
    return db.scalar(
        select(Delivery)
        .join(Request, Request.id == Delivery.request_id)
        .where(Request.subject_id == subject_id, Request.right == Right.ERASE)
        .where(Delivery.adapter == adapter, Delivery.follows.is_(None))
        .where(Request.dropped_at.is_(None))
        .order_by(Delivery.id.desc())
        .limit(1)
    )
