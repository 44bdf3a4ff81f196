"""The whole story in a tab of its own with JavaScript off, on the demo and on three databases."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, make_url

from examples.chinook.load import copy
from tests.demos import Demo, Mailbox, running_demo
from tests.servers.databases import DatabaseKind, FreshDatabase
from tests.witness import Witness, changes, columns

ROOT = Path(__file__).parents[2]
CHINOOK = ROOT / "tests" / "data" / "chinook.sqlite"
ASTRID, HER_KEY = "astrid.gruber@apple.at", "7"
HER_INVOICES = 7
DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.server),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_customer_of_a_record_shop_looks_after_her_data(
    kind: DatabaseKind, fresh_database: FreshDatabase, tmp_path: Path, page: Page
) -> None:
    url = fresh_database(kind)
    load_chinook(url)
    with serving(url, tmp_path) as demo:
        crm, mailbox = Witness(url), Mailbox(demo)
        try:
            walk_through_the_shop(page, demo, mailbox, crm)
        finally:
            crm.close()


def walk_through_the_shop(page: Page, demo: Demo, mailbox: Mailbox, crm: Witness) -> None:
    before = crm.look()
    portal = demo.address("Portal")

    # She asks on the page, and types the code there.
    page.goto(f"{portal}?lang=en")
    page.get_by_label("Your email address").or_(page.get_by_label("e-mail address")).fill(ASTRID)
    page.get_by_role("button", name="Send me a code").click()
    mail = mailbox.next()
    assert (mail.to, mail.subject) == (ASTRID, "Your code to see your data")
    page.get_by_label("Code from the e-mail").fill(mail.code)
    page.get_by_role("button", name="Continue").click()

    # Everything is there; of what needs more than a mailbox there is the name only.
    expect(page.get_by_role("heading", name="What we know about you")).to_be_visible()
    for shown in ("Astrid", "Gruber", "Rotenturmstraße 4, 1010 Innere Stadt", "+43 01 5134505"):
        expect(page.get_by_text(shown, exact=True)).to_be_visible()
    expect(page.get_by_text("this needs more than an e-mail address")).to_have_count(2)
    assert "Theodor-Heuss" not in page.content(), "another customer's address"
    assert crm.look() == before, "looking changes nothing"

    # A correction goes to that one column.
    page.get_by_role("link", name="Correct my data").click()
    page.get_by_role("textbox", name="Phone number").fill("+43 1 513 45 06")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Yes, save").click()
    wait_for_yes(page)
    corrected = crm.look()
    assert changes(before, corrected) == {
        ("Customer", HER_KEY, "Phone"): ("+43 01 5134505", "+43 1 5134506")
    }

    # The shop's database has no place for consents: the portal's own record is the truth.
    page.get_by_role("link", name="My e-mails").click()
    newsletter = page.locator("section", has_text="Newsletter")
    for button, standing in (("Yes, I want this (again)", "on"), ("Stop this", "off")):
        newsletter.get_by_role("button", name=button).click()
        wait_for_yes(page)
        page.get_by_role("link", name="My e-mails").click()
        expect(newsletter.get_by_text(standing, exact=True)).to_be_visible()
    assert crm.look() == corrected, "what has no place there is not put there"
    assert "you want this" in mailbox.next().text, "a yes is confirmed, a no is not"

    # A copy takes one more mail, whose code goes in where its link leads.
    page.get_by_role("link", name="A copy").click()
    page.get_by_role("button", name="Send me the e-mail").click()
    confirm(page, mailbox)
    page.get_by_role("button", name="Make my copy").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything in one (ZIP)").click()
    assert_is_her_copy(download.value.path())

    # The review says what goes and what the law keeps, and then it is so.
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Send me the e-mail").click()
    confirm(page, mailbox)
    expect(page.get_by_text(f"Your invoices ({HER_INVOICES}): kept until")).to_be_visible()
    expect(page.get_by_text("Art. 17(3)(b) GDPR")).to_have_count(2)
    assert crm.look() == corrected, "the review changes nothing"
    page.get_by_label("Delete now").check()
    page.get_by_role("button", name="Delete my data").click()
    wait_for_yes(page)
    expect(page.get_by_text("kept until 31 December 2032")).to_be_visible()
    assert_only_she_is_anonymised(changes(corrected, crm.look()))
    assert mailbox.is_empty(), "three mails for three deeds"

    # She is signed out of what no longer is hers, and the ledger still holds together.
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="What would you like to do?")).to_be_visible()


def wait_for_yes(page: Page) -> None:
    """Without JavaScript a person looks again by the link on the page."""
    done, again = page.get_by_text("Yes, it is done."), page.get_by_role("link", name="Look again")
    for _ in range(100):
        expect(done.or_(again)).to_be_visible()
        if done.is_visible():
            return
        again.click()
        page.wait_for_timeout(50)
    raise AssertionError("it was never done")


def confirm(page: Page, mailbox: Mailbox) -> None:
    """Open the mail's link; without JavaScript its code is what goes on."""
    mail = mailbox.next()
    page.goto(mail.link)
    page.get_by_label("Code from the e-mail").fill(mail.code)
    page.get_by_role("button", name="Continue").click()


def assert_is_her_copy(path: Path) -> None:
    with zipfile.ZipFile(path) as copied:
        texts = {name: copied.read(name).decode("utf-8-sig") for name in copied.namelist()}
    data = next(text for name, text in texts.items() if name.endswith(".json"))
    page = next(text for name, text in texts.items() if name.endswith(".html"))
    assert json.loads(data)
    for text in (data, page):
        assert "Astrid" in text
        assert "+4315134506" in text.replace(" ", "")
        assert "Köhler" not in text


def assert_only_she_is_anonymised(
    changed: dict[tuple[str, str, str], tuple[object, object]],
) -> None:
    """Column by column; invoices, their lines and everybody else stay as they were."""
    assert {(table, key) for table, key, _ in changed} == {("Customer", HER_KEY)}
    assert {column: new for (_, _, column), (_, new) in changed.items()} == {
        "FirstName": "Gewist",
        "LastName": "",  # this column takes no NULL
        "Email": "",
        "Address": None,
        "City": None,
        "Country": None,
        "PostalCode": None,
        "Phone": None,
        "SupportRepId": None,
    }
    assert columns(changed).keys() == {"Customer"}


def load_chinook(url: str) -> None:
    source, target = create_engine(f"sqlite:///{CHINOOK}"), create_engine(make_url(url))
    copy(source, target)
    source.dispose()
    target.dispose()


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Demo]:
    """The shop's own settings, on this database."""
    options = ("--port", "0", "--site-port", "0", "--config", str(ROOT / "examples" / "chinook"))
    with running_demo(*options, "--crm-url", url, folder=folder) as demo:
        yield demo
