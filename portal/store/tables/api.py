"""What programs ask with and follow: keys, the feed, and whom a website has handed over."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


class ApiKey(Table):
    """A key of a program of one site. Of the key itself only a digest is kept.

    A key that was removed keeps its row, without the digest: the ledger refers to its id.
    """

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_name", "name", unique=True, **only("removed_at IS NULL")),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(48))
    site: Mapped[str] = mapped_column(String(48))
    scopes: Mapped[list[str]]
    key_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When it was last asked with, to the hour."""
    removed_at: Mapped[datetime | None]


class FeedEntry(Table):
    """One decision that the programs of one site are to obey.

    Rows are inserted without a ``position`` and get one, in the order in which they were committed,
    when they are first looked for: a cursor over ids would skip what was committed late. Whom it is
    about is in the recall; without that the entry is over.
    """

    __tablename__ = "feed_entries"
    __table_args__ = (
        Index(None, "site", "position"),
        Index("ix_feed_entries_waiting", "id", **only("position IS NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int | None] = mapped_column(unique=True)
    site: Mapped[str] = mapped_column(String(48))
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """Until when it waits."""
    purposes: Mapped[list[str]]
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))
    recall_id: Mapped[int | None] = mapped_column(
        ForeignKey("recalls.id", ondelete="SET NULL"), index=True
    )


class Handoff(Table):
    """Somebody whom a website has signed in, on her way to a session here.

    ``assertion_hash`` is unique, so no assertion counts twice; the row outlives both.
    """

    __tablename__ = "handoffs"
    purpose: ClassVar[str] = "handoff"
    """As `Proof.purpose`: what a session was opened with."""
    id: Mapped[int] = mapped_column(primary_key=True)
    assertion_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    site: Mapped[str] = mapped_column(String(48))
    goal: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    email_sealed: Mapped[bytes | None]
    """Emptied when used or expired."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
