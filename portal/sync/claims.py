"""Claiming a job and ending it: two short transactions around a call that is in none."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session, aliased

from portal.domain.rights import Lane
from portal.store.tables import AdapterState, Job, Subject
from portal.store.tables.base import UtcDateTime
from portal.sync.gates import Gates, is_shut

LEASE = timedelta(seconds=90)
"""After this a worker counts as dead. One that is merely slow renews its lease in time."""


def claim(session: Session, now: datetime, gates: Gates) -> Job | None:
    """Take the next job that may run now, by a lease; commit before doing it.

    On PostgreSQL several workers claim side by side and skip each other's rows; SQLite has one
    writer at a time anyway and ignores the locking clause.
    """
    next_job = (
        select(Job)
        .where(
            Job.ended_at.is_(None),
            Job.due_at <= now,
            _is_free(Job, now),
            ~is_shut(now),
            ~_must_wait(now),
        )
        .order_by(Job.lane, Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
        .execution_options(populate_existing=True)
    )
    job = session.scalars(next_job).first()
    while job is not None and not _is_ours(session, job, now, gates):
        job = session.scalars(next_job).first()  # what the other has claimed is seen by now
    if job is None:
        return None
    job.lease = secrets.token_hex(16)
    job.leased_until = now + LEASE
    job.attempts += 1
    session.flush()
    return job


def next_due(session: Session, now: datetime) -> datetime | None:
    """When there will be a job to claim: one is due, or the lease of a lost worker ends.

    None when there is nothing to wait for. A job that waits for another of its pair does not
    count: the end of that other one is what it waits for.
    """
    due = func.coalesce(Job.leased_until, Job.due_at)
    opens = case((AdapterState.held_until > due, AdapterState.held_until), else_=due)
    first: datetime | None = session.scalar(
        select(type_coerce(func.min(opens), UtcDateTime()))
        .select_from(Job)
        .outerjoin(AdapterState, AdapterState.adapter == Job.adapter)
        .where(
            Job.ended_at.is_(None),
            AdapterState.paused_at.is_(None),
            or_(~_is_free(Job, now), ~_must_wait(now)),
        )
    )
    return first


def end(
    session: Session,
    job_id: int,
    lease: str,
    *,
    how: str,
    now: datetime,
    cause: str | None,
    keep: bool = False,
) -> bool:
    """End a job that is still held by this lease. False: another worker has taken it over.

    Its payload is wiped, unless it is to be kept (sealed) for a replay.
    """
    values: dict[str, object] = {
        "ended_at": now,
        "end": how,
        "cause": _fitting(cause),
        "lease": None,
        "leased_until": None,
    }
    if not keep:
        values["payload_sealed"] = None
    return _fenced(session, job_id, lease, values)


def postpone(
    session: Session,
    job_id: int,
    lease: str,
    due_at: datetime,
    *,
    cause: str | None,
    attempts: int,
    payload: bytes | None = None,
) -> bool:
    """Give a job back, to be tried again later. False: another worker has taken it over.

    ``attempts``: how many count from now on. ``payload``: sealed, in the place of what it held.
    """
    values: dict[str, object] = {
        "due_at": due_at,
        "cause": _fitting(cause),
        "attempts": attempts,
        "lease": None,
        "leased_until": None,
    }
    if payload is not None:
        values["payload_sealed"] = payload
    return _fenced(session, job_id, lease, values)


def renew(session: Session, job_id: int, lease: str, now: datetime) -> bool:
    """Hold a job for longer. False: another worker has taken it over."""
    return _fenced(session, job_id, lease, {"leased_until": now + LEASE})


def _fenced(session: Session, job_id: int, lease: str, values: dict[str, object]) -> bool:
    done = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease == lease, Job.ended_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE has a row count


def _fitting(cause: str | None) -> str | None:
    """A code that is too long for its column must not keep a job from ending."""
    return cause and cause[:64]


def _is_free(job: type[Job], now: datetime) -> ColumnElement[bool]:
    return or_(job.leased_until.is_(None), job.leased_until <= now)


def _sleeps(job: type[Job], now: datetime) -> ColumnElement[bool]:
    """Not tried in vain, but told to wait: by `Later`, or from the beginning."""
    return and_(job.due_at > now, job.attempts == 0, job.cause.is_(None))


def _must_wait(now: datetime) -> ColumnElement[bool]:
    """Is another job of the same subject and adapter in the way?

    One in flight always is. Of those waiting, an earlier one of the same lane or of a lane that
    goes before: so a withdrawal never waits for a poisoned correction, and a correction never
    overtakes a withdrawal. One that sleeps until its own moment is in nobody's way before that.
    """
    other = aliased(Job)
    return exists(
        select(other.id).where(
            other.subject_id == Job.subject_id,
            other.adapter == Job.adapter,
            other.id != Job.id,
            other.ended_at.is_(None),
            or_(
                ~_is_free(other, now),
                and_(
                    other.id < Job.id,
                    or_(other.lane <= Job.lane, Job.lane > Lane.PROTECT.rank),
                    ~_sleeps(other, now),
                ),
            ),
        )
    )


def _is_ours(session: Session, job: Job, now: datetime, gates: Gates) -> bool:
    if _lost_the_pair(session, job, now):
        return False
    return job.adapter is None or gates.enter(session, job.adapter, now)


def _lost_the_pair(session: Session, job: Job, now: datetime) -> bool:
    """Did another worker, in the same instant, claim another job of this subject and adapter?

    Two PostgreSQL transactions do not see each other's claims. Locking the subject's row makes
    them take turns, and whoever comes second sees the lease of the first. (The lock is the weaker
    one that lets others go on writing rows that refer to the subject.)
    """
    if job.subject_id is None or job.adapter is None:
        return False
    subject = select(Subject.id).where(Subject.id == job.subject_id)
    session.execute(subject.with_for_update(key_share=True))
    other = aliased(Job)
    in_flight = select(other.id).where(
        other.subject_id == job.subject_id,
        other.adapter == job.adapter,
        other.id != job.id,
        other.ended_at.is_(None),
        ~_is_free(other, now),
    )
    return session.scalar(in_flight.limit(1)) is not None
