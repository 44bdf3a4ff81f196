"""The suppression list: who was erased and must not come back by somebody else's doing.

It names nobody: a subject is a random id, found again by the keyed hashes of her addresses. She
stands on it until she herself opts in again, later than she asked to be erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from portal.consent.record import ConsentRecord
from portal.consent.sources import NO_OPT_IN
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database, rows_changed
from portal.store.tables import Request, Subject, SubjectAlias, Suppression

BATCH = 5000
"""Digests that are looked up at once."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One subject who is not to be there, and since when (UTC): the time of her last erasure."""

    subject_id: str
    since: datetime
    is_part: bool = False
    """One of several people under her address: only a record of her name is hers."""


class Suppressions:
    """Puts subjects on the list, takes them off it, and finds them."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def add(self, db: Session, subject_id: str, request_id: str, since: datetime) -> bool:
        """Put a subject on the list, in the transaction that ends her erasure.

        Args:
            db: That transaction's.
            subject_id: Who was erased.
            request_id: By which request.
            since: When she asked for it, or until when it was to wait (UTC).

        Returns:
            False: she opted in again between asking and now, and is not put on it.
        """
        if self._opted_in_after(db, subject_id, since):
            facts = {"because": "portal"}
            self._note(db, Event.SUPPRESSION_LIFTED, subject_id, request_id, facts)
            return False
        # Two systems may have erased her in the same instant: whoever comes second finds the row.
        db.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update())
        standing = _standing(db, subject_id)
        if standing is None:
            standing = Suppression(subject_id=subject_id, request_id=request_id, since=since)
            db.add(standing)
        elif since > standing.since:
            standing.since, standing.request_id = since, request_id
        else:
            return True
        db.flush()
        self._note(db, Event.SUPPRESSED, subject_id, request_id, {})
        return True

    def lift(
        self,
        db: Session,
        subject_id: str,
        opted_in_at: datetime,
        because: str,
        request_id: str | None = None,
    ) -> bool:
        """Take a subject off the list for an opt-in of her own. False: it is no later one.

        Args:
            db: The transaction that holds the opt-in, or that found it.
            subject_id: Who opted in.
            opted_in_at: When (UTC).
            because: ``portal``, or the adapter that holds the opt-in.
            request_id: The request by which she did, if it was one.
        """
        lifted = db.execute(
            update(Suppression)
            .where(Suppression.subject_id == subject_id, Suppression.lifted_at.is_(None))
            .where(Suppression.since < opted_in_at)
            .values(lifted_at=self._clock())
            .execution_options(synchronize_session=False)
        )
        if not rows_changed(lifted):
            return False
        self._note(db, Event.SUPPRESSION_LIFTED, subject_id, request_id, {"because": because})
        return True

    @staticmethod
    def of(db: Session, subject_id: str, sites: Sequence[str]) -> Suppressed | None:
        """Is this subject suppressed in a system that visitors of these sites see?"""
        row = db.execute(_suppressed(sites).where(Suppression.subject_id == subject_id)).first()
        return None if row is None else Suppressed(row[0], row[1])

    def _opted_in_after(self, db: Session, subject_id: str, since: datetime) -> bool:
        latest = ConsentRecord.latest(db, subject_id).values()
        # What was put back had been given before she asked to be erased.
        return any(one.granted and one.at > since and one.source not in NO_OPT_IN for one in latest)

    def _note(
        self,
        db: Session,
        event: Event,
        subject_id: str,
        request_id: str | None,
        facts: dict[str, str],
    ) -> None:
        self._ledger.note(db, event, subject_id=subject_id, request_id=request_id, facts=facts)


class ByDigest:
    """Who is suppressed in one system, by the digests of their addresses. Several may share one.

    As long as they are few their digests are held in memory; of more than ``few`` each batch is
    looked up.
    """

    def __init__(self, database: Database, sites: Sequence[str], few: int = 100_000) -> None:
        self._database = database
        self._query = _with_aliases(sites)
        with database.reading() as db:
            count = db.scalar(select(func.count()).select_from(self._query.subquery())) or 0
        self.held = self._rows(self._query) if count <= few else None

    def among(self, digests: Sequence[bytes]) -> dict[bytes, tuple[Suppressed, ...]]:
        """The suppressed subjects that have one of these digests, and maybe others."""
        if self.held is not None:
            return {} if self.held.keys().isdisjoint(digests) else self.held
        found: dict[bytes, tuple[Suppressed, ...]] = {}
        for start in range(0, len(digests), BATCH):
            some = SubjectAlias.digest.in_(digests[start : start + BATCH])
            found |= self._rows(self._query.where(some))
        return found

    def _rows(
        self, query: "Select[bytes, str, datetime, bool]"
    ) -> dict[bytes, tuple[Suppressed, ...]]:
        found: dict[bytes, tuple[Suppressed, ...]] = {}
        with self._database.reading() as db:
            for digest, subject_id, since, is_part in db.execute(query):
                one = Suppressed(subject_id, since, is_part)
                found[digest] = (*found.get(digest, ()), one)
        return found


def _standing(db: Session, subject_id: str) -> Suppression | None:
    return db.scalar(
        select(Suppression)
        .where(Suppression.subject_id == subject_id, Suppression.lifted_at.is_(None))
        .with_for_update()
    )


def _erased_at(sites: Sequence[str]) -> "Select[str, datetime]":
    """Per subject: the last erasure asked for on one of these sites, since the last opt-in.

    A system that the site of her request does not see is none that she asked to be erased from. One
    that was to wait counts by the moment that it waited for, once it has been done; one that was
    taken back, never.
    """
    at = func.coalesce(Request.due_at, Request.received_at)
    done = (
        select(func.max(Suppression.since))
        .where(Suppression.subject_id == Request.subject_id, _stands())
        .correlate(Request)
        .scalar_subquery()
    )
    lifted = (
        select(func.max(Suppression.lifted_at))
        .where(Suppression.subject_id == Request.subject_id)
        .correlate(Request)
        .scalar_subquery()
    )
    return (
        select(Request.subject_id, func.max(at, type_=Request.received_at.type).label("since"))
        .where(Request.right == Right.ERASE, Request.site.in_(sites))
        .where(Request.dropped_at.is_(None), or_(Request.due_at.is_(None), Request.due_at <= done))
        .where(or_(lifted.is_(None), at > lifted))
        .group_by(Request.subject_id)
    )


def _suppressed(sites: Sequence[str]) -> "Select[str, datetime]":
    erased = _erased_at(sites).subquery()
    return (
        select(Suppression.subject_id, erased.c.since)
        .join(erased, erased.c.subject_id == Suppression.subject_id)
        .where(_stands())
    )


def _with_aliases(sites: Sequence[str]) -> "Select[bytes, str, datetime, bool]":
    """By the digests of the address: of one of several people under it those of the whole."""
    erased = _erased_at(sites).subquery()
    is_part = Subject.part_of.is_not(None).label("is_part")
    return (
        select(SubjectAlias.digest, Suppression.subject_id, erased.c.since, is_part)
        .join(Subject, SubjectAlias.subject_id == func.coalesce(Subject.part_of, Subject.id))
        .join(Suppression, Suppression.subject_id == Subject.id)
        .join(erased, erased.c.subject_id == Suppression.subject_id)
        .where(_stands())
    )


def _stands() -> ColumnElement[bool]:
    return Suppression.lifted_at.is_(None)
