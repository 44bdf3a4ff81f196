"""Claiming a job and ending it: two short transactions around a call that is in none."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from portal.store.database import rows_changed
from portal.store.tables import Job, Table
from portal.sync.gates import Gates
from portal.sync.ready import IN_FLIGHT, MOMENTS, NEXT_JOB, THE_SUBJECT

LEASE = timedelta(seconds=90)
"""After this a worker counts as dead. One that is merely slow renews its lease in time."""


def claim(session: Session, now: datetime, gates: Gates) -> Job | None:
    """Take the next job that may run now, by a lease; commit before doing it.

    On PostgreSQL several workers claim side by side and skip each other's rows; SQLite has one
    writer at a time anyway and ignores the locking clause.
    """
    asked = {"now": now}
    job = session.scalars(NEXT_JOB, asked).first()
    while job is not None and not _is_ours(session, job, now, gates):
        job = session.scalars(NEXT_JOB, asked).first()  # what the other has claimed is seen by now
    if job is None:
        return None
    job.lease = secrets.token_hex(16)
    job.leased_until = now + LEASE
    job.attempts += 1
    session.flush()
    return job


def next_due(session: Session, now: datetime) -> datetime | None:
    """When there will be a job to claim: one is due, a lease ends, or a gate opens.

    None when there is nothing to wait for. A job that waits for another of its pair does not
    count: the end of that other one is what it waits for.
    """
    moments = session.execute(MOMENTS, {"now": now}).one()
    return min((moment for moment in moments if moment is not None), default=None)


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


_jobs = Table.metadata.tables[Job.__tablename__]
_HELD = update(_jobs).where(
    _jobs.c.id == bindparam("of_job"),
    _jobs.c.lease == bindparam("by_lease"),
    _jobs.c.ended_at.is_(None),
)


def _fenced(session: Session, job_id: int, lease: str, values: dict[str, object]) -> bool:
    done = session.execute(_HELD, {"of_job": job_id, "by_lease": lease, **values})
    return rows_changed(done) == 1


def _fitting(cause: str | None) -> str | None:
    """A code that is too long for its column must not keep a job from ending."""
    return cause and cause[:64]


def _is_ours(session: Session, job: Job, now: datetime, gates: Gates) -> bool:
    if _lost_the_pair(session, job, now):
        return False
    return job.adapter is None or gates.enter(session, job.adapter, now)


def _lost_the_pair(session: Session, job: Job, now: datetime) -> bool:
    """Did another worker, in the same instant, claim another job of this subject and adapter?

    Two PostgreSQL transactions do not see each other's claims. Locking the subject's row makes
    them take turns, and whoever comes second sees the lease of the first.
    """
    if job.subject_id is None or job.adapter is None:
        return False
    session.execute(THE_SUBJECT, {"subject_id": job.subject_id})
    pair = {"subject_id": job.subject_id, "adapter": job.adapter}
    return session.scalar(IN_FLIGHT, {**pair, "job_id": job.id, "now": now}) is not None
