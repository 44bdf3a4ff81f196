"""What tests of mailings share: a register with a purpose that hands data on, and short ways."""

from collections.abc import Mapping

from portal.store.tables import Consent
from tests.portals import MARIJKE, Office, Page, Visitor

SIGNAL = {"Sec-GPC": "1"}


def state(office: Office, email: str = MARIJKE) -> dict[tuple[int, str], int]:
    """(record, mailing) → is it on? What the CRM says nothing of is left out."""
    rows = office.crm(
        "SELECT contact_id, mailing, active FROM subscriptions "
        "JOIN contacts ON contacts.id = contact_id WHERE email = ?",
        email,
    )
    return {(row["contact_id"], row["mailing"]): row["active"] for row in rows}


def means(
    found: Mapping[tuple[int, str], int], records: tuple[int, ...], mailings: tuple[str, ...]
) -> dict[tuple[int, str], bool]:
    """The same with what silence means: offers go on, what needs a "yes" does not."""
    return {
        (record, mailing): bool(found.get((record, mailing), mailing == "offers"))
        for record in records
        for mailing in mailings
    }


def send(visitor: Visitor, path: str, /, *, signal: bool = False, **fields: str) -> Page:
    """A form of the consents page, with its token."""
    page = visitor.get("/me/consents")
    token = {"csrf_token": page.fields["csrf_token"]} if "csrf_token" in page.fields else {}
    headers = SIGNAL if signal else {}
    return visitor.send(path, data={**token, **fields}, headers=headers)


def decide(visitor: Visitor, purpose: str, granted: str, *, signal: bool = False) -> Page:
    fields = {"purpose": purpose, "granted": granted}
    return send(visitor, "/me/consents", signal=signal, **fields)


def undo(visitor: Visitor, place: str) -> Page:
    """Take back the stop whose page this is."""
    return send(visitor, "/me/consents/undo", stop=place.partition("?")[0].rpartition("/")[2])


def decided(office: Office) -> list[Consent]:
    with office.database.reading() as db:
        return db.query(Consent).order_by(Consent.id).all()
