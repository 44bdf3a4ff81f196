"""What the engine hands to a handler, and what a handler answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done; its payload is wiped."""

    record: Recording = nothing


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more: after ``after`` seconds if that is given, else by the engine's back-off."""

    cause: str
    """A code, never a message."""
    after: float | None = None
    record: Recording = nothing


@dataclass(frozen=True, slots=True)
class GaveUp:
    """It cannot be done by trying: a person has to look."""

    cause: str
    record: Recording = nothing
    replayable: bool = True
    """Keeps the sealed payload, for a replay under the same key; False wipes it at once."""


Result = Finished | Again | GaveUp


class Handler(Protocol):
    """Does one kind of job."""

    def run(self, task: Task) -> Result:
        """Do it. Called outside any transaction; may be called again for the same job."""

    def abandon(self, session: Session, task: Task, cause: str) -> None:
        """The engine gives up on a job (no attempts left); runs in the transaction that ends it."""


Handlers = Mapping[str, Handler]
"""Handler by kind of job; the wings provide them, the composition root puts them together."""
