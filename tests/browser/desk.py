"""What the browser tests of the desk share: an operator of the demo, and a CRM that refuses."""

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pyotp
from click.testing import CliRunner
from playwright.sync_api import Page, expect

from portal.cli import commands
from portal.domain.clock import utc_now
from portal.rights.cases.casebook import Outcome
from portal.store.database import Database
from portal.store.tables import Case, Request
from portal.sync.alarms import AlarmKind, raise_alarm
from tests.demos import Demo, Mailbox
from tests.desks import PASSWORD

SUBSCRIBER = "marijke.devries@example.org"
REFUSE = "CREATE TRIGGER refused BEFORE UPDATE ON contacts BEGIN SELECT RAISE(ABORT, 'no'); END"


@dataclass(frozen=True)
class DemoOperator:
    """An operator of a running demo, added as anybody would add her: at the command line."""

    name: str
    secret: str

    def sign_in(self, page: Page, portal: str) -> None:
        page.goto(f"{portal}operator")
        page.get_by_label("Name").fill(self.name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Code").fill(pyotp.TOTP(self.secret).now())
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def add_operator(demo: Demo, name: str) -> DemoOperator:
    options = ["operator", "add", name, "--password-stdin", "--no-check"]
    shown = CliRunner().invoke(
        commands,
        ["--instance", str(demo.folder / "data"), *options],
        input=f"{PASSWORD}\n",
        env={name: None for name in os.environ if name.startswith("PORTAL_")},
    )
    assert shown.exit_code == 0, shown.output
    found = re.search(r"secret=([A-Z2-7]+)", shown.output)
    assert found
    return DemoOperator(name, found[1])


def crm_does(demo: Demo, statement: str) -> None:
    """Something done to the demo's CRM, past the portal."""
    with closing(sqlite3.connect(demo.folder / "data" / "crm.sqlite")) as crm, crm:
        crm.execute(statement)


def refuse(demo: Demo) -> None:
    """From now on the CRM takes no correction."""
    crm_does(demo, REFUSE)


def mend(demo: Demo) -> None:
    crm_does(demo, "DROP TRIGGER IF EXISTS refused")


def see_to_all_cases(demo: Demo) -> None:
    """Colleagues have done all that waits for a person, whatever asked for it before."""
    database = Database(f"sqlite:///{demo.folder / 'data' / 'portal.sqlite'}")
    with database.unit("test") as unit:
        for case in unit.session.query(Case).filter(Case.closed_at.is_(None)):
            case.closed_at, case.outcome = utc_now(), Outcome.DONE
        unit.commit()
    database.close()


def ring_every_bell(demo: Demo) -> None:
    """An open alarm of every kind, about the first request there is."""
    database = Database(f"sqlite:///{demo.folder / 'data' / 'portal.sqlite'}")
    with database.unit("test") as unit:
        request = unit.session.query(Request).first()
        assert request is not None
        for kind in set(AlarmKind) - {AlarmKind.DEAD_LETTER, AlarmKind.ADAPTER_PAUSED}:
            of_a_request = kind is not AlarmKind.KEY_ROTATION
            raise_alarm(
                unit.session,
                kind,
                f"test:{kind}",
                now=utc_now(),
                adapter="crm" if of_a_request and kind is not AlarmKind.DEADLINE else None,
                subject_id=request.subject_id if of_a_request else None,
                request_id=request.id if of_a_request else None,
            )
        unit.commit()
    database.close()


def correct(page: Page, demo: Demo, mailbox: Mailbox, phone: str) -> str:
    """A subscriber signs in and corrects her phone number; the address of the request."""
    portal = demo.address("Portal")
    page.goto(portal)
    page.get_by_label("e-mail address").fill(SUBSCRIBER)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    page.goto(f"{portal}me/correct")
    page.get_by_role("textbox", name="Phone number").fill(phone)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Yes, save").click()
    expect(page.get_by_role("heading", name="Is it done?")).to_be_visible()
    return page.url
