"""What tests of footer links share: a link, and what the CRM and the portal hold of it."""

import re
from typing import Any

from portal.consent.links import Link
from portal.domain.addresses import Email
from portal.store.tables import Consent, Delivery, LedgerEntry, Request, Session
from tests.portals import MARIJKE, ORIGIN, Office, Page

HENDRIK = "hendrik.bosman@example.com"  # has two records
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def token_of(
    office: Office, email: str = MARIJKE, mailing: str = "newsletter", site: str = "demo"
) -> str:
    return office.portal.services.links.mint(Link(site, mailing, Email.parse(email)))


def one_click(office: Office, token: str, **options: Any) -> Page:
    """What a mail provider sends (RFC 8058 §3.2): no cookie, no origin, nothing of a browser."""
    client = office.app.test_client(use_cookies=False)
    given = {"data": ONE_CLICK, "base_url": ORIGIN, **options}
    return Page(client.post(f"/u/{token}", **given))


def subscriptions(office: Office, email: str = MARIJKE) -> dict[tuple[int, str], int]:
    """(record, mailing) → is it on, for all records of an address."""
    rows = office.crm(
        "SELECT contact_id, mailing, active FROM subscriptions "
        "JOIN contacts ON contacts.id = contact_id WHERE email = ?",
        email,
    )
    return {(row["contact_id"], row["mailing"]): row["active"] for row in rows}


def rights(office: Office) -> list[str]:
    """The requests, in order, by their right."""
    with office.database.reading() as db:
        return [row.right for row in db.query(Request).order_by(Request.received_at)]


def decisions(office: Office) -> list[Consent]:
    with office.database.reading() as db:
        return db.query(Consent).order_by(Consent.id).all()


def written(office: Office) -> tuple[int, ...]:
    """How many rows there are of all that a visit could write."""
    with office.database.reading() as db:
        return tuple(db.query(one).count() for one in (Request, Delivery, LedgerEntry, Session))


def plain(page: Page, token: str) -> str:
    """A page without what is of one request alone."""
    text = re.sub(r'nonce="[^"]*"', "", page.text)
    return text.replace(token, "TOKEN")
