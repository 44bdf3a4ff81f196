"""A small engine under test: jobs put by hand, a handler that does as it is told."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.domain.clock import Clock
from portal.domain.rights import Lane
from portal.store.database import Database
from portal.store.tables import Job
from portal.store.vault import Vault
from portal.sync.jobs import Finished, Handler, Result, Task
from portal.sync.outbox import Outbox
from portal.sync.worker import Worker

Answer = Result | Exception | Callable[[Task], Result]


@dataclass
class FakeHandler(Handler):
    """Answers what is queued for it, in order, and `Finished` after that; remembers its tasks."""

    answers: list[Answer] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    abandoned: list[tuple[str, str]] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)

    def run(self, task: Task) -> Result:
        self.tasks.append(task)
        answer = self.answers.pop(0) if self.answers else Finished()
        if isinstance(answer, Exception):
            raise answer
        return answer(task) if callable(answer) else answer

    def abandon(self, session: Session, task: Task, cause: str) -> None:
        self.abandoned.append((task.key, cause))

    def revive(self, session: Session, key: str) -> None:
        self.revived.append(key)

    @property
    def keys(self) -> list[str]:
        return [task.key for task in self.tasks]


class Engine:
    """An outbox and a worker over one database."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, **more: Any) -> None:
        self.database = database
        self.clock = clock
        self.handler = FakeHandler()
        self.outbox = Outbox(vault, clock)
        handlers = {"test": self.handler}
        self.worker = Worker(database, vault, more.pop("handlers", handlers), clock=clock, **more)

    def put(
        self,
        key: str,
        pair: tuple[str, str] | None = None,
        lane: Lane = Lane.ORDINARY,
        payload: dict[str, Any] | None = None,
        kind: str = "test",
    ) -> None:
        subject_id, adapter = pair or (None, None)
        with self.database.unit("test") as unit:
            self.outbox.put(
                unit,
                kind,
                payload or {},
                key=key,
                lane=lane,
                subject_id=subject_id,
                adapter=adapter,
            )
            unit.commit()

    def job(self, key: str) -> Job:
        with self.database.reading() as session:
            return session.scalars(select(Job).where(Job.key == key)).one()

    def ends(self) -> dict[str, str | None]:
        with self.database.reading() as session:
            return {job.key: job.end for job in session.scalars(select(Job))}

    def count_open(self) -> int:
        with self.database.reading() as session:
            open_jobs = select(func.count()).select_from(Job).where(Job.ended_at.is_(None))
            return session.scalar(open_jobs) or 0


def per_pair(runs: list[tuple[str | None, str | None, int]]) -> Iterator[list[int]]:
    """The job numbers in the order they ran, for each subject and adapter."""
    sorted_out: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for subject_id, adapter, number in runs:
        sorted_out[subject_id, adapter].append(number)
    yield from sorted_out.values()
