"""Which jobs may run now: the questions that every claim asks, as statements built once.

Building them anew for each claim costs more than the database takes to answer. And they are written
so that a planner has little choice: what else is open of a pair is a question about one row, asked
row by row in the order of the index until one may run. Written as a join it would be answered for
all open jobs at once, each compared with each.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from portal.domain.rights import Lane
from portal.store.tables import AdapterState, Job, Subject
from portal.store.tables.base import UtcDateTime

NOW = bindparam("now", type_=UtcDateTime())
"""The time (UTC) that all these statements are asked about."""
Of = SQLColumnExpression[Any] | str
"""A value, or the column or parameter that holds it."""

_other = aliased(Job)


def is_free(job: type[Job]) -> ColumnElement[bool]:
    """Is it in nobody's hands?"""
    return or_(job.leased_until.is_(None), job.leased_until <= NOW)


def of_pair(job: type[Job], subject_id: Of, adapter: Of) -> tuple[ColumnElement[bool], ...]:
    """The open jobs of one subject and adapter, in the words of the index for that: `Job`."""
    return job.subject_id == subject_id, job.adapter == adapter, job.end.is_(None)


def _sleeps(job: type[Job]) -> ColumnElement[bool]:
    """Not tried in vain, but told to wait: by `Later`, or from the beginning."""
    return and_(job.due_at > NOW, job.attempts == 0, job.cause.is_(None))


def _goes_first() -> ColumnElement[bool]:
    """Is the other job in the way of this one?

    One in flight always is. Of those waiting, an earlier one of the same lane or of a lane that
    goes before: so a withdrawal never waits for a poisoned correction, and a correction never
    overtakes a withdrawal. One that sleeps until its own moment is in nobody's way before that.
    """
    return or_(
        ~is_free(_other),
        and_(
            _other.id < Job.id,
            or_(_other.lane <= Job.lane, Job.lane > Lane.PROTECT.rank),
            ~_sleeps(_other),
        ),
    )


def _shut() -> ColumnElement[bool]:
    return or_(AdapterState.paused_at.is_not(None), AdapterState.held_until > NOW)


_first_of_the_pair = (
    select(_other.id)
    .where(
        *of_pair(_other, Job.subject_id, Job.adapter),
        _other.id != Job.id,
        _goes_first(),
    )
    .limit(1)
    .correlate(Job)
    .scalar_subquery()
)
_MAY_RUN = (
    Job.ended_at.is_(None),
    is_free(Job),
    or_(Job.adapter.is_(None), Job.adapter.not_in(select(AdapterState.adapter).where(_shut()))),
    _first_of_the_pair.is_(None),
)

NEXT_JOB = (
    select(Job)
    .where(Job.due_at <= NOW, *_MAY_RUN)
    .order_by(Job.lane, Job.due_at, Job.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=Job)
    .execution_options(populate_existing=True)
)
"""The job to do next. On PostgreSQL it is locked, and those that others have locked are passed
over; SQLite has one writer at a time anyway and ignores that."""

_first_due = [
    select(Job.due_at).where(Job.lane == lane.rank, *_MAY_RUN).order_by(Job.due_at).limit(1)
    for lane in Lane  # one step into the index for each
]
_first_lease_to_end = select(func.min(Job.leased_until)).where(
    Job.ended_at.is_(None),
    Job.lane.in_([lane.rank for lane in Lane]),
    Job.due_at <= NOW,  # what is in hand was due: it stands at the beginning of its lane
    Job.leased_until > NOW,
)
_first_gate_to_open = select(func.min(AdapterState.held_until)).where(
    AdapterState.held_until > NOW, AdapterState.paused_at.is_(None)
)
MOMENTS = select(
    *(
        type_coerce(moment.scalar_subquery(), UtcDateTime())
        for moment in (*_first_due, _first_lease_to_end, _first_gate_to_open)
    )
)
"""When something changes by itself: a job is due, a lease ends, a gate opens. Each may be NULL."""

THE_SUBJECT = (
    select(Subject.id).where(Subject.id == bindparam("subject_id")).with_for_update(key_share=True)
)
"""Locks a subject, so that workers take turns. The weaker lock: others may go on to write rows that
refer to the subject."""

IN_FLIGHT = (
    select(Job.id)
    .where(
        *of_pair(Job, bindparam("subject_id"), bindparam("adapter")),
        Job.id != bindparam("job_id"),
        ~is_free(Job),
    )
    .limit(1)
)
"""Another job of the same subject and adapter that a worker has in hand."""
