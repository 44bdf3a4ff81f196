"""Doing an erasure, a withdrawal, an objection or a restriction once more where it was lost.

An import brought somebody back, or the CRM was restored from an old back-up. The job carries one
record's key and address, sealed, and is wiped at its end like every other. It looks again before it
does anything: what she has decided since stands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.adapters.contract import Adapter, AdapterError, Ref, Registry
from portal.consent.record import ConsentRecord
from portal.consent.sources import OVERTAKEN
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Lane, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.brake import Brake
from portal.rights.deeds.doing import DEEDS, erasure, likeness
from portal.rights.deeds.ended import BRAKE, NOT_CONFIRMED, Ended
from portal.rights.deeds.ended import Again as Kept
from portal.rights.deeds.marking import Marking
from portal.rights.deeds.marks import Marks
from portal.rights.deeds.stumbling import stumbled
from portal.rights.erasing.returned import Finding, look_at, opted_in_at
from portal.rights.erasing.second import SecondErasures
from portal.rights.held.known import addresses_in, records_under, with_also
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.lasting.restored import confirm
from portal.rights.requests.overtaken import overtaken
from portal.rights.requests.planned import planned_of
from portal.store.database import Database, Unit
from portal.sync.alarms import AlarmKind, raise_alarm
from portal.sync.jobs import (
    Again,
    Finished,
    GaveUp,
    Handler,
    Later,
    Recording,
    Result,
    Task,
    Verdict,
)
from portal.sync.outbox import Outbox

JOB = "reapply"
RIGHTS = {
    "erase": (Right.ERASE,),
    "consent": (Right.WITHDRAW, Right.OBJECT),
    "restrict": (Right.RESTRICT,),
}
"""Whose deliveries it confirms, by what it does."""
AWAITING_AGAIN = 300.0
"""Seconds until an asynchronous CRM is read once more."""


def reapply(
    unit: Unit, outbox: Outbox, subject_id: str, adapter: str, payload: Mapping[str, Any]
) -> bool:
    """Put it to work, in the caller's unit of work. False: the very same waits already."""
    like = likeness(payload)
    if outbox.is_waiting(unit, like, subject_id, adapter):
        return False
    outbox.put(
        unit,
        JOB,
        payload,
        lane=Lane.PROTECT,
        subject_id=subject_id,
        adapter=adapter,
        like=like,
    )
    return True


def erasure_again(addresses: Sequence[Email], ref: Ref) -> dict[str, Any]:
    """Erase this one record again, of whoever has these addresses."""
    return with_also(erasure(addresses[0], [ref], (), ()), addresses[1:])


class Reapplying(Handler):
    """Handler of what is done once more."""

    def __init__(
        self,
        database: Database,
        adapters: Registry,
        directory: Directory,
        suppressions: Suppressions,
        others: OtherAddresses,
        marks: Marks,
        second: SecondErasures,
        ledger: Ledger,
        clock: Clock,
        opt_ins: Sequence[str],
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._directory = directory
        self._suppressions = suppressions
        self._others = others
        self._marking = Marking(database, marks, clock)
        self._second = second
        self._ledger = ledger
        self._clock = clock
        self._opt_ins = frozenset(opt_ins)
        self._brake = Brake(clock)

    def run(self, task: Task) -> Result:
        """Look whether it is still wanted, do it, read it back."""
        adapter = self._adapters.get(task.adapter or "")
        if adapter is None:
            return GaveUp("no_adapter")
        task = self._others.without_others(task, task.subject_id)
        try:
            record = self._dropped(adapter, task)
            if record is not None:
                return Finished(record)
            if (first := self._marking.prepare(adapter, task)) is not None:
                return first
            with self._database.reading() as db:
                if self._brake.is_on(db, adapter):
                    return Again(BRAKE, 0.0, verdict=Verdict.PAUSE)
            ended = DEEDS[task.payload["do"]](adapter, self._marking.payload(task), task.key)
        except AdapterError as error:
            return stumbled(error)
        return self._answer(task, ended)

    def _dropped(self, adapter: Adapter, task: Task) -> Recording | None:
        """Is it not wanted any more? Then what is to be written about that."""
        match task.payload["do"]:
            case "erase":
                return self._erasure_dropped(adapter, task)
            case "restrict":
                with self._database.reading() as db:
                    cause = overtaken(db, task, self._clock())
                return self._noted(task, Event.REAPPLY_DROPPED, cause=cause) if cause else None
        return self._stop_dropped(adapter, task)

    def _erasure_dropped(self, adapter: Adapter, task: Task) -> Recording | None:
        subject_id = task.subject_id or ""
        with self._database.reading() as db:
            sites = self._directory.sites_of(adapter.name)
            suppressed = self._suppressions.of(db, subject_id, sites)
            waits = planned_of(db, subject_id, self._clock())
        if suppressed is None:
            return self._noted(task, Event.REAPPLY_DROPPED, cause="lifted")
        if waits is not None:  # an erasure of hers will do it, or she takes that back
            return self._noted(task, Event.REAPPLY_DROPPED, cause=OVERTAKEN)
        hers, now = addresses_in(task.payload), self._clock()
        refs = [Ref(adapter.name, key) for key in task.payload["refs"]]
        left = self._others.left_by_her(hers)
        findings = {
            look_at(adapter, ref, hers, suppressed.since, self._opt_ins, now, left) for ref in refs
        }
        if Finding.OPTED_IN in findings:
            return self._lifted(task, adapter.name)
        if Finding.BACK not in findings:
            return self._noted(task, Event.REAPPLIED, state=DeliveryState.CONFIRMED, cause="gone")
        return None

    def _stop_dropped(self, adapter: Adapter, task: Task) -> Recording | None:
        """Of a withdrawal or an objection: has she given it again, here or in the CRM?"""
        purpose = task.payload["purpose"]
        with self._database.reading() as db:
            latest = ConsentRecord.latest_for(db, task.subject_id or "", purpose, adapter.name)
        if latest is None or latest.granted:
            return self._noted(task, Event.REAPPLY_DROPPED, cause=OVERTAKEN)
        records = records_under(adapter, addresses_in(task.payload))
        at, now = datetime.fromisoformat(task.payload["evidence"]["at"]), self._clock()
        if any(opted_in_at(record, at, {purpose}, now) for record in records):
            return self._noted(task, Event.REAPPLY_DROPPED, cause=OVERTAKEN)
        return None

    def _answer(self, task: Task, ended: Ended) -> Result:
        match ended.state:
            case DeliveryState.UNCONFIRMED:
                return Again(NOT_CONFIRMED)
            case DeliveryState.AWAITING if ended.until is not None:
                return Later(ended.until)
            case DeliveryState.AWAITING if not ended.by_a_person:
                return Again("awaiting", AWAITING_AGAIN)
            case DeliveryState.FAILED:
                return GaveUp(str(ended.outcome.get("cause", "failed")))
            case DeliveryState.AWAITING:
                return Finished(self._by_a_person(task))
        noted = self._noted(task, Event.REAPPLIED, state=ended.state)
        if task.payload["do"] == "restrict" and not task.payload["on"]:
            return Finished(self._freed(task, noted))
        if ended.again is not None:
            return Finished(self._kept(task, noted, ended.again))
        return Finished(noted)

    def _kept(self, task: Task, noted: Recording, again: Kept) -> Recording:
        def record(db: Db) -> None:
            noted(db)
            # What is written with a job's end; the worker that ends it looks for more by itself.
            unit = Unit(db, "job ended")
            self._second.remember(unit, task.subject_id or "", task.adapter or "", again)

        return record

    def _freed(self, task: Task, noted: Recording) -> Recording:
        def record(db: Db) -> None:
            noted(db)
            self._marking.is_freed(db, task)

        return record

    def _by_a_person(self, task: Task) -> Recording:
        def record(db: Db) -> None:
            self._noted(task, Event.REAPPLIED, state=DeliveryState.AWAITING)(db)
            raise_alarm(
                db,
                AlarmKind.NOT_CONFIRMED,
                f"reapply:{task.adapter}:{task.subject_id}",
                now=self._clock(),
                adapter=task.adapter,
                subject_id=task.subject_id,
                facts={"kind": JOB, "cause": "by_a_person"},
            )

        return record

    def _lifted(self, task: Task, adapter: str) -> Recording:
        def record(db: Db) -> None:
            self._suppressions.lift(db, task.subject_id or "", self._clock(), adapter)

        return record

    def _noted(self, task: Task, event: Event, **facts: Any) -> Recording:
        def record(db: Db) -> None:
            about = {
                name: task.payload[name] for name in ("do", "purpose", "on") if name in task.payload
            }
            facts_too = {"adapter": task.adapter, **about, **facts}
            self._ledger.note(db, event, subject_id=task.subject_id, facts=facts_too)
            rights = RIGHTS[task.payload["do"]]
            state = facts.get("state", DeliveryState.CONFIRMED)
            confirm(db, task.subject_id or "", task.adapter or "", rights, state)

        return record
