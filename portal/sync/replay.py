"""Dead letters: jobs that were given up, what a person is told of them, and trying them again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.store.database import Unit
from portal.store.tables import Job
from portal.sync.alarms import AlarmKind, clear_alarm, raise_alarm
from portal.sync.jobs import Handlers, Task
from portal.sync.outbox import Outbox


def dead_jobs(session: Session) -> list[Job]:
    """The jobs that were given up and can be tried again, oldest first."""
    return list(
        session.scalars(
            select(Job)
            .where(Job.end == "dead", Job.payload_sealed.is_not(None))
            .order_by(Job.ended_at, Job.id)
        )
    )


def replay(unit: Unit, job_id: int, outbox: Outbox, handlers: Handlers, now: datetime) -> bool:
    """Try a dead letter again, under the key it always had. False: it is none, or not any more."""
    job = outbox.put_back(unit, job_id)
    if job is None or job.kind not in handlers:
        return False
    handlers[job.kind].revive(unit.session, job.key)
    clear_alarm(unit.session, _about(job.id), now)
    return True


def ring_for_dead_letter(session: Session, task: Task, cause: str, now: datetime) -> None:
    """Tell a person that this job was given up."""
    raise_alarm(
        session,
        AlarmKind.DEAD_LETTER,
        _about(task.id),
        now=now,
        adapter=task.adapter,
        subject_id=task.subject_id,
        facts={"kind": task.kind, "cause": cause},
    )


def _about(job_id: int) -> str:
    return f"job:{job_id}"
