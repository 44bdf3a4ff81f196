"""Every table of the portal's own database. CRM values are not among them: those are read live.

All times are UTC. A column named ``…_sealed`` holds what `portal.store.vault.Vault` sealed and is
emptied as soon as it has served; ``…_hash`` holds a digest from which nothing can be read back.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; a naive one is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect  # only SQLite gives naive times, and those show themselves
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """The base of all tables. Constraints have names, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own declaration, read once
        datetime: UtcDateTime(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
    }


class Subject(Table):
    """A person, as a random id and nothing else; everything refers to the id."""

    __tablename__ = "subjects"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime]


class SubjectAlias(Table):
    """How a person is found again: the keyed hash of an address, under one version of the key."""

    __tablename__ = "subject_aliases"
    key_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)


class Proof(Table):
    """One asked-for proof of a mailbox: a sign-in, or the confirmation of one goal.

    ``reference`` names it on pages and in addresses and opens nothing. Until the mail is handed to
    the mail server there is no token, no code and no expiry; for an address that is in no CRM
    there never will be.
    """

    __tablename__ = "proofs"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """``signin`` or ``confirm``."""
    site: Mapped[str] = mapped_column(String(48))
    goal: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"))
    """For ``confirm``: the session that asked."""
    address_digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """Keyed hash of the typed address, so that one sign-in can void the other open proofs."""
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the cookie of the browser that asked."""
    asked_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    code_hash: Mapped[str | None] = mapped_column(String(128))
    code_tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    email_sealed: Mapped[bytes | None]
    """The address as the CRM has it; emptied when used or expired."""


class Session(Table):
    """A signed-in subscriber, in a tab (named by a cookie) or in a frame (by a bearer token)."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    """``tab`` or ``frame``."""
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    site: Mapped[str] = mapped_column(String(48))
    locale: Mapped[str] = mapped_column(String(8))
    goal: Mapped[str] = mapped_column(String(16))
    email_sealed: Mapped[bytes | None]
    """What the CRMs are asked by; emptied when the session ends."""
    fresh_for: Mapped[str | None] = mapped_column(String(16))
    """The goal that the mailbox was proven for just now, if it needs a fresh proof."""
    fresh_until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """When it ends at the latest, used or not."""
    ended_at: Mapped[datetime | None]


class Request(Table):
    """A subscriber's exercise of one right. ``details`` holds codes (field and purpose ids)."""

    __tablename__ = "requests"
    __table_args__ = (Index(None, "subject_id", "received_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    site: Mapped[str] = mapped_column(String(48))
    right: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    received_at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


class Delivery(Table):
    """How far one request is in one system. ``outcome`` holds codes: cause, retained categories."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("request_id", "adapter"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))
    adapter: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime]
    outcome: Mapped[dict[str, Any]]


class Job(Table):
    """One unit of durable work. The engine knows its kind, not what that means.

    ``lane`` orders between jobs (0 first); jobs of one subject and adapter run one at a time, in
    order of ``id`` within a lane. A worker holds a job by a lease: ``lease`` is its random fencing
    token, ``leased_until`` its end. A done job keeps its row and loses its payload; a dead one
    keeps its payload sealed, so that an operator can replay it under the same key.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_open", "ended_at", "lane", "due_at"),
        Index("ix_jobs_order", "subject_id", "adapter", "ended_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    lane: Mapped[int]
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    adapter: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """The idempotency key, made with the job and never again."""
    payload_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None] = mapped_column(String(16))
    """``done``, ``dead`` or ``superseded``."""
    cause: Mapped[str | None] = mapped_column(String(64))
    """A code for why the last attempt failed; never a message."""


class Consent(Table):
    """The consent record (Art. 7(1) GDPR): append-only, one row per decision."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "subject_id", "purpose", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    purpose: Mapped[str] = mapped_column(String(48))
    granted: Mapped[bool]
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32))
    wording: Mapped[str] = mapped_column(Text)
    wording_version: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))


class QuotaHit(Table):
    """One use of a quota. ``bucket`` is a keyed digest of what is counted."""

    __tablename__ = "quota_hits"
    __table_args__ = (Index(None, "bucket", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    bucket: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]


class LedgerEntry(Table):
    """One line of the ledger as it was inserted; never updated. Holds codes, never a value."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(48))
    subject_id: Mapped[str | None] = mapped_column(String(32), index=True)
    request_id: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Salted digest of the details; destroying ``salt`` makes it mute."""


class LedgerLink(Table):
    """The chain over the ledger: each link's digest covers its entry and the link before it."""

    __tablename__ = "ledger_links"
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger.id"), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
