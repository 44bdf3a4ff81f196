"""The consent record: append-only, one row per decision (Art. 7(1) GDPR).

Where a CRM holds the consent too, the CRM's state is what counts and this is the proof; where
no CRM does, this is the truth.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters.contract import Evidence
from portal.consent.sources import ACTORS, METHODS, OVERTAKEN, RESTORED, SOURCE, SUBSCRIBER, Method
from portal.domain.clock import Clock
from portal.domain.register import Purpose, in_language
from portal.store.tables import Consent, Delivery, Frequency, Subject


@dataclass(frozen=True, slots=True)
class Decision:
    """The latest decision about one purpose."""

    granted: bool
    at: datetime
    source: str
    wording: str | None = None
    request_id: str | None = None
    until: datetime | None = None
    """A break, until then."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history: what was decided, with all that proves it (Art. 7(1) GDPR)."""

    number: int
    purpose: str
    granted: bool
    at: datetime
    source: str
    method: Method
    actor: str
    """``subscriber``, ``link`` (whoever holds the mail), ``browser``, ``operator`` or its name."""
    wording: str
    """In the language it was read in; empty where only its version is known (see `RESTORED`)."""
    wording_version: str
    wording_hash: str
    """SHA-256 of the wording, in hexadecimal digits."""
    statement_hash: str
    """SHA-256 of the register that the privacy statement was made from; empty: not known."""
    locale: str
    request_id: str | None
    until: datetime | None = None
    """A break, until then."""
    frequency: str | None = None
    """How often, of a choice that was about that; ``wording`` is what that was called."""


def hash_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def history_of(db: Session, *subject_ids: str) -> list[Entry]:
    """Every decision of one subscriber, newest first.

    Of one of several people under an address: hers, and what was decided for the whole address.
    """
    rows = db.scalars(
        select(Consent).where(Consent.subject_id.in_(subject_ids)).order_by(Consent.id.desc())
    )
    often = db.scalars(
        select(Frequency).where(Frequency.subject_id.in_(subject_ids)).order_by(Frequency.id.desc())
    )
    entries = [_entry(row, granted=row.granted, until=row.until) for row in rows]
    entries += [_entry(row, granted=True, frequency=row.frequency) for row in often]
    return sorted(entries, key=lambda one: one.at, reverse=True)


def _entry(row: Consent | Frequency, granted: bool, **more: Any) -> Entry:
    return Entry(
        number=row.id,
        purpose=row.purpose,
        granted=granted,
        at=row.at,
        source=row.source,
        method=Method(row.method),
        actor=row.actor,
        wording=row.wording,
        wording_version=row.wording_version if isinstance(row, Consent) else "",
        wording_hash=row.wording_hash,
        statement_hash=row.statement_hash,
        locale=row.locale,
        request_id=row.request_id,
        **more,
    )


class ConsentRecord:
    """Writes and reads decisions.

    Args:
        clock: Tells when.
        statement: The hash of the text that the privacy statement in force is made from.
    """

    def __init__(self, clock: Clock, statement: str = "") -> None:
        self._clock = clock
        self._statement = statement

    def evidence(self, purpose: Purpose, locale: str, source: str = SOURCE) -> Evidence:
        """The proof of a decision that is taken now, by this channel, in this language."""
        return Evidence(
            at=self._clock(),
            source=source,
            wording=in_language(purpose.wording, locale),
            wording_version=purpose.wording_version,
            locale=locale,
        )

    def write(
        self,
        db: Session,
        *,
        subject_id: str,
        purpose: Purpose,
        granted: bool,
        evidence: Evidence,
        request_id: str,
        actor: str | None = None,
        until: datetime | None = None,
    ) -> None:
        """Add a decision, in the transaction of its request.

        ``actor`` is who took it, where its source does not say that; ``until`` (UTC) makes a break
        of what stops.
        """
        method = METHODS.get(evidence.source, Method.OPERATOR)
        db.add(
            Consent(
                subject_id=subject_id,
                purpose=purpose.id,
                granted=granted,
                at=evidence.at,
                source=evidence.source,
                wording=evidence.wording,
                wording_version=evidence.wording_version,
                wording_hash=hash_of(evidence.wording),
                statement_hash=self._statement,
                method=method,
                actor=actor or ACTORS.get(method, SUBSCRIBER),
                until=until,
                locale=evidence.locale,
                request_id=request_id,
            )
        )

    def choose(
        self,
        db: Session,
        *,
        subject_id: str,
        purpose: Purpose,
        frequency: str,
        evidence: Evidence,
        request_id: str,
    ) -> None:
        """Add a choice of how often, whose name is the evidence's wording."""
        method = METHODS.get(evidence.source, Method.OPERATOR)
        db.add(
            Frequency(
                subject_id=subject_id,
                purpose=purpose.id,
                frequency=frequency,
                at=evidence.at,
                source=evidence.source,
                wording=evidence.wording,
                wording_hash=hash_of(evidence.wording),
                statement_hash=self._statement,
                method=method,
                actor=ACTORS.get(method, SUBSCRIBER),
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
        return {row.purpose: _decision(row) for row in rows}

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


def _decision(row: Consent) -> Decision:
    return Decision(row.granted, row.at, row.source, row.wording, row.request_id, row.until)
