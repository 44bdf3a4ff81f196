"""The append-only log and its chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table


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


class LedgerWaiting(Table):
    """The entries that are not chained yet, so that the sealer need not look for them."""

    __tablename__ = "ledger_waiting"
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("ledger.id"), primary_key=True, autoincrement=False
    )
