"""She objects to all advertising, and has her data kept and not used; narrow, and by keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.demos import Demo, Mailbox

SUBSCRIBER = "marijke.devries@example.org"


NARROW: ViewportSize = {"width": 320, "height": 700}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", viewport=NARROW)
    yield context
    context.close()


@pytest.fixture
def without_javascript(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", viewport=NARROW, java_script_enabled=False)
    yield context
    context.close()


def sign_in(page: Page, demo: Demo, mailbox: Mailbox) -> str:
    portal = demo.address("Portal")
    page.goto(portal)
    page.get_by_label("e-mail address").fill(SUBSCRIBER)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="What we know about you")).to_be_visible()
    return portal


def settled(page: Page) -> None:
    """Without JavaScript a page follows only who looks again."""
    done = page.get_by_text("Yes, it is done.")
    for _ in range(20):
        if done.is_visible():
            return
        page.wait_for_timeout(250)
        page.goto(page.url)
    expect(done).to_be_visible()


def test_she_restricts_and_takes_it_back(
    demo: Demo, mailbox: Mailbox, context: BrowserContext
) -> None:
    page = context.new_page()
    portal = sign_in(page, demo, mailbox)
    page.get_by_role("link", name="Keep my data, but do not use it").click()
    stop = page.get_by_role("button", name="Stop using my data")
    stop.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/requests/**")
    settled(page)
    marked = "SELECT restricted FROM contacts WHERE email = ?"
    assert demo.crm(marked, SUBSCRIBER) == [(1,)]
    page.goto(f"{portal}me")
    expect(page.get_by_text("We keep your data, and do not use it")).to_be_visible()
    page.get_by_role("link", name="See or change this").click()
    page.get_by_role("button", name="Use my data again").click()
    page.wait_for_url("**/me/requests/**")
    settled(page)
    assert demo.crm(marked, SUBSCRIBER) == [(0,)]


def test_she_stops_all_advertising_and_objects_to_something_else(
    demo: Demo, mailbox: Mailbox, without_javascript: BrowserContext
) -> None:
    page = without_javascript.new_page()
    portal = sign_in(page, demo, mailbox)
    page.goto(f"{portal}me/consents")
    page.get_by_role("link", name="Stop all of it at once").click()
    page.get_by_role("button", name="Stop all advertising").click()
    page.wait_for_url("**/me/requests/**")
    settled(page)
    on = (
        "SELECT count(*) FROM subscriptions JOIN contacts ON contacts.id = contact_id "
        "WHERE email = ? AND active"
    )
    assert demo.crm(on, SUBSCRIBER) == [(0,)]
    expect(page.get_by_role("heading", name="This goes on")).to_be_visible()

    page.goto(f"{portal}me/object")
    page.get_by_label("Why?").fill("It is nobody's business.")
    page.get_by_role("button", name="Send my objection").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Why?")).to_have_value("It is nobody's business.")
    page.get_by_label("Customer records").check()
    page.get_by_label("do not use it until then").check()
    page.get_by_role("button", name="Send my objection").click()
    expect(page.get_by_role("heading", name="With one of us")).to_be_visible()
