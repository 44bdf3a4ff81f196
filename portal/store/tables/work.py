"""What the engine works on, and what it knows of the adapters."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


class Job(Table):
    """One unit of durable work. The engine knows its kind, not what that means.

    ``lane`` orders between jobs (0 first); jobs of one subject and adapter run one at a time, in
    order of ``id`` within a lane. A worker holds a job by a lease: ``lease`` is its random fencing
    token, ``leased_until`` its end. A done job keeps its row and loses its payload; a dead one
    keeps its payload sealed, so that an operator can replay it under the same key.
    """

    __tablename__ = "jobs"
    # Indexes of what is open or dead alone: a million jobs that are done cost a claim nothing. And
    # each fits one question: what is open is called so by ``ended_at`` where all are meant and by
    # ``end`` where one pair's are. A planner that believes that nothing is open finds any of them
    # good enough, and would go through all that is open for each of a pair's.
    __table_args__ = (
        CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="ended"),
        Index("ix_jobs_open", "lane", "due_at", "id", **only("ended_at IS NULL")),
        Index("ix_jobs_order", "adapter", "subject_id", **only('"end" IS NULL')),
        Index("ix_jobs_dead", "ended_at", **only("\"end\" = 'dead'")),
        Index("ix_jobs_conflict", "ended_at", **only("\"end\" = 'conflict'")),
        Index("ix_jobs_ended", "adapter", "ended_at", **only("ended_at IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    lane: Mapped[int]
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    adapter: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """The idempotency key, made with the job and never again."""
    likeness: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Keyed digest of what it does: two that wait side by side with the same one are one."""
    payload_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None] = mapped_column(String(16))
    """``done``, ``dead``, ``superseded``, or ``conflict``: its payload waits for a choice."""
    cause: Mapped[str | None] = mapped_column(String(64))
    """A code for why the last attempt failed; never a message."""


class AdapterState(Table):
    """What all workers of all machines know of one adapter."""

    __tablename__ = "adapter_states"
    adapter: Mapped[str] = mapped_column(String(64), primary_key=True)
    paused_at: Mapped[datetime | None]
    """Since when it is left alone until a person says otherwise."""
    paused_because: Mapped[str | None] = mapped_column(String(32))
    """``brake``, ``misconfigured`` or ``operator``."""
    resumed_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    """Until when it is left alone by itself: its rate, its own wish, or the breaker."""
    free_at: Mapped[datetime | None]
    """When its token bucket is full again."""
    failures: Mapped[int] = mapped_column(default=0)
    """Calls without an answer, in a row, over all workers."""
    failed_at: Mapped[datetime | None]
    failed_because: Mapped[str | None] = mapped_column(String(64))
    records: Mapped[int | None]
    """How many records the CRM had when it was last counted; the brake measures by it."""
    counted_at: Mapped[datetime | None]


class Alarm(Table):
    """Something that a person has to look at. Open until somebody or something clears it.

    ``key`` names what it is about, so that the same thing is one alarm however often it happens.
    """

    __tablename__ = "alarms"
    __table_args__ = (Index("ix_alarms_open", "key", unique=True, **only("cleared_at IS NULL")),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(128))
    adapter: Mapped[str | None] = mapped_column(String(64))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))
    raised_at: Mapped[datetime]
    repeated_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    cleared_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]
    """Codes and numbers, as in the ledger."""


class Mark(Table):
    """How far something is that goes on outside the database: a file, a feed."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))
