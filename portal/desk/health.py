"""How the connected systems and the mail are doing, told from the jobs and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session as Db

from portal.access.ask import JOB as PROOF_MAIL
from portal.rights.requests.receiving import JOB as DELIVERY
from portal.store.tables import AdapterState, Job
from portal.sync.gates import MAIL_SERVER

LOOKED_BACK = timedelta(hours=24)
ANSWERED = ("done", "conflict")
"""Ends of jobs whose last attempt got its answer."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one system is doing: an adapter, or the mail server."""

    adapter: str
    waiting: int
    waiting_since: datetime | None
    """Since when the oldest of them waits."""
    last_success: datetime | None
    attempts: int
    """Of the jobs that wait now or ended in the last 24 hours."""
    failures: int
    """Of those attempts; a try that is going on is not counted."""
    paused_at: datetime | None
    paused_because: str | None
    held_until: datetime | None
    """Left alone by itself until then: it asked for it, or does not answer."""
    shadow_until: date | None
    """Up to and including this day nothing is written there, only shown."""

    @property
    def shadow(self) -> bool:
        """Is nothing written there yet?"""
        return self.shadow_until is not None

    @property
    def is_mail(self) -> bool:
        """Is it the mail server?"""
        return self.adapter == MAIL_SERVER

    @property
    def error_rate(self) -> float | None:
        """Failures over attempts; None when there were no attempts."""
        return self.failures / self.attempts if self.attempts else None


def health_of_all(
    db: Db, adapters: Sequence[str], shadowed: Mapping[str, date], now: datetime
) -> list[Health]:
    """How every connected system is doing, in the order of the settings, and then the mail."""
    states = {state.adapter: state for state in db.scalars(select(AdapterState))}
    return [
        _health(db, name, states.get(name), now, shadowed.get(name))
        for name in (*adapters, MAIL_SERVER)
    ]


def _health(
    db: Db, adapter: str, state: AdapterState | None, now: datetime, shadow_until: date | None
) -> Health:
    kind = PROOF_MAIL if adapter == MAIL_SERVER else DELIVERY
    which = and_(Job.kind == kind, Job.adapter == adapter)
    held = state.held_until if state else None
    in_hand = case((Job.leased_until > now, 1), else_=0)
    waiting, since, tried, trying = db.execute(
        select(
            func.count(),
            func.min(Job.created_at),
            func.coalesce(func.sum(Job.attempts), 0),
            func.coalesce(func.sum(in_hand), 0),
        ).where(which, Job.end.is_(None))
    ).one()
    answered = case((and_(Job.end.in_(ANSWERED), Job.attempts > 0), 1), else_=0)
    attempts, good = db.execute(
        select(
            func.coalesce(func.sum(Job.attempts), 0), func.coalesce(func.sum(answered), 0)
        ).where(which, Job.ended_at > now - LOOKED_BACK)
    ).one()
    # By the index of (adapter, ended_at), from its end: whatever else there is, it is one step.
    last = db.scalar(
        select(Job.ended_at)
        .where(which, Job.ended_at.is_not(None), Job.end == "done")
        .order_by(Job.ended_at.desc())
        .limit(1)
    )
    judged = int(tried) - int(trying) + int(attempts)
    return Health(
        adapter=adapter,
        waiting=waiting,
        waiting_since=since,
        last_success=last,
        attempts=judged,
        failures=judged - int(good),
        paused_at=state.paused_at if state else None,
        paused_because=state.paused_because if state else None,
        held_until=held if held and held > now else None,
        shadow_until=shadow_until,
    )
