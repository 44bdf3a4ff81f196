"""Copies that subscribers asked for, sealed, for a day."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


class Copy(Table):
    """One copy of what is held about a subscriber (Art. 15 and 20 GDPR), until ``expires_at``.

    Its content is sealed with a key of its own, and that key by the vault. At its end both are
    emptied; the row stays a while, so that whoever comes too late is told so.
    """

    __tablename__ = "copies"
    __table_args__ = (
        Index(None, "subject_id"),
        Index("ix_copies_living", "expires_at", **only("key_sealed IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    site: Mapped[str] = mapped_column(String(48))
    session_id: Mapped[int]
    """The session that made it, which may open it without a new proof. Sessions are forgotten
    before their number could be given again, and later than the copy."""
    kind: Mapped[str] = mapped_column(String(8))
    """``copy``, or ``portable``: for another service."""
    tier: Mapped[int]
    """The tier of the proof that it was made with: a lower one does not open it."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    key_sealed: Mapped[bytes | None]
    content_sealed: Mapped[bytes | None]
