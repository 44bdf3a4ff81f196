"""Delivering a request to one system: do it, read it back, and only then call it confirmed."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import (
    Adapter,
    AdapterError,
    Conflict,
    Misconfigured,
    RateLimited,
    Refused,
    Registry,
    Unsupported,
)
from portal.consent.record import ConsentRecord
from portal.domain.clock import Clock
from portal.domain.rights import TRANSITIONS, DeliveryState, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds import DEEDS, Ended
from portal.rights.requests import delivery_of
from portal.store.database import Database
from portal.store.tables import Delivery, Request
from portal.sync.jobs import Again, Finished, GaveUp, Recording, Result, Task

log = logging.getLogger(__name__)

AWAITING_AGAIN = 300.0
"""Seconds until an asynchronous CRM is read once more."""

CAUSES: dict[type[AdapterError], str] = {
    Refused: "refused",
    Unsupported: "unsupported",
    Misconfigured: "misconfigured",
}


class Delivering:
    """Handler of deliveries."""

    def __init__(
        self, database: Database, adapters: Registry, ledger: Ledger, clock: Clock
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._ledger = ledger
        self._clock = clock

    def run(self, task: Task) -> Result:
        """One attempt. It may be a repetition: every deed finds out what was done already."""
        adapter = self._adapters.get(task.adapter or "")
        if adapter is None:
            return GaveUp("no_adapter", self._moves(task, DeliveryState.FAILED, cause="no_adapter"))
        self._write(self._moves(task, DeliveryState.SENT))
        try:
            ended = self._do(adapter, task)
        except Conflict as conflict:
            fields = list(conflict.fields)
            return Finished(self._moves(task, DeliveryState.CONFLICT, fields=fields))
        except RateLimited as limited:
            self._write(self._moves(task, DeliveryState.QUEUED, cause="rate_limited"))
            return Again("rate_limited", after=limited.retry_after)
        except AdapterError as error:
            return self._stumbled(task, error)
        return self._answer(task, ended)

    def abandon(self, session: Db, task: Task, cause: str) -> None:
        """No attempts are left: the page says that it did not work yet, and a person looks."""
        self._moves(task, DeliveryState.FAILED, cause=cause)(session)

    def _do(self, adapter: Adapter, task: Task) -> Ended:
        if self._was_taken_back(task):
            return Ended(DeliveryState.CONFIRMED, {"cause": "superseded"})
        return DEEDS[task.payload["do"]](adapter, task.payload, task.key)

    def _was_taken_back(self, task: Task) -> bool:
        """Is this a consent before a withdrawal or an erasure? They overtake it, and must stand."""
        if task.payload["do"] != "consent" or not task.payload["granted"]:
            return False
        with self._database.reading() as db:
            latest = ConsentRecord.latest(db, task.subject_id or "")
            own = delivery_of(db, task.key)
            erasure = db.scalar(
                select(func.max(Delivery.id))
                .join(Request, Request.id == Delivery.request_id)
                .where(Request.subject_id == task.subject_id, Request.right == Right.ERASE)
            )
        if own is not None and erasure is not None and erasure > own.id:
            return True
        decision = latest.get(task.payload["purpose"])
        return decision is not None and not decision.granted

    def _stumbled(self, task: Task, error: AdapterError) -> Result:
        kind = type(error)
        if not error.retry:
            cause = CAUSES.get(kind, "refused")
            return GaveUp(cause, self._moves(task, DeliveryState.FAILED, cause=cause))
        # No answer: it may have taken effect. The next attempt reads before it writes.
        self._write(self._moves(task, DeliveryState.UNCONFIRMED, cause="unreachable"))
        return Again("unreachable")

    def _answer(self, task: Task, ended: Ended) -> Result:
        if ended.state is DeliveryState.UNCONFIRMED:
            log.error("job %d: %s answered well and kept the old", task.id, task.adapter)
            self._write(self._moves(task, ended.state, **ended.outcome))
            return Again("not_confirmed")
        if ended.state is DeliveryState.AWAITING and not ended.by_a_person:
            self._write(self._moves(task, ended.state, **ended.outcome))
            return Again("awaiting", after=AWAITING_AGAIN)
        if ended.state is DeliveryState.FAILED:
            cause = str(ended.outcome.get("cause", "failed"))
            return GaveUp(cause, self._moves(task, ended.state, **ended.outcome))
        return Finished(self._moves(task, ended.state, **ended.outcome))

    def _write(self, record: Recording) -> None:
        with self._database.unit("delivery moved") as unit:
            record(unit.session)
            unit.commit()

    def _moves(self, task: Task, state: DeliveryState, **outcome: Any) -> Recording:
        """The write that moves the delivery into a state, and tells the ledger if it is an end."""

        def record(db: Db) -> None:
            delivery = delivery_of(db, task.key)
            request = db.get(Request, delivery.request_id) if delivery else None
            if delivery is None or request is None:
                return
            before = DeliveryState(delivery.state)
            if before is not state and state not in TRANSITIONS[before]:
                return
            delivery.state, delivery.changed_at = state, self._clock()
            delivery.outcome = outcome
            if state.is_final or state is DeliveryState.AWAITING:
                self._ledger.note(
                    db,
                    Event.DELIVERED,
                    subject_id=task.subject_id,
                    request_id=request.id,
                    facts={
                        "adapter": task.adapter,
                        "right": request.right,
                        "state": state,
                        **_codes(outcome),
                    },
                )

        return record


def _codes(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Of an outcome, what the ledger keeps: the cause, and the kept categories with grounds."""
    kept = [f"{one['category']}:{one['ground']}" for one in outcome.get("retained", ())]
    codes: dict[str, Any] = {"retained": kept} if kept else {}
    for name in ("cause", "fields", "removed"):
        if outcome.get(name):
            codes[name] = outcome[name]
    return codes
