"""What the portal itself holds of a subscriber, beside her requests: told to her, in codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Db

from portal.access.subjects import Whose
from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.recalls import Purpose
from portal.store.tables import Consent, Recall, Request, Suppression


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered for one purpose, and until when (UTC)."""

    purpose: Purpose
    until: datetime


@dataclass(frozen=True, slots=True)
class Own:
    """All of it that came by one site. None is a value of hers, or can be read back into one."""

    suppressed_since: datetime | None
    """She is on the list of those who must not come back."""
    decisions: int
    """Consents, withdrawals and objections, kept as proof."""
    remembered: Sequence[Remembered]


class OwnRecords:
    """Looks it up. The suppression list is told like the rest (Art. 15(1) GDPR)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, whose: Whose) -> Own:
        """What is held about her now."""
        with self._database.reading() as db:
            return Own(
                suppressed_since=_suppressed(db, whose),
                decisions=db.scalar(
                    select(func.count(Consent.id))
                    .join(Request, Request.id == Consent.request_id)
                    .where(Consent.subject_id == whose.subject_id, Request.site == whose.site)
                )
                or 0,
                remembered=[
                    Remembered(Purpose(purpose), until)
                    for purpose, until in db.execute(
                        select(Recall.purpose, func.max(Recall.until, type_=Recall.until.type))
                        .outerjoin(Request, Request.id == Recall.request_id)
                        .where(Recall.subject_id == whose.subject_id)
                        .where(or_(Request.id.is_(None), Request.site == whose.site))
                        .where(Recall.until > self._clock())
                        .group_by(Recall.purpose)
                        .order_by(Recall.purpose)
                    )
                ],
            )


def _suppressed(db: Db, whose: Whose) -> datetime | None:
    return db.scalar(
        select(Suppression.since)
        .join(Request, Request.id == Suppression.request_id)
        .where(Suppression.subject_id == whose.subject_id, Suppression.lifted_at.is_(None))
        .where(Request.site == whose.site)
    )
