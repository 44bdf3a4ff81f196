"""What tests of a change of address share: asking for it, and what each mailbox says."""

from typing import Any

from sqlalchemy import select

from portal.domain.addresses import Email
from portal.store.tables import (
    AddressChange,
    Delivery,
    Recall,
    Request,
    Session,
    SubjectAlias,
)
from tests.portals import MARIJKE, Letter, Office, Page, Visitor

NEW = "marijke.nieuw@example.net"
HOURS, DAYS = 24, 14
"""How long it waits, and how long it can be taken back."""


def signed_in(office: Office, email: str = MARIJKE) -> Visitor:
    """With the fresh proof that a change of address needs: one mail."""
    return office.visitor().sign_in(office, email, goal="address")


def asks(visitor: Visitor, new: str = NEW) -> Page:
    """She types the new address; the page that asks for its code."""
    answer = visitor.submit(visitor.get("/me/address"), "/me/address", email=new)
    assert answer.status == 303, answer.text
    return visitor.get(answer.location)


def proves(office: Office, visitor: Visitor, page: Page) -> Letter:
    """She types the code of the new mailbox; the mail to the old one."""
    mail = office.next_mail()
    proven = visitor.submit(page, "/address/new", code=mail.code)
    assert proven.status == 303, proven.text
    return office.next_mail()


def pending(office: Office, email: str = MARIJKE, new: str = NEW) -> Letter:
    """A change that waits: the mail to the old mailbox."""
    visitor = signed_in(office, email)
    return proves(office, visitor, asks(visitor, new))


def says(office: Office, mail: Letter, answer: str, visitor: Visitor | None = None) -> Page:
    """The old mailbox answers by the link of one of its mails."""
    visitor = visitor or office.visitor()
    fields = {**visitor.get(mail.path).fields, "t": mail.reference}
    return visitor.post("/address/old", **{**fields, "token": mail.token, "answer": answer})


def came_in(office: Office) -> list[tuple[str, ...]]:
    """To whom mail went that nobody has read yet; it is read now."""
    mails = office.mails()[office._read :]
    office._read += len(mails)
    return [one.to for one in mails]


def changed(office: Office, *, vouched: bool = True, new: str = NEW) -> tuple[Letter, Letter]:
    """A change that took effect: what the old mailbox got then, and the new one."""
    mail = pending(office, new=new)
    if vouched:
        assert says(office, mail, "yes").status == 200
    else:
        office.clock.advance(hours=HOURS)
    office.work()
    return office.next_mail(), office.next_mail()


def address(office: Office, id: int = 1) -> str:
    """What the CRM holds."""
    (row,) = office.crm("SELECT email FROM contacts WHERE id = ?", id)
    return str(row["email"])


def change(office: Office) -> AddressChange:
    """The one change that there is, or the last."""
    with office.database.reading() as db:
        return db.scalars(select(AddressChange).order_by(AddressChange.asked_at)).all()[-1]


def ends(office: Office) -> list[str | None]:
    with office.database.reading() as db:
        return [
            one.end for one in db.scalars(select(AddressChange).order_by(AddressChange.asked_at))
        ]


def deliveries(office: Office) -> list[tuple[str, str | None]]:
    """State and cause of every delivery of a change of address, in order."""
    with office.database.reading() as db:
        rows = db.scalars(
            select(Delivery)
            .join(Request, Request.id == Delivery.request_id)
            .where(Request.right == "address")
            .order_by(Delivery.id)
        )
        return [(row.state, row.outcome.get("cause")) for row in rows]


def open_sessions(office: Office) -> int:
    with office.database.reading() as db:
        return db.query(Session).filter(Session.ended_at.is_(None)).count()


def subject_of(office: Office, email: str) -> str | None:
    """Who the portal knows by this address."""
    digest = office.portal.vault.alias(Email.parse(email))[1]
    with office.database.reading() as db:
        return db.scalar(select(SubjectAlias.subject_id).where(SubjectAlias.digest == digest))


def recalls(office: Office) -> dict[str, Any]:
    """Purpose → until when it is kept."""
    with office.database.reading() as db:
        return {row.purpose: row.until for row in db.scalars(select(Recall))}
