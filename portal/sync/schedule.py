"""What is done again and again, as due rows: no cron, and no two workers at once."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.tables import Job
from portal.sync.jobs import Handler, Later, Result, Task
from portal.sync.outbox import Outbox

log = logging.getLogger(__name__)

JOB = "schedule"


@dataclass(frozen=True, slots=True)
class Every:
    """One duty: its name, the time between two rounds, and what to do."""

    name: str
    span: timedelta
    chore: Callable[[], object]

    @property
    def key(self) -> str:
        """Of its one job, which never ends."""
        return f"every:{self.name}"


class Schedule(Handler):
    """Handler of the duties."""

    def __init__(
        self, database: Database, outbox: Outbox, duties: Sequence[Every], clock: Clock
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._duties = {duty.name: duty for duty in duties}
        self._clock = clock

    def run(self, task: Task) -> Result:
        """Do one round; the next one is due after the duty's span."""
        duty = self._duties[task.payload["name"]]
        duty.chore()
        return Later(self._clock() + duty.span)

    def arm(self) -> None:
        """See to it that every duty has its job; one that was given up begins anew."""
        try:
            self._arm()
        except IntegrityError:
            log.info("another process arms the duties")

    def _arm(self) -> None:
        with self._database.unit("duties armed") as unit:
            for duty in self._duties.values():
                job = unit.session.scalar(select(Job).where(Job.key == duty.key))
                if job is None:
                    self._outbox.put(unit, JOB, {"name": duty.name}, key=duty.key)
                elif job.ended_at is not None:
                    self._outbox.put_back(unit, job.id)
            unit.commit()
