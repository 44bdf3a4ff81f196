"""What follows an erasure that reached its end: she is suppressed, and looked for again later."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as Db

from portal.access.subjects import Named
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.rights.cases.casebook import CaseKind, Cases
from portal.rights.cases.recipients import Recipients, still_to_tell
from portal.rights.deeds.ended import Again
from portal.rights.deeds.marks import Marks
from portal.rights.erasing.second import SecondErasures
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.lasting.recheck import recheck
from portal.rights.requests.feed import Feed
from portal.rights.requests.receiving import delivery_of
from portal.rights.requests.restrictions import end, standing
from portal.store.database import Unit
from portal.store.tables import Delivery, Request
from portal.sync.jobs import Task
from portal.sync.outbox import Outbox


class Aftermath:
    """Written in the transaction in which an erasure ends."""

    def __init__(
        self,
        outbox: Outbox,
        suppressions: Suppressions,
        feed: Feed,
        others: OtherAddresses,
        marks: Marks,
        second: SecondErasures,
        recipients: Recipients,
        cases: Cases,
        clock: Clock,
    ) -> None:
        self._others = others
        self._second = second
        self._recipients = recipients
        self._cases = cases
        self._outbox = outbox
        self._suppressions = suppressions
        self._feed = feed
        self._marks = marks
        self._clock = clock

    def of_erasure(self, db: Db, task: Task, again: Again | None) -> None:
        """One system has erased her. Of several requests that one job served, the last counts."""
        delivery = delivery_of(db, task.key)
        if delivery is None:
            return
        last = db.scalars(
            select(Request)
            .join(Delivery, Delivery.request_id == Request.id)
            .where(or_(Delivery.id == delivery.id, Delivery.follows == delivery.id))
            .order_by(Request.received_at.desc())
            .limit(1)
        ).one()
        # What is written with a job's end; the worker that ends it looks for more by itself.
        unit = Unit(db, "job ended")
        if again is not None:
            self._second.remember(unit, last.subject_id, delivery.adapter, again)
        whose = Named(last.subject_id, Email.parse(task.payload["email"]), last.site)
        if ids := still_to_tell(last.details):  # it waited, and they are told once it is done
            self._recipients.tell(unit, whose, last.id, ids, last.locale)
        self._marks.are_gone(db, last.subject_id, delivery.adapter)
        if not self._marks.any_left(db, last.subject_id):
            self._cases.withdraw(unit, CaseKind.RESTRICT, end(db, last, self._clock()))
            stand = [one.request_id for one in standing(db, last.subject_id, self._clock())]
            self._marks.forget_address(db, last.subject_id, but=stand)
        # What she decides while it waits, she decides knowing of it: it is no later word.
        since = last.due_at or last.received_at
        if last.due_at is not None:
            keys = {delivery.adapter: task.payload.get("refs") or ()}
            self._feed.tell_begun(db, whose, last.id, keys)
        if not self._suppressions.add(db, last.subject_id, last.id, since):
            return
        recheck(unit, self._outbox, delivery, last.subject_id, task.payload, self._clock())
        self._others.forget(db, last.subject_id)
