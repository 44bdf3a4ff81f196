"""Two subscribers, two sites, a system of each site's own, and an eye on all the rows."""

import tomllib
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select, text

from portal.demo.crm import create_crm
from portal.demo.settings import CONFIG
from portal.store.tables import Consent, Delivery, Request, Session
from tests.portals import MARIJKE, Office, StartOffice, Visitor

HENDRIK = "hendrik.bosman@example.com"
HIS = (4, 5)
"""His records, by whichever address."""
TABLES = ("contacts", "subscriptions", "orders", "notes")
OTHERWISE = (
    "UPDATE contacts SET first_name = 'M.', last_name = 'Veiling' || id, birth_date = NULL",
    "UPDATE contacts SET phone = '0297-00004' || id, street = 'Veilinglaan', city = 'Aalsmeer'",
    "UPDATE contacts SET customer_number = 'V' || id",
    "UPDATE orders SET order_number = 'V' || order_number, invoiced_to = 'V' || id",
    "UPDATE notes SET text = 'V' || id",
)
"""The same people stand in the second system, with other values."""
SHORT = 5
"""Values of fewer signs stand on many a page by chance."""


def start(start_office: StartOffice, folder: Path) -> Office:
    """A portal whose second site looks in a system of its own."""
    told = tomllib.loads((CONFIG / "portal.toml").read_text("utf-8"))
    wholesale = folder / "wholesale.sqlite"
    create_crm(wholesale, subscribers=8)
    with create_engine(f"sqlite:///{wholesale}").begin() as there:
        for statement in OTHERWISE:
            there.execute(text(statement))
    crm = told["adapters"]["crm"]
    demo = told["sites"][0]
    other = {
        **demo,
        "id": "other",
        "name": "De Late Merel Wholesale",
        "origins": ["http://127.0.0.1:8082"],
        "adapters": ["wholesale"],
    }
    return start_office(
        adapters={
            "crm": crm,
            "wholesale": {
                **crm,
                "url": f"sqlite:///{wholesale}",
                "label": {"nl": "De veilinglijst", "en": "The auction list"},
            },
        },
        sites=[{**demo, "adapters": ["crm"]}, other],
        limits={
            "mails_per_address_hour": 99,
            "mails_per_address_day": 99,
            "asks_per_network_hour": 999,
            "confirms_per_hour": 99,
            "change_mails_hour": 99,
            "change_mails_day": 99,
        },
    )


def sign_in(office: Office, email: str, goal: str, site: str, frame: str | None = None) -> Visitor:
    """In a tab of the site, or in its frame."""
    visitor = office.visitor(frame=frame)
    asked = visitor.ask(email, goal, site)
    answer = visitor.submit(asked, "/signin/code", code=office.mails()[-1].code)
    assert answer.status in {200, 303}, answer.text
    visitor.token = answer.response.headers.get("Portal-Session", "")
    return visitor


def subject_of(office: Office, email: str) -> str:
    """By her latest session."""
    office_vault = office.portal.vault
    with office.database.reading() as db:
        for row in db.scalars(select(Session).order_by(Session.id.desc())):
            if row.email_sealed and office_vault.unseal(row.email_sealed, "session") == email:
                return row.subject_id
    raise LookupError(email)


def rows(office: Office, adapter: str) -> dict[str, list[dict[str, Any]]]:
    """Everything of one system, of everybody but Hendrik, past the portal."""
    settings: Any = office.portal.adapters[adapter].settings
    engine = create_engine(settings.url)
    with engine.connect() as there:
        found = {
            table: [dict(row) for row in there.execute(text(f"SELECT * FROM {table}")).mappings()]
            for table in TABLES
        }
    engine.dispose()
    return {
        table: [
            row
            for row in all_rows
            if row.get("contact_id" if table != "contacts" else "id") not in HIS
        ]
        for table, all_rows in found.items()
    }


def hers(office: Office, subject_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the portal holds of a subscriber that a decision would add to or change."""
    with office.database.reading() as db:
        requests = select(Request.id, Request.right, Request.due_at, Request.dropped_at)
        mine = select(Request.id).where(Request.subject_id == subject_id)
        return {
            "requests": [
                tuple(row)
                for row in db.execute(
                    requests.where(Request.subject_id == subject_id).order_by(Request.id)
                )
            ],
            "deliveries": [
                tuple(row)
                for row in db.execute(
                    select(Delivery.id, Delivery.state)
                    .where(Delivery.request_id.in_(mine))
                    .order_by(Delivery.id)
                )
            ],
            "consents": [
                tuple(row)
                for row in db.execute(
                    select(Consent.id, Consent.purpose, Consent.granted)
                    .where(Consent.subject_id == subject_id)
                    .order_by(Consent.id)
                )
            ],
        }


def marks(office: Office, adapter: str, email: str = MARIJKE) -> set[str]:
    """Values of hers in one system that nobody else has there: none may reach another."""
    found = rows(office, adapter)
    (contact,) = [row for row in found["contacts"] if row["email"] == email]
    own = [
        contact,
        *(
            row
            for table in TABLES[1:]
            for row in found[table]
            if row["contact_id"] == contact["id"]
        ),
    ]
    others = [row for table in TABLES for row in found[table] if row not in own]
    elsewhere = [row for table in rows(office, "wholesale").values() for row in table]
    known = {str(value) for row in [*others, *elsewhere] for value in row.values()}
    known |= {
        value
        for row in own
        for key, value in row.items()
        if key in {"source", "wording", "changed_at", "description"}
    }
    return {
        str(value)
        for row in own
        for value in row.values()
        if len(str(value)) >= SHORT and str(value) not in known
    }
