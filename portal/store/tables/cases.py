"""What only a person can do or answer, with the statutory clock running."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table, only


class Case(Table):
    """Something that waits for a person.

    By when she is to be answered follows from ``received_at`` (`portal.domain.deadlines`), and is
    stored nowhere else.
    What she wrote is emptied some time after it is closed (`portal.rights.cases.casebook`).
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_open", "received_at", **only("closed_at IS NULL")),
        Index("ix_cases_subject_id_kind", "subject_id", "kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    """What she and the company call it by. It opens nothing."""
    kind: Mapped[str] = mapped_column(String(16))
    """Of `portal.rights.cases.casebook.CaseKind`."""
    site: Mapped[str] = mapped_column(String(48))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    """None: whoever it is has not shown it."""
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"), index=True)
    """The request that only a person can fulfil, where it belongs to one."""
    locale: Mapped[str] = mapped_column(String(8))
    received_at: Mapped[datetime]
    """From here the clock runs. Of a letter: the day on which it came."""
    written_at: Mapped[datetime]
    """When it was written down here."""
    written_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    """The operator who did, of a letter or a call; None: she herself."""
    message_sealed: Mapped[bytes | None]
    contact_sealed: Mapped[bytes | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    outcome: Mapped[str | None] = mapped_column(String(16))
    """Of `portal.rights.cases.casebook.Outcome`."""
