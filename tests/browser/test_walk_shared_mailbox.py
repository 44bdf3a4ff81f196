"""A couple with one mailbox (S5): stopping is immediate for both; seeing needs one's own number.

On the nursery's CRM, and on the record shop's. The settings of the shop mark no field with
``knows``: its customers are numbered from 1 to 59, which five tries could guess, and a number as
short as that opens nothing, marked or not. No other field is hers alone and cannot be changed. So
there everything but stopping goes by a person.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.domain.rights import Goal
from tests.browser.desk import add_operator
from tests.browser.test_every_page import Inspector
from tests.browser.walking import Company, open_company
from tests.browser.walking import Walk as Books
from tests.demos import Demo, Mailbox

SHARED = "familie.jansen@example.net"
WIM, ANNELIES = "K10118", "K10119"
OF_ANNELIES = ("Annelies", "Kuipers", ANNELIES)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB")
    yield context
    context.close()


class Walk:
    """One tab, and every screen that is shown in it."""

    def __init__(self, page: Page, demo: Demo, mailbox: Mailbox) -> None:
        self.page, self.demo, self.mailbox = page, demo, mailbox
        self.portal = demo.address("Portal")
        self.screens: list[str] = []
        self.bodies = ""
        page.on("load", lambda _page: self._shown())

    def _shown(self) -> None:
        self.screens.append(self.page.url.removeprefix(self.portal).partition("?")[0])
        self.bodies += self.page.content()

    def come_in(self, goal: str) -> None:
        self.page.goto(self.portal)
        self.page.get_by_label(goal).check()
        self.page.get_by_label("e-mail address").fill(SHARED)
        self.page.get_by_role("button", name="Send me a code").click()
        self.page.get_by_label("Code from the e-mail").fill(self.mailbox.next().code)
        self.page.get_by_role("button", name="Continue").click()

    def type_number(self, number: str) -> None:
        self.page.get_by_label("Customer number").fill(number)
        self.page.get_by_role("button", name="Show me what is mine").click()


def mails(demo: Demo) -> list[dict[str, Any]]:
    with urlopen(f"{demo.address('Portal')}demo/mail.json") as answer:  # noqa: S310  loopback
        found: list[dict[str, Any]] = json.load(answer)
    return found


def rows(demo: Demo, query: str) -> list[dict[str, Any]]:
    """Of the CRM, past the portal."""
    with closing(sqlite3.connect(demo.folder / "data" / "crm.sqlite")) as crm:
        crm.row_factory = sqlite3.Row
        return [dict(one) for one in crm.execute(query)]


def test_s5_a_couple_with_one_mailbox(
    demo: Demo, mailbox: Mailbox, context: BrowserContext
) -> None:
    page = context.new_page()
    walk = Walk(page, demo, mailbox)
    inspector = Inspector(page, walk.portal, "shared, ")
    for contact in (2, 3):
        demo.colleague("DELETE FROM subscriptions WHERE contact_id = ?", contact)
        given = (contact, "newsletter", 1, "2026-01-01 00:00:00.000000", "x", "y")
        demo.colleague("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, 30)", *given)

    # Less mail: four screens, one mail, and it is off for both.
    walk.come_in("Get fewer e-mails, or none")
    expect(page.get_by_role("heading", name="What we send you")).to_be_visible()
    inspector.look("consents")
    page.get_by_role("button", name="Stop this").first.click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible(timeout=30_000)
    stopped = rows(demo, "SELECT active FROM subscriptions WHERE contact_id IN (2, 3)")
    assert [one["active"] for one in stopped] == [0, 0]
    assert [one.partition("/requests/")[0] for one in walk.screens] == [
        "",
        "signin/code",
        "me/consents",
        "me",
    ]
    assert len(mails(demo)) == 1

    # See: a wrong number tells nothing, the own one opens the own records.
    page.goto(f"{walk.portal}me")
    inspector.look("overview, of several people")
    page.get_by_role("link", name="Show what is mine").click()
    inspector.look("which")
    walk.type_number("K10114")
    expect(page.get_by_role("alert")).to_be_visible()
    inspector.look("which, with a fault")
    walk.type_number("K20000")
    expect(page.get_by_role("alert")).to_be_visible()
    walk.type_number(WIM)
    expect(page.get_by_role("heading", name="What we send you")).to_be_visible()
    page.goto(f"{walk.portal}me")
    expect(page.get_by_text("06 1000 7731")).to_be_visible()
    inspector.look("overview, opened")
    page.get_by_role("link", name="Correct my data").click()
    page.get_by_role("textbox", name="Phone number").fill("06 8888 8888")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Yes, save").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible(timeout=30_000)
    phones = [row["phone"] for row in rows(demo, "SELECT phone FROM contacts WHERE id IN (2, 3)")]
    assert [phone and phone.replace(" ", "") for phone in phones] == ["0688888888", None]
    page.goto(f"{walk.portal}me/more")
    inspector.look("more")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{walk.portal}?*")
    assert len(mails(demo)) == 1, "all of it cost one mail"

    # Delete: one mail and, with the own number, six screens; the other is untouched.
    before = rows(demo, "SELECT * FROM contacts WHERE id = 3")
    walk.screens.clear()
    walk.come_in("Have my data deleted")
    page.get_by_role("link", name="Show what is mine").click()
    walk.type_number(WIM)
    page.get_by_label("Now").check()
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible(timeout=30_000)
    assert len(walk.screens) == 6, walk.screens
    assert len(mails(demo)) == 2
    (erased, other) = rows(demo, "SELECT email FROM contacts WHERE id IN (2, 3)")
    assert (erased["email"] == SHARED, other["email"]) == (False, SHARED)
    assert rows(demo, "SELECT * FROM contacts WHERE id = 3") == before
    assert not any(one in walk.bodies for one in OF_ANNELIES), "on no screen of all these"

    assert inspector.faults == []


def test_a_case_at_the_desk_in_a_browser(demo: Demo, context: BrowserContext) -> None:
    page = context.new_page()
    portal = demo.address("Portal")
    inspector = Inspector(page, portal, "case, ")

    page.goto(portal)
    page.get_by_role("link", name="I cannot open that mailbox").click()
    inspector.look("no mailbox")
    page.get_by_role("button", name="Send").click()
    inspector.look("no mailbox, with faults")
    page.get_by_label("The e-mail address that you cannot open").fill("old@example.org")
    page.get_by_label("Where can we reach you now?").fill("06 1234 5678")
    page.get_by_label("What would you like us to do?").fill("<b>Stop</b>\n<script>top.x=1</script>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="We have received it")).to_be_visible()
    inspector.look("received")
    number = page.locator("dd strong").inner_text()

    add_operator(demo, "carla").sign_in(page, portal)
    inspector.look("desk with a case")
    page.locator(f"a[href*='/operator/cases/{number}']").click()
    expect(page.get_by_text("<script>top.x=1</script>")).to_be_visible()
    assert page.evaluate("window.x") is None
    inspector.look("a case")
    page.get_by_role("button", name="I have answered").click()
    expect(page.get_by_text("Noted:")).to_be_visible()
    page.get_by_role("button", name="Close the case").click()
    inspector.look("a case, with a fault")
    page.get_by_label("Done, or answered").check()
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_text("The case is closed.")).to_be_visible()
    page.goto(f"{portal}operator/cases/{number}")
    inspector.look("a case that is closed")

    assert inspector.faults == []


FYNN, NIKLAS = "37", "38"
OF_BOTH = ("Fynn", "Zimmermann", "Niklas", "Schröder")
HOUSEHOLD = "haushalt@example.net"


@contextmanager
def record_shop(folder: Path) -> Iterator[Company]:
    """With two customers at one address."""
    with open_company("record shop", folder) as company:
        with closing(sqlite3.connect(folder / "shop.sqlite")) as shop, shop:
            shop.execute(
                "UPDATE Customer SET Email = ? WHERE CustomerId IN (?, ?)",
                (HOUSEHOLD, FYNN, NIKLAS),
            )
        yield company


def test_s5_a_couple_at_the_record_shop_goes_by_a_person(
    context: BrowserContext, tmp_path: Path
) -> None:
    with record_shop(tmp_path) as company:
        page = context.new_page()
        books = Books(company, page)

        # Less mail: five screens and one mail, for both, and nobody has to say who she is.
        books.come_in(HOUSEHOLD, Goal.LESS)
        page.get_by_role("link", name="Stop all of it at once").click()
        page.get_by_role("button", name="Stop all advertising").click()
        books.is_done()
        assert books.screens == ["", "signin/code", "me/consents", "me/object", "me/requests"]
        assert books.decisions() == {
            ("newsletter", False, "portal:objection"),
            ("concerts", False, "portal:objection"),
        }

        # See: only a person can tell the two apart.
        page.goto(f"{books.portal}me")
        page.get_by_role("link", name="Show what is mine").click()
        expect(page.get_by_role("heading", name="Which data is yours?")).to_be_visible()
        assert not any(one in page.content() for one in OF_BOTH)
        page.get_by_label("What would you like us to do?").fill("Show me mine.")
        page.get_by_label("Where can we reach you").fill("06 1234 5678")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("Your number")).to_be_visible()
        assert books.changed() == {}
        assert books.events()[-1] == "case_opened"
        assert books.mails() == {HOUSEHOLD: 1}, "all of it cost one mail"
