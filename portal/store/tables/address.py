"""Changes of an e-mail address, from the asking until they cannot be taken back any more."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


class AddressChange(Table):
    """One change. Open until ``ended_at``; at most one of a subject is.

    Its id is the reference of the proof that was mailed to the new address.
    """

    __tablename__ = "address_changes"
    __table_args__ = (
        Index("ix_address_changes_open", "subject_id", unique=True, **only("ended_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    site: Mapped[str] = mapped_column(String(48))
    locale: Mapped[str] = mapped_column(String(8))
    new_digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """Keyed hash of the new address, as in `SubjectAlias`."""
    addresses_sealed: Mapped[bytes | None]
    """The old one as the CRM has it, and the new one; emptied when it ends."""
    asked_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    """When the new mailbox was proven, and the old one told."""
    due_at: Mapped[datetime | None]
    """When it takes effect, unless the old mailbox says something before."""
    old_reference: Mapped[str | None] = mapped_column(String(32), unique=True)
    """Of the proof that was mailed to the old address when the new one was proven."""
    vouched_at: Mapped[datetime | None]
    """When the old mailbox said that it was she."""
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None] = mapped_column(String(16))
    """How: of `portal.rights.address.means.End`."""
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))
    """Of one that took effect."""
    back_reference: Mapped[str | None] = mapped_column(String(32), unique=True)
    """Of the proof that was mailed to the old address then."""
    back_until: Mapped[datetime | None]
    """Until when the old mailbox can take it back."""
    reverted_at: Mapped[datetime | None]
    made_alias: Mapped[bool] = mapped_column(default=False)
    """Was the new address none of hers before?"""
