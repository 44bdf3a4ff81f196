"""What is not done any more, since its subscriber has decided otherwise since."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from portal.consent.record import ConsentRecord
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.rights.requests import delivery_of
from portal.rights.restrictions import restriction_of, stands
from portal.store.database import Database
from portal.store.tables import Delivery, Request
from portal.sync.jobs import Task


class Overtaken:
    """Looks, before something is done: a dead letter may be tried again long after."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def is_so(self, task: Task) -> bool:
        """Has she decided otherwise since, or asked for erasure? What overtook this must stand."""
        with self._database.reading() as db:
            match task.payload["do"]:
                case "restrict":
                    return self._needs_no_restriction(db, task)
                case "consent":
                    return self._was_decided_otherwise(db, task)
        return False

    @staticmethod
    def _was_decided_otherwise(db: Db, task: Task) -> bool:
        """A withdrawal gives way to nothing but a consent that reaches this very system.

        A consent gives way to a withdrawal on any site.
        """
        subject_id, purpose = task.subject_id or "", task.payload["purpose"]
        if not task.payload["granted"]:
            here = ConsentRecord.latest_for(db, subject_id, purpose, task.adapter or "")
            return here is not None and here.granted
        own = delivery_of(db, task.key)
        latest = ConsentRecord.latest(db, subject_id).get(purpose)
        erasure = db.scalar(
            select(func.max(Delivery.id))
            .join(Request, Request.id == Delivery.request_id)
            .where(Request.subject_id == task.subject_id, Request.right == Right.ERASE)
            .where(Request.dropped_at.is_(None))
        )
        if own is not None and erasure is not None and erasure > own.id:
            return True
        for_all = ConsentRecord.for_all(db, subject_id, purpose)
        if for_all and latest and not for_all.granted and for_all.at >= latest.at:
            return True
        return latest is not None and not latest.granted

    def _needs_no_restriction(self, db: Db, task: Task) -> bool:
        """It was lifted since; or it is to be lifted, and another one stands: as things are now."""
        now, of = self._clock(), task.payload["of"]
        if task.payload["on"]:
            return not stands(db, of, now)
        subject_id, adapter = task.subject_id or "", task.adapter or ""
        return restriction_of(db, subject_id, adapter, now, but=[of]) is not None
