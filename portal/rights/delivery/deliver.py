"""Delivering a request to one system: do it, read it back, and only then call it confirmed."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import (
    Adapter,
    AdapterError,
    Conflict,
    Misconfigured,
    RateLimited,
    Registry,
    Unsupported,
)
from portal.consent.sources import OVERTAKEN
from portal.domain.clock import Clock
from portal.domain.rights import TRANSITIONS, DeliveryState, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.brake import Brake, takes_away
from portal.rights.deeds.doing import DEEDS
from portal.rights.deeds.ended import BRAKE, GONE, NOT_CONFIRMED, Ended
from portal.rights.deeds.ended import Again as Kept
from portal.rights.deeds.marking import Marking
from portal.rights.deeds.marks import Marks
from portal.rights.deeds.readdressing import BY_HAND, CHANGED
from portal.rights.delivery.aftermath import Aftermath
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.requests.overtaken import overtaken
from portal.rights.requests.receiving import delivery_of, job_key, named_by
from portal.store.database import Database
from portal.store.tables import Delivery, Request
from portal.sync.alarms import AlarmKind, clear_alarm, raise_alarm
from portal.sync.gates import UNANSWERED
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

log = logging.getLogger(__name__)

AWAITING_AGAIN = 300.0
"""Seconds until an asynchronous CRM is read once more."""
INSISTS = 3
"""Attempts after which a CRM that sees a conflict where we see none is believed."""
FOR_A_PERSON = {BY_HAND: AlarmKind.BY_HAND, CHANGED: AlarmKind.ADDRESS_UNCLEAR}
"""Causes of what is at its end for the portal, and for nobody else."""
NO_LOSS = frozenset({"correct", "address"})
"""Deeds that the brake does not count: nothing is taken away by them."""
ENDED_IN_CONFLICT = "conflict"
"""The end of a job whose payload waits for the subscriber's choice."""


class Delivering(Handler):
    """Handler of deliveries."""

    def __init__(
        self,
        database: Database,
        adapters: Registry,
        ledger: Ledger,
        aftermath: Aftermath,
        others: OtherAddresses,
        marks: Marks,
        clock: Clock,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._ledger = ledger
        self._aftermath = aftermath
        self._others = others
        self._marking = Marking(database, marks, clock)
        self._clock = clock
        self._brake = Brake(clock)

    def begin(self, session: Db, key: str) -> None:
        """The page says "passed on" from here on."""
        self._moves(key, DeliveryState.SENT)(session)

    def run(self, task: Task) -> Result:
        """One attempt. It may be a repetition: every deed finds out what was done already."""
        adapter = self._adapters.get(task.adapter or "")
        if adapter is None:
            failed = self._moves(task.key, DeliveryState.FAILED, cause="no_adapter")
            return GaveUp("no_adapter", failed)
        task = self._others.without_others(task, task.subject_id)
        if self._is_braked(task, adapter):
            waits = self._moves(task.key, DeliveryState.QUEUED, cause=BRAKE)
            return Again(BRAKE, 0.0, waits, Verdict.PAUSE)
        try:
            return self._do(adapter, task)
        except AdapterError as error:
            return self._stumbled(task, error)

    def abandon(self, session: Db, task: Task, cause: str) -> None:
        """No attempts are left: the page says that it did not work yet, and a person looks."""
        self._moves(task.key, DeliveryState.FAILED, cause=cause)(session)

    def revive(self, session: Db, key: str) -> None:
        """A person has looked: it waits again."""
        self._moves(key, DeliveryState.QUEUED)(session)

    def _do(self, adapter: Adapter, task: Task) -> Result:
        with self._database.reading() as db:
            cause = overtaken(db, task, self._clock())
        if cause is not None:
            return self._answer(task, Ended(DeliveryState.CONFIRMED, {"cause": cause}))
        if (first := self._marking.prepare(adapter, task)) is not None:
            return first
        ended = DEEDS[task.payload["do"]](adapter, self._marking.payload(task), task.key)
        return self._answer(task, ended)

    def _is_braked(self, task: Task, adapter: Adapter) -> bool:
        if not takes_away(task.payload):
            return False
        with self._database.reading() as db:
            return self._brake.is_on(db, adapter)

    def _stumbled(self, task: Task, error: AdapterError) -> Result:
        match error:
            case Conflict():
                return self._changed_under_it(task)
            case RateLimited(retry_after=after):
                waits = self._moves(task.key, DeliveryState.QUEUED, cause="rate_limited")
                return Again("rate_limited", after, waits, Verdict.BUSY)
            case Misconfigured():
                # A wrong password fails every call: the others need not find that out one by one.
                waits = self._moves(task.key, DeliveryState.QUEUED, cause="misconfigured")
                return Again("misconfigured", None, waits, Verdict.PAUSE)
            case _ if error.retry:
                # No answer: it may have taken effect. The next attempt reads before it writes.
                unsure = self._moves(task.key, DeliveryState.UNCONFIRMED, cause=UNANSWERED)
                return Again(UNANSWERED, None, unsure, Verdict.UNANSWERED)
        cause = "unsupported" if isinstance(error, Unsupported) else "refused"
        return GaveUp(cause, self._moves(task.key, DeliveryState.FAILED, cause=cause))

    def _changed_under_it(self, task: Task) -> Result:
        """Somebody wrote between reading and writing; the next attempt compares for itself.

        Only a correction can meet another change: a withdrawal or an erasure is done all the same.
        """
        do = task.payload["do"]
        if do in {"correct", "address"} and task.attempt >= INSISTS:
            cause = {"cause": CHANGED} if do == "address" else {}
            return self._answer(task, Ended(DeliveryState.CONFLICT, cause))
        return Again("changed", None, self._moves(task.key, DeliveryState.QUEUED, cause="changed"))

    def _answer(self, task: Task, ended: Ended) -> Result:
        moved = self._moves(task.key, ended.state, **ended.outcome)
        alarm = FOR_A_PERSON.get(str(ended.outcome.get("cause")))
        match ended.state:
            case DeliveryState.UNCONFIRMED:
                log.error("job %d: %s answered well and kept the old", task.id, task.adapter)
                return Again(NOT_CONFIRMED, record=self._rings(task, moved))
            case DeliveryState.AWAITING | DeliveryState.CONFLICT if alarm is not None:
                return Finished(self._rings(task, moved, alarm))
            case DeliveryState.AWAITING if ended.until is not None:
                return Later(ended.until, moved)
            case DeliveryState.AWAITING if not ended.by_a_person:
                return Again("awaiting", AWAITING_AGAIN, moved)
            case DeliveryState.CONFLICT:
                # What she typed is kept, sealed, until she has chosen.
                return Finished(moved, how=ENDED_IN_CONFLICT, keep=True)
            case DeliveryState.FAILED:
                return GaveUp(str(ended.outcome.get("cause", "failed")), moved)
        if ended.state is DeliveryState.AWAITING:
            return Finished(moved)
        match task.payload["do"]:
            case "erase":
                return Finished(self._erased(task, moved, ended.again))
            case "restrict" if not task.payload["on"] and ended.outcome.get("cause") != OVERTAKEN:
                return Finished(self._freed(task, moved))
        return Finished(moved)

    def _rings(
        self, task: Task, moved: Recording, kind: AlarmKind = AlarmKind.NOT_CONFIRMED
    ) -> Recording:
        """It moves, and a person is told what was not confirmed, or has to be done by hand."""

        def record(db: Db) -> None:
            moved(db)
            delivery = delivery_of(db, task.key)
            if delivery is None:
                return
            raise_alarm(
                db,
                kind,
                _about(task.key) if kind is AlarmKind.NOT_CONFIRMED else f"{kind}:{task.key}",
                now=self._clock(),
                adapter=task.adapter,
                subject_id=task.subject_id,
                request_id=delivery.request_id,
                facts={"do": task.payload["do"], **_codes(delivery.outcome)},
            )

        return record

    def _freed(self, task: Task, moved: Recording) -> Recording:
        def record(db: Db) -> None:
            moved(db)
            self._marking.is_freed(db, task)

        return record

    def _erased(self, task: Task, moved: Recording, again: Kept | None) -> Recording:
        def record(db: Db) -> None:
            moved(db)
            self._aftermath.of_erasure(db, task, again)

        return record

    def _moves(self, key: str, state: DeliveryState, **outcome: Any) -> Recording:
        """The write that moves a delivery, and those that follow it, into a state."""

        def record(db: Db) -> None:
            for delivery, request in _served_by(db, key):
                self._move(db, delivery, request, state, outcome)

        return record

    def _move(
        self,
        db: Db,
        delivery: Delivery,
        request: Request,
        state: DeliveryState,
        outcome: Mapping[str, Any],
    ) -> None:
        before = DeliveryState(delivery.state)
        if before is not state and state not in TRANSITIONS[before]:
            return
        delivery.state, delivery.changed_at = state, self._clock()
        if state is DeliveryState.SENT:
            delivery.sent_at = delivery.sent_at or delivery.changed_at
        delivery.outcome = dict(outcome)
        if state.is_final and state is not DeliveryState.FAILED:
            clear_alarm(db, _about(job_key(delivery)), self._clock())
        if not (state.is_final or state is DeliveryState.AWAITING):
            return
        dropped = request.right == Right.RECTIFY and outcome.get("cause") == GONE
        self._ledger.note(
            db,
            Event.DROPPED if dropped else Event.DELIVERED,
            subject_id=request.subject_id,
            request_id=request.id,
            facts={
                "adapter": delivery.adapter,
                "right": request.right,
                "state": state,
                **_codes(outcome),
            },
        )


_LED_BY = (
    select(Delivery, Request)
    .join(Request, Request.id == Delivery.request_id)
    .where(or_(Delivery.id == bindparam("leader"), Delivery.follows == bindparam("leader")))
    .order_by(Delivery.id)
)


def _served_by(db: Db, key: str) -> Sequence[tuple[Delivery, Request]]:
    """The delivery of a job, with its request, and those that follow it with theirs."""
    request_id, leader = named_by(key)
    served = [(one, request) for one, request in db.execute(_LED_BY, {"leader": leader})]
    is_there = any(one.id == leader and request.id == request_id for one, request in served)
    return served if is_there else ()


def _about(key: str) -> str:
    """The alarm of what this job could not confirm."""
    return f"not_confirmed:{key}"


def _codes(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Of an outcome, what the ledger keeps: the cause, and the kept categories with grounds."""
    kept = [f"{one['category']}:{one['ground']}" for one in outcome.get("retained", ())]
    codes: dict[str, Any] = {"retained": kept} if kept else {}
    until = [
        f"{one['category']}:{one['until']}" for one in outcome.get("retained", ()) if one["until"]
    ]
    if until:
        codes["until"] = until
    for name in ("cause", "fields", "removed"):
        if outcome.get(name):
            codes[name] = outcome[name]
    return codes
