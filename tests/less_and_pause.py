"""What tests of less and of breaks share: a CRM that can say how often, and time that passes."""

from datetime import timedelta

from tests.footers import token_of
from tests.mailings import send
from tests.portals import MARIJKE, Office, Page, Visitor


def every(office: Office, email: str = MARIJKE) -> list[int | None]:
    rows = office.crm(
        "SELECT every FROM subscriptions JOIN contacts ON contacts.id = contact_id "
        "WHERE email = ? AND mailing = 'newsletter' ORDER BY contact_id",
        email,
    )
    return [row["every"] for row in rows]


def begin(visitor: Visitor, months: str = "1", purpose: str = "newsletter") -> Page:
    return send(visitor, "/me/consents/pause", purpose=purpose, months=months)


def by_link(
    office: Office, deed: str, email: str = MARIJKE, mailing: str = "newsletter", **fields: str
) -> Page:
    return office.visitor().post(f"/u/{token_of(office, email, mailing)}/{deed}", **fields)


def pass_months(office: Office, months: int = 1) -> None:
    office.clock.now += timedelta(days=31 * months)
    office.work()
