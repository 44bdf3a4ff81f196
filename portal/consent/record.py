"""The consent record: append-only, one row per decision (Art. 7(1) GDPR).

Where a CRM holds the consent too, the CRM's state is what counts and this is the proof; where
no CRM does, this is the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters.contract import Evidence
from portal.domain.clock import Clock
from portal.domain.register import Purpose, in_language
from portal.store.tables import Consent, Delivery

SOURCE = "portal"


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
        """The proof of a decision that is taken now, on this page, in this language."""
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
    def latest_for(db: Session, subject_id: str, purpose: str, adapter: str) -> Consent | None:
        """The latest decision that went to this adapter; None: none ever did.

        Sites know different adapters, so what was decided on one need not reach them all.
        """
        return db.scalar(
            select(Consent)
            .join(Delivery, Delivery.request_id == Consent.request_id)
            .where(
                Consent.subject_id == subject_id,
                Consent.purpose == purpose,
                Delivery.adapter == adapter,
            )
            .order_by(Consent.id.desc())
            .limit(1)
        )
