"""The consent record: append-only, one row per decision (Art. 7(1) GDPR).

Where a CRM holds the consent too, the CRM's state is what counts and this is the proof; where
no CRM does, this is the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters.contract import Evidence
from portal.domain.clock import Clock
from portal.domain.register import Purpose, in_language
from portal.store.tables import Consent, Delivery, Subject

SOURCE = "portal"
OVERTAKEN = "superseded"
"""The cause of a delivery that was not done: a later decision had overtaken it."""
RESTORED = "restored"
"""The cause of one that was written down again from the journal, after the portal was restored."""
BY_LINK = "footer-link"
"""Stopped by a footer link: by whoever holds the mail, without a session."""
OBJECTED = "portal:objection"
"""Stopped with all other direct marketing, by one objection (Art. 21(2) and (3) GDPR)."""
UNDONE = "footer-undo"
"""Put back within minutes, from the very page that said that it was stopped."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The latest decision about one purpose."""

    granted: bool
    at: datetime
    source: str


class ConsentRecord:
    """Writes and reads decisions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def evidence(self, purpose: Purpose, locale: str, source: str = SOURCE) -> Evidence:
        """The proof of a decision that is taken now, by this channel, in this language."""
        return Evidence(
            at=self._clock(),
            source=source,
            wording=in_language(purpose.wording, locale),
            wording_version=purpose.wording_version,
            locale=locale,
        )

    @staticmethod
    def write(
        db: Session,
        *,
        subject_id: str,
        purpose: Purpose,
        granted: bool,
        evidence: Evidence,
        request_id: str,
    ) -> None:
        """Add a decision, in the transaction of its request."""
        db.add(
            Consent(
                subject_id=subject_id,
                purpose=purpose.id,
                granted=granted,
                at=evidence.at,
                source=evidence.source,
                wording=evidence.wording,
                wording_version=evidence.wording_version,
                locale=evidence.locale,
                request_id=request_id,
            )
        )

    @staticmethod
    def latest(db: Session, subject_id: str) -> Mapping[str, Decision]:
        """The latest decision per purpose id."""
        rows = db.scalars(
            select(Consent).where(Consent.subject_id == subject_id).order_by(Consent.id)
        )
        return {row.purpose: Decision(row.granted, row.at, row.source) for row in rows}

    @staticmethod
    def every(db: Session, subject_id: str) -> Sequence[Consent]:
        """All decisions of a subject, oldest first."""
        return db.scalars(
            select(Consent).where(Consent.subject_id == subject_id).order_by(Consent.id)
        ).all()

    @staticmethod
    def for_all(db: Session, subject_id: str, purpose: str) -> Decision | None:
        """Of one of several people under an address: what was decided for all of them."""
        subject = db.get(Subject, subject_id)
        if subject is None or subject.part_of is None:
            return None
        return ConsentRecord.latest(db, subject.part_of).get(purpose)

    @staticmethod
    def last(db: Session, subject_id: str, purpose: str) -> Consent | None:
        """The latest decision about one purpose, whole; None: there is none."""
        return db.scalar(
            select(Consent)
            .where(Consent.subject_id == subject_id, Consent.purpose == purpose)
            .order_by(Consent.id.desc())
            .limit(1)
        )

    @staticmethod
    def latest_for(db: Session, subject_id: str, purpose: str, adapter: str) -> Consent | None:
        """The latest decision that reached this adapter; None: none ever did.

        Sites know different adapters, so what was decided on one need not reach them all; and what
        was given, but overtaken before it was passed on, has not reached any.
        """
        decided = db.execute(
            select(Consent, Delivery.adapter, Delivery.outcome)
            .outerjoin(Delivery, Delivery.request_id == Consent.request_id)
            .where(Consent.subject_id == subject_id, Consent.purpose == purpose)
            .order_by(Consent.id.desc())
        ).all()
        last: Consent | None = decided[0][0] if decided else None
        for decision, name, outcome in decided:
            if name == adapter and not (decision.granted and _was_not_done(outcome, last)):
                found: Consent = decision
                return found
        return None


def _was_not_done(outcome: Mapping[str, Any], last: Consent | None) -> bool:
    """Of a consent: did it not get as far as the system, or may it not have?

    What was written down again does not tell; there the last word, on whatever site, decides.
    """
    cause = outcome.get("cause")
    return cause == OVERTAKEN or (cause == RESTORED and last is not None and not last.granted)
