"""What subscribers asked for and decided, and how far that is."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


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
    due_at: Mapped[datetime | None]
    """Not to be done before this moment: an erasure that waits, or an operator's lifting of a
    restriction, of which she is told before. None: at once."""
    dropped_at: Mapped[datetime | None]
    """When an erasure that waited was taken back, or asked for at once instead; or when what was
    restricted was erased."""


class Delivery(Table):
    """How far one request is in one system. ``outcome`` holds codes: cause, retained categories.

    One that asks for the very same as another that is still waiting has no job of its own: it
    ``follows`` that one, and goes through its states.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("request_id", "adapter"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))
    adapter: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    sent_at: Mapped[datetime | None]
    """When it was first passed on."""
    changed_at: Mapped[datetime]
    outcome: Mapped[dict[str, Any]]
    follows: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)


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
    wording_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 in hexadecimal digits, as are all of this table."""
    statement_hash: Mapped[str] = mapped_column(String(64))
    """Of the register that the privacy statement in force was made from; empty: not known."""
    method: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime | None]
    """A break: what was on is given back at this moment, unless something is decided before."""
    locale: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))


class Frequency(Table):
    """How often somebody wants a mailing: append-only, one row per decision.

    Beside the consent record, so that nothing which says how often is taken for a "yes".
    """

    __tablename__ = "frequencies"
    __table_args__ = (Index(None, "subject_id", "purpose", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    purpose: Mapped[str] = mapped_column(String(48))
    frequency: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32))
    wording: Mapped[str] = mapped_column(Text)
    """What the frequency was called."""
    wording_hash: Mapped[str] = mapped_column(String(64))
    statement_hash: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(8))
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))


class Suppression(Table):
    """A subject who was erased and must not come back; found by the aliases, so by a keyed hash.

    ``lifted_at``: she came back by a fresh, later opt-in of her own.
    """

    __tablename__ = "suppressions"
    __table_args__ = (Index(None, "subject_id", unique=True, **only("lifted_at IS NULL")),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
