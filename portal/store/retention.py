"""How long the portal keeps its own records of subscribers, and how it forgets them.

What has to last (what was asked for, what was decided, that somebody stays erased) is kept for a
stated term. Nothing is forgotten that something else still stands on: whatever refers to a row by
a foreign key keeps it, so that a new table need not be known here.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, FromClause, and_, delete, not_, or_, select
from sqlalchemy.orm import Session as Db
from sqlalchemy.orm import aliased

from portal.domain.clock import Clock
from portal.domain.rights import FINAL_STATES, Right
from portal.store.database import Database
from portal.store.tables import (
    Case,
    Consent,
    Delivery,
    Frequency,
    Request,
    Subject,
    SubjectAlias,
    Table,
)

BATCH = 500
"""So many in one unit of work: nobody waits for long."""
UNUSED = timedelta(days=1)
"""A subject to whom nothing belongs any more is forgotten after this time."""


class Retention:
    """One duty: `sweep`."""

    def __init__(self, database: Database, keep: timedelta, clock: Clock) -> None:
        """Take the term for which requests and decisions are kept."""
        self._database = database
        self._keep = keep
        self._clock = clock

    def sweep(self) -> None:
        """Forget the cases, decisions, requests and then the subjects whose time is over."""
        now = self._clock()
        for forget in (_cases, _decisions, _frequencies, _requests, _subjects):
            while self._some(forget, now):  # what stood on those may go now
                pass

    def _some(self, forget: Callable[[Db, datetime, timedelta], int], now: datetime) -> int:
        with self._database.unit("records forgotten") as unit:
            count = forget(unit.session, now, self._keep)
            unit.commit()
        return count


def _cases(db: Db, now: datetime, keep: timedelta) -> int:
    """Those that were closed; what she wrote in them has been wiped long before."""
    ids = db.scalars(select(Case.id).where(Case.closed_at < now - keep).limit(BATCH)).all()
    db.execute(delete(Case).where(Case.id.in_(ids)))
    return len(ids)


def _decisions(db: Db, now: datetime, keep: timedelta) -> int:
    """Those that had been replaced before the term began: how it stood since can still be told."""
    return _replaced(db, Consent, now - keep)


def _frequencies(db: Db, now: datetime, keep: timedelta) -> int:
    """The same of choices of how often."""
    return _replaced(db, Frequency, now - keep)


def _replaced(db: Db, table: type[Consent] | type[Frequency], before: datetime) -> int:
    later = aliased(table)
    replaced = (
        select(later.id)
        .where(
            later.subject_id == table.subject_id,
            later.purpose == table.purpose,
            later.id > table.id,
            later.at < before,
        )
        .exists()
    )
    ids = db.scalars(select(table.id).where(table.at < before, replaced).limit(BATCH)).all()
    db.execute(delete(table).where(table.id.in_(ids)))
    return len(ids)


def _requests(db: Db, now: datetime, keep: timedelta) -> int:
    """Those that are over everywhere, with their deliveries."""
    under_way = (
        select(Delivery.id)
        .where(Delivery.request_id == Request.id, Delivery.state.not_in(FINAL_STATES))
        .exists()
    )
    ids = db.scalars(
        select(Request.id)
        .where(
            Request.received_at < now - keep,
            or_(Request.due_at.is_(None), Request.due_at < now - keep),
            not_(under_way),
            not_(_is_followed()),
            not_(_restricts_still()),
            not_(_lifts_still()),
            _unreferred(Request, but=(Delivery,)),
        )
        .limit(BATCH)
    ).all()
    db.execute(delete(Delivery).where(Delivery.request_id.in_(ids)))
    db.execute(delete(Request).where(Request.id.in_(ids)))
    return len(ids)


def _is_followed() -> ColumnElement[bool]:
    """Does a delivery of another request follow one of its own? Then that request goes first."""
    follower = aliased(Delivery)
    led = select(Delivery.id).join(follower, follower.follows == Delivery.id)
    return led.where(Delivery.request_id == Request.id).exists()


def _restricts_still() -> ColumnElement[bool]:
    """Is it a restriction of her own that nobody has lifted since? It has no end of its own."""
    lifting = aliased(Request)
    lifted = (
        select(lifting.id)
        .where(
            lifting.right == Right.LIFT,
            lifting.subject_id == Request.subject_id,
            lifting.site == Request.site,
            lifting.received_at >= Request.received_at,
        )
        .correlate(Request)
        .exists()
    )
    with_an_erasure = Request.details["with"].as_string().is_not(None)
    return and_(
        Request.right == Right.RESTRICT,
        Request.dropped_at.is_(None),
        not_(with_an_erasure),
        not_(lifted),
    )


def _lifts_still() -> ColumnElement[bool]:
    """Does it lift a restriction that is remembered, and would stand again without it?"""
    lifted = aliased(Request)
    remembered = select(lifted.id).where(
        lifted.right == Right.RESTRICT,
        lifted.subject_id == Request.subject_id,
        lifted.site == Request.site,
        lifted.received_at <= Request.received_at,
    )
    return and_(Request.right == Right.LIFT, remembered.correlate(Request).exists())


def _subjects(db: Db, now: datetime, _keep: timedelta) -> int:
    """Those to whom nothing belongs any more, with the hashes by which they were found."""
    ids = db.scalars(
        select(Subject.id)
        .where(Subject.created_at < now - UNUSED, _unreferred(Subject, but=(SubjectAlias,)))
        .limit(BATCH)
    ).all()
    db.execute(delete(SubjectAlias).where(SubjectAlias.subject_id.in_(ids)))
    db.execute(delete(Subject).where(Subject.id.in_(ids)))
    return len(ids)


def _unreferred(table: type[Table], but: Sequence[type[Table]]) -> ColumnElement[bool]:
    """Does no row of any table refer to this one, those of ``but`` aside?"""
    own = table.__table__
    apart = {one.__table__ for one in but}
    return and_(
        *(
            not_(_refers(key, own))
            for other in Table.metadata.sorted_tables
            if other not in apart
            for key in other.foreign_keys
            if key.column.table is own
        )
    )


def _refers(key: ForeignKey, own: FromClause) -> ColumnElement[bool]:
    """Does a row refer to this one? Within one table, another row of it."""
    other = own.alias() if key.parent.table is own else key.parent.table
    return select(1).where(other.c[key.parent.name] == key.column).correlate(own).exists()
