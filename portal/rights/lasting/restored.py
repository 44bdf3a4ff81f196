"""What a database that was restored from a back-up still holds, and must not simply go on with.

Its open jobs were done long ago, by the portal that is lost, and much may have been decided since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.access.ask import JOB as PROOF_MAIL
from portal.consent.sources import OVERTAKEN, RESTORED
from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.address.means import OLD as ADDRESS_OLD
from portal.rights.address.means import End
from portal.rights.requests.receiving import JOB as DELIVERY
from portal.rights.requests.receiving import delivery_of
from portal.store.journal import Line
from portal.store.tables import (
    AddressChange,
    Delivery,
    Job,
    OperatorSession,
    Proof,
    Request,
    Session,
)
from portal.sync.alarms import AlarmKind, raise_alarm

CAUSE = RESTORED


@dataclass(slots=True)
class Settled:
    """What became of the open jobs."""

    overtaken: int = 0
    """Are not done any more: she has decided otherwise since, or the mail is of days ago."""
    for_a_person: int = 0
    """Corrections. They may have been made, and made undone again: a person replays them or not."""


def settle(db: Db, ledger: Ledger, lines: Sequence[Line], now: datetime) -> Settled:
    """Go through what is open in a restored database, before a worker does.

    Withdrawals, objections and erasures stay open: each reads before it writes, and none is done
    that a later decision has overtaken. So do re-checks and the like, which look for themselves.
    Corrections go to a person. Mails with codes are not sent, and nobody stays signed in.

    Args:
        db: The transaction to write in.
        ledger: Takes the note.
        lines: Of the journal, that this database does not know.
        now: UTC.
    """
    settled = Settled()
    consents_since = {line.subject for line in lines if line.right == Right.CONSENT}
    open_jobs = db.scalars(select(Job).where(Job.ended_at.is_(None))).all()
    for job in open_jobs:
        if job.kind == PROOF_MAIL:
            _end(job, OVERTAKEN, now)
            settled.overtaken += 1
        elif job.kind == DELIVERY:
            _settle_delivery(db, job, consents_since, settled, now)
    gone: dict[str, object] = {"ended_at": now, "email_sealed": None, "opened_sealed": None}
    db.execute(update(Session).where(Session.ended_at.is_(None)).values(**gone))
    desk = update(OperatorSession).where(OperatorSession.ended_at.is_(None))
    db.execute(desk.values(ended_at=now))
    unused = update(Proof).where(Proof.used_at.is_(None), Proof.purpose != ADDRESS_OLD)
    db.execute(unused.values(used_at=now, email_sealed=None))
    _let_go_of_changes(db, now)
    facts = {"overtaken": settled.overtaken, "for_a_person": settled.for_a_person}
    ledger.note(db, Event.RESTORED, facts=facts)
    return settled


def confirm(
    db: Db, subject_id: str, adapter: str, rights: Sequence[Right], state: DeliveryState
) -> None:
    """What was written down again from the journal has been found done, or was done again."""
    for delivery in unsure(db, adapter, rights, subject_id):
        delivery.state, delivery.outcome = state, {"cause": CAUSE}


def unsure(
    db: Db, adapter: str, rights: Sequence[Right], subject_id: str | None = None
) -> list[Delivery]:
    """Deliveries that were written down again, and of which nobody knows how far they were."""
    query = (
        select(Delivery)
        .join(Request, Request.id == Delivery.request_id)
        .where(Delivery.adapter == adapter, Delivery.state == DeliveryState.UNCONFIRMED)
        .where(Request.right.in_(rights))
    )
    if subject_id is not None:
        query = query.where(Request.subject_id == subject_id)
    return [one for one in db.scalars(query) if one.outcome.get("cause") == CAUSE]


def _settle_delivery(
    db: Db, job: Job, consents_since: set[str], settled: Settled, now: datetime
) -> None:
    delivery = delivery_of(db, job.key)
    request = db.get(Request, delivery.request_id) if delivery else None
    if delivery is None or request is None:
        return
    # What she decides while an erasure waits, she decides knowing of it: that overtakes nothing.
    overtaken = request.subject_id in consents_since and request.due_at is None
    if request.right == Right.ERASE and overtaken:
        _end(job, OVERTAKEN, now)
        _move(db, delivery, DeliveryState.CONFIRMED, OVERTAKEN, now)
        settled.overtaken += 1
    elif request.right == Right.RECTIFY:
        _end(job, "dead", now)
        _move(db, delivery, DeliveryState.FAILED, CAUSE, now)
        settled.for_a_person += 1
        raise_alarm(
            db,
            AlarmKind.DEAD_LETTER,
            f"job:{job.id}",
            now=now,
            adapter=job.adapter,
            subject_id=job.subject_id,
            request_id=request.id,
            facts={"kind": job.kind, "cause": CAUSE},
        )


def _let_go_of_changes(db: Db, now: datetime) -> None:
    """Changes of address that were open may have been made, or stopped: she asks once more.

    What took effect before can be taken back still, by the mail that the old mailbox has.
    """
    gone = {"ended_at": now, "end": End.RESTORED, "addresses_sealed": None}
    db.execute(update(AddressChange).where(AddressChange.ended_at.is_(None)).values(**gone))


def _end(job: Job, how: str, now: datetime) -> None:
    """A dead one keeps its payload, sealed, so that a person can have it done after all."""
    job.ended_at, job.end, job.cause = now, how, CAUSE
    job.lease = job.leased_until = None
    if how != "dead":
        job.payload_sealed = None


def _move(db: Db, delivery: Delivery, state: DeliveryState, cause: str, now: datetime) -> None:
    followers = db.scalars(select(Delivery).where(Delivery.follows == delivery.id))
    for one in (delivery, *followers):
        one.state, one.changed_at, one.outcome = state, now, {"cause": cause}
