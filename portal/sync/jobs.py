"""What the engine hands to a handler, and what a handler answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy.orm import Session

Recording = Callable[[Session], None]
"""Writes that belong to a job's end: made in the transaction that ends it, or not at all."""


def nothing(_session: Session) -> None:
    """Nothing to record."""


@dataclass(frozen=True, slots=True, repr=False)
class Task:
    """One attempt at a job. ``payload`` is opened, so ``repr`` shows the id and kind only."""

    id: int
    kind: str
    key: str
    attempt: int
    """1 for the first."""
    is_last: bool
    """No further attempt follows by itself."""
    created_at: datetime
    subject_id: str | None
    adapter: str | None
    payload: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Task({self.id}, {self.kind}, attempt {self.attempt})"


class Verdict(Enum):
    """What an attempt tells of the adapter as a whole, for all jobs and all workers."""

    NONE = auto()
    """Nothing: the trouble is this job's own."""
    UNANSWERED = auto()
    """It did not answer; so many of these in a row trip its breaker."""
    BUSY = auto()
    """It asks to be left alone for the time of ``after``. Does not count as an attempt."""
    PAUSE = auto()
    """It must be left alone until a person has looked. Does not count as an attempt."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is over; its payload is wiped, unless it is kept (sealed) for a person's choice."""

    record: Recording = nothing
    how: str = "done"
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more: after ``after`` seconds if that is given, else by the engine's back-off."""

    cause: str
    """A code, never a message."""
    after: float | None = None
    record: Recording = nothing
    verdict: Verdict = Verdict.NONE


@dataclass(frozen=True, slots=True)
class Later:
    """All is well, and there is more to do at that moment (UTC): attempts begin anew then."""

    at: datetime
    record: Recording = nothing
    payload: Mapping[str, Any] | None = None
    """What the job holds from now on; None: what it held."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """It cannot be done by trying: a person has to look."""

    cause: str
    record: Recording = nothing
    replayable: bool = True
    """Keeps the sealed payload, for a replay under the same key; False wipes it at once."""


Result = Finished | Again | Later | GaveUp


class Handler(ABC):
    """Does one kind of job. By itself it does nothing at its edges."""

    @abstractmethod
    def run(self, task: Task) -> Result:
        """Do it. Called outside any transaction; may be called again for the same job."""

    def begin(self, session: Session, key: str) -> None:
        """An attempt begins; runs in the transaction that claims the job."""
        nothing(session)

    def abandon(self, session: Session, task: Task, cause: str) -> None:
        """The engine gives up on a job (no attempts left); runs in the transaction that ends it."""
        nothing(session)

    def revive(self, session: Session, key: str) -> None:
        """A job that was given up is tried again; runs in the transaction that puts it back."""
        nothing(session)


Handlers = Mapping[str, Handler]
"""Handler by kind of job; the wings provide them, the composition root puts them together."""
