"""An erasure that waits and is known from the journal alone, after the portal was restored.

The journal holds no address. So where a job of each delivery waited, one job waits, of the request
as a whole; at its moment it looks for her in every system by keyed hash, as a replay of the journal
does. Until then she may take it back, as before.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import AdapterError, Registry
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Lane, Right
from portal.rights.deeds.ended import CANCELLED, SOONER
from portal.rights.deeds.stumbling import stumbled
from portal.rights.lasting.reapply import JOB as REAPPLY
from portal.rights.lasting.replay import Replaying
from portal.rights.lasting.restored import CAUSE
from portal.rights.requests.planned import PLANNED, planned_key
from portal.rights.requests.restrictions import end
from portal.store.database import Database, Unit
from portal.store.journal import Line
from portal.store.tables import Delivery, Job, Request
from portal.sync.jobs import Finished, GaveUp, Handler, Result, Task
from portal.sync.outbox import Outbox


def let_go_since(lines: Sequence[Line]) -> dict[str, tuple[str, str]]:
    """Erasures that were not left to wait until their moment → why, and the request that did so."""
    since = {}
    for line in lines:
        if line.right == Right.KEEP:
            since[str(line.more["of"])] = (str(CANCELLED), line.request)
        elif line.right == Right.ERASE and not line.due:
            for other in lines:
                hers = other.subject == line.subject and other.right == Right.ERASE
                if hers and other.at < line.at < other.due:
                    since[other.request] = (str(SOONER), line.request)
    return since


def put_down(db: Db, outbox: Outbox, request: Request) -> None:
    """The one job of an erasure that waits, in the transaction that writes it down again."""
    outbox.put(
        Unit(db, "journal replayed"),
        PLANNED,
        {"request": request.id},
        key=planned_key(request.id),
        lane=Lane.PROTECT,
        due_at=request.due_at,
    )


class Replanning(Handler):
    """Handler of that job."""

    def __init__(
        self,
        database: Database,
        adapters: Registry,
        suppressions: Suppressions,
        replaying: Replaying,
        clock: Clock,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._suppressions = suppressions
        self._replaying = replaying
        self._clock = clock

    def run(self, task: Task) -> Result:
        """Look for her everywhere, and have erased what is found. May be begun again."""
        request_id = str(task.payload["request"])
        with self._database.reading() as db:
            request = db.get(Request, request_id)
        if request is None or request.due_at is None:
            return GaveUp("no_request", replayable=False)
        with self._database.unit("planned erasure begun") as unit:
            self._begin(unit.session, request_id)
            unit.commit()
        try:
            for adapter in self._adapters.values():
                self._replaying.replay(
                    adapter, request.received_at, dry_run=False, only=request.subject_id
                )
        except AdapterError as error:
            return stumbled(error)
        return Finished(lambda db: self._confirm_the_rest(db, request_id))

    def _begin(self, db: Db, request_id: str) -> None:
        request = db.get_one(Request, request_id)
        for delivery in _deliveries(db, request_id):
            if delivery.state == DeliveryState.QUEUED:
                delivery.state, delivery.changed_at = DeliveryState.UNCONFIRMED, self._clock()
                delivery.outcome = {"cause": CAUSE}
        end(db, request, self._clock())
        since = request.due_at or request.received_at
        self._suppressions.add(db, request.subject_id, request_id, since)

    def _confirm_the_rest(self, db: Db, request_id: str) -> None:
        """Where she was not found, nothing had to be done."""
        subject_id = db.get_one(Request, request_id).subject_id
        for delivery in _deliveries(db, request_id):
            again = select(Job.id).where(
                Job.kind == REAPPLY,
                Job.adapter == delivery.adapter,
                Job.subject_id == subject_id,
                Job.ended_at.is_(None),
            )
            unsure = delivery.state == DeliveryState.UNCONFIRMED
            if unsure and db.scalar(again.limit(1)) is None:
                delivery.state, delivery.changed_at = DeliveryState.CONFIRMED, self._clock()


def _deliveries(db: Db, request_id: str) -> Sequence[Delivery]:
    return db.scalars(select(Delivery).where(Delivery.request_id == request_id)).all()
