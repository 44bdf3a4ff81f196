"""Requests: a subscriber's exercise of a right, received once and delivered everywhere."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Whose
from portal.domain.clock import Clock
from portal.domain.rights import LANE_OF_RIGHT, DeliveryState, Lane, Right
from portal.faults import fault
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.doing import likeness
from portal.rights.deeds.ended import LATER
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.requests.feed import Feed
from portal.rights.requests.history import History, history_of
from portal.rights.requests.journaling import JOB as JOURNAL
from portal.rights.requests.journaling import JOURNALED, MAILBOX
from portal.rights.requests.journaling import job_key as journal_key
from portal.store.database import Database, Unit
from portal.store.tables import Delivery, Request
from portal.store.vault import new_reference
from portal.sync.outbox import Outbox

JOB = "delivery"
WITH = "with"
"""In the details of a request: the one that it was taken down together with."""

FOR_ALL = (Right.WITHDRAW, Right.OBJECT, Right.CONSENT)
"""What may be decided for a whole address, whoever uses it."""

Alongside = Callable[[Unit, str], None]
"""What else belongs into the commit of a new request, given the unit and the request's id."""


def nothing_before(_unit: Unit) -> None:
    """There is nothing to be done before."""


def nothing_else(_unit: Unit, _request_id: str) -> None:
    """The request alone."""


def acknowledged() -> None:
    """From here on the one who asked is told that it was received."""
    fault("request received: acknowledged")


def job_key(delivery: Delivery) -> str:
    """The idempotency key of a delivery's job. Its delivery is found by it, without a payload."""
    return f"{delivery.request_id}:{delivery.id}"


def named_by(key: str) -> tuple[str, int]:
    """(id of the request, id of the delivery) that `job_key` made a key of; 0: of none."""
    request_id, _, number = key.rpartition(":")
    return request_id, int(number) if number.isdecimal() else 0


def delivery_of(db: Db, key: str) -> Delivery | None:
    """The delivery that `job_key` made this key for."""
    request_id, number = named_by(key)
    found = db.get(Delivery, number) if number else None
    return found if found and found.request_id == request_id else None


class Requests:
    """Takes requests down and tells how far they are."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        ledger: Ledger,
        feed: Feed,
        others: OtherAddresses,
        clock: Clock,
    ) -> None:
        self._database = database
        self._others = others
        self._outbox = outbox
        self._ledger = ledger
        self._feed = feed
        self._clock = clock

    def receive(
        self,
        signed_in: Whose,
        right: Right,
        deliveries: Mapping[str, Mapping[str, Any]],
        *,
        locale: str,
        details: Mapping[str, Any] | None = None,
        first: Callable[[Unit], None] = nothing_before,
        along: Alongside = nothing_else,
    ) -> str:
        """Take one request down: request, ledger entry, deliveries and their jobs in one commit.

        Args:
            signed_in: Whose right it is.
            right: Which one.
            deliveries: Adapter name → what is to be done there; sealed until it is done.
            locale: The language it was asked in.
            details: Ids of fields or purposes; codes only, they go into the ledger.
            first: What is to be done in that commit before anything is written.
            along: What else belongs into the same commit; what it raises undoes everything.

        Returns:
            The request's id. Only after this may a page say "received".
        """
        with self._database.unit("request received") as unit:
            first(unit)
            request_id = self.write(unit, signed_in, right, deliveries, locale, details or {})
            along(unit, request_id)
            unit.commit()
        acknowledged()
        return request_id

    def write(
        self,
        unit: Unit,
        whose: Whose,
        right: Right,
        deliveries: Mapping[str, Mapping[str, Any]],
        locale: str,
        details: Mapping[str, Any],
        due_at: datetime | None = None,
        request_id: str | None = None,
    ) -> str:
        """The same within a unit of work of the caller's, who says `acknowledged` after it.

        Until ``due_at`` (UTC) nothing is delivered. What waits so is no other request's, however
        much alike they are: either may come to another end. ``request_id`` is for who had to know
        it before.
        """
        now, db = self._clock(), unit.session
        waits = {"cause": LATER} if due_at else {}
        if whose.opened is not None:
            details = {**details, MAILBOX: whose.opened.mailbox_id}
        request_id = request_id or new_reference()
        db.add(
            Request(
                id=request_id,
                subject_id=whose.subject_id,
                site=whose.site,
                right=right,
                locale=locale,
                received_at=now,
                details=dict(details),
                due_at=due_at,
            )
        )
        db.flush()
        when = {"due_at": as_code(due_at)} if due_at else {}
        self._ledger.note(
            db,
            Event.REQUEST_RECEIVED,
            subject_id=whose.subject_id,
            request_id=request_id,
            facts={"right": right, "adapters": list(deliveries), **when, **details},
        )
        self._feed.tell(unit, whose, right, request_id, details, due_at)
        if right in JOURNALED:  # before its deliveries: what is done first is not forgotten
            self._outbox.put(unit, JOURNAL, {}, key=journal_key(request_id), lane=Lane.PROTECT)
        for adapter, told in deliveries.items():
            payload = self._others.beside(db, whose.subject_id, told)
            like = None if due_at else likeness(payload)
            waiting = (
                self._outbox.waiting_like(unit, like, whose.subject_id, adapter) if like else None
            )
            leader = delivery_of(db, waiting.key) if waiting else None
            delivery = Delivery(
                request_id=request_id,
                adapter=adapter,
                state=DeliveryState.QUEUED,
                changed_at=now,
                outcome=waits,
                follows=leader.id if leader else None,
            )
            db.add(delivery)
            db.flush()
            if leader is None:
                self._outbox.put(
                    unit,
                    JOB,
                    payload,
                    key=job_key(delivery),
                    lane=LANE_OF_RIGHT.get(right, Lane.ORDINARY),
                    subject_id=whose.subject_id,
                    adapter=adapter,
                    due_at=due_at,
                    like=like,
                )
        return request_id

    def all_of(self, signed_in: SignedIn) -> list[History]:
        """This subscriber's requests on this site, newest first."""
        with self._database.reading() as db:
            rows = db.scalars(
                select(Request)
                .where(
                    Request.subject_id.in_({signed_in.subject_id, signed_in.mailbox_id}),
                    Request.site == signed_in.site,
                )
                .order_by(Request.received_at.desc(), Request.id)
            ).all()
            hers = [row for row in rows if is_hers(row, signed_in)]
            return [history_of(db, row, self._clock()) for row in hers]

    def one_of(self, signed_in: SignedIn, request_id: str) -> History | None:
        """One request, if it is this subscriber's and was made on this site."""
        if "\0" in request_id:  # which PostgreSQL cannot be asked for
            return None
        with self._database.reading() as db:
            row = db.get(Request, request_id)
            if row is None or not is_hers(row, signed_in):
                return None
            return history_of(db, row, self._clock())

    def that_came_with(self, signed_in: SignedIn, request_id: str) -> list[History]:
        """Her requests that were taken down together with this one, oldest first."""
        came_with = [one for one in self.all_of(signed_in) if one.details.get(WITH) == request_id]
        return came_with[::-1]


def is_hers(request: Request, signed_in: SignedIn) -> bool:
    """Is it this subscriber's, and of this site? One site says nothing of another's systems.

    Of several people under one address, what was decided for all of them is each one's as well.
    """
    for_all = request.subject_id == signed_in.mailbox_id and request.right in FOR_ALL
    hers = request.subject_id == signed_in.subject_id or for_all
    return hers and request.site == signed_in.site


def as_code(at: datetime) -> str:
    """A moment (UTC) as the ledger takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
