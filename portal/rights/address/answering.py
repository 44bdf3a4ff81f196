"""What the old mailbox says: it was I, stop, or put it back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as Db

from portal.access.mailed import Refusal, find
from portal.access.subjects import take_turns
from portal.domain.rights import Lane
from portal.rights.address.back import put_back
from portal.rights.address.means import JOB, OLD, End, Means
from portal.rights.requests.receiving import acknowledged
from portal.store.database import Unit
from portal.store.tables import AddressChange


class Answer(StrEnum):
    """What can be answered; none is chosen beforehand."""

    YES = "yes"
    """It was I: change it now."""
    NO = "no"
    """Stop, it was not I."""
    BACK = "back"
    """It has changed: put the old address back."""
    LEAVE = "leave"
    """It has changed: it was I, leave it so."""


class Stage(StrEnum):
    """How far a change is, as the page of the old mailbox shows it."""

    WAITING = "waiting"
    """It can be stopped, or let through at once."""
    UNDER_WAY = "under_way"
    """The old mailbox has said yes, and it is about to take effect."""
    CHANGED = "changed"
    """It took effect, and can be taken back."""
    STOPPED = "stopped"
    TAKEN_BACK = "taken_back"
    OVER = "over"
    """There is nothing to say any more."""


@dataclass(frozen=True, slots=True)
class OldPage:
    """What the page of the old mailbox may show."""

    reference: str
    site: str
    locale: str
    stage: Stage
    due_at: datetime | None
    back_until: datetime | None


class AnsweringOld:
    """Takes the answer, by the link of a mail to the old address or by the code of the same."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def look(self, reference: str) -> OldPage | None:
        """What can be answered under this reference; None when there is no such."""
        with self._means.database.reading() as db:
            proof = find(db, reference, OLD)
            change = _of(db, reference)
        if proof is None or change is None:
            return None
        return OldPage(
            reference,
            proof.site,
            proof.locale,
            self._stage(change),
            change.due_at,
            change.back_until,
        )

    def by_link(self, reference: str, secret: str, answer: Answer) -> Stage | Refusal:
        """Answer by the link: how far it is then."""
        means = self._means
        with means.database.unit("old mailbox answered") as unit:
            proof = means.mailed.by_secret(unit.session, reference, secret, OLD)
            if isinstance(proof, Refusal):
                return proof
            stage = self._answer(unit, reference, answer)
        acknowledged()
        return stage

    def by_code(self, reference: str, typed: str, answer: Answer) -> Stage | Refusal:
        """The same by the code. Each try is counted before it is checked."""
        means = self._means
        proof = means.mailed.by_code(reference, typed, OLD)
        if isinstance(proof, Refusal):
            return proof
        with means.database.unit("old mailbox answered") as unit:
            stage = self._answer(unit, reference, answer)
        acknowledged()
        return stage

    def _answer(self, unit: Unit, reference: str, answer: Answer) -> Stage | Refusal:
        db = unit.session
        change = _of(db, reference)
        if change is None:
            return Refusal.NO_LONGER
        take_turns(db, change.subject_id)
        db.refresh(change)
        match self._stage(change), answer:
            case (Stage.WAITING, Answer.YES):
                self._vouch(unit, change)
            case ((Stage.WAITING | Stage.UNDER_WAY), Answer.NO):
                self._stop(unit, change)
            case (Stage.CHANGED, Answer.BACK):
                put_back(self._means, unit, change)
            case (Stage.CHANGED, Answer.LEAVE) if change.vouched_at is None:
                change.vouched_at = self._means.clock()  # late, and as good as before
                self._means.note(db, change, "vouched")
            case _:  # in another window it was answered already, or it is too late
                return self._stage(change)
        unit.commit()
        return self._stage(change)

    def _vouch(self, unit: Unit, change: AddressChange) -> None:
        """It takes effect at once: by a job of its own, since another sleeps until its moment."""
        means = self._means
        change.vouched_at = means.clock()
        means.note(unit.session, change, "vouched")
        means.outbox.put(
            unit, JOB, {"change": change.id}, key=f"{JOB}:{change.id}:now", lane=Lane.MAIL
        )

    def _stop(self, unit: Unit, change: AddressChange) -> None:
        """Dropped: whoever asked had a session of hers, so all of them end."""
        means, db = self._means, unit.session
        sealed = means.addresses(change)
        means.close(db, change, End.STOPPED)
        means.sessions.end_all(db, change.subject_id)
        means.void_of(db, sealed.old)
        for to in (sealed.old, sealed.new):
            means.letter(unit, "address_stopped", to, change, {"why": End.STOPPED})
        means.note(db, change, "stopped")

    def _stage(self, change: AddressChange) -> Stage:
        now = self._means.clock()
        if change.reverted_at is not None:
            return Stage.TAKEN_BACK
        if change.end == End.STOPPED:
            return Stage.STOPPED
        if change.end == End.EFFECTIVE:
            return Stage.CHANGED if change.back_until and now < change.back_until else Stage.OVER
        if change.ended_at is not None:
            return Stage.OVER
        return Stage.WAITING if change.vouched_at is None else Stage.UNDER_WAY


def _of(db: Db, reference: str) -> AddressChange | None:
    """The change that a mail to the old address was about."""
    return db.scalar(
        select(AddressChange)
        .where(
            or_(
                AddressChange.old_reference == reference,
                AddressChange.back_reference == reference,
            )
        )
        .execution_options(populate_existing=True)
    )
