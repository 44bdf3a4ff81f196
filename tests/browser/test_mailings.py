"""Stop, undo, less and a break in a real browser: in a tab with and without script, and framed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests.browser.test_every_page import Inspector
from tests.demos import Demo, Mailbox, eventually
from tests.witness import Witness

MARIJKE = "marijke.devries@example.org"
HERS = ("1,newsletter", "1,offers", "1,workshops")
Shown = Page | FrameLocator


@pytest.fixture(params=["tab", "without JavaScript", "frame"])
def how(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def context(browser: Browser, how: str) -> Iterator[BrowserContext]:
    options: dict[str, Any] = {"java_script_enabled": how != "without JavaScript"}
    context = browser.new_context(locale="en-GB", **options)
    yield context
    context.close()


def hers(crm: Witness) -> dict[str, Any]:
    """Mailing → is it on, and how often."""
    cells = crm.look()
    return {
        name: cells["subscriptions", row, name.partition(" ")[2] or "active"]
        for row in HERS
        for name in (row, f"{row} every")
        if ("subscriptions", row, name.partition(" ")[2] or "active") in cells
    }


def come_in(demo: Demo, mailbox: Mailbox, page: Page, how: str) -> Shown:
    """To the page with what is sent."""
    shown: Shown = page
    if how == "frame":
        page.goto(f"{demo.address('Website')}en/klantenservice")
        shown = page.frame_locator("iframe")
    else:
        page.goto(f"{demo.address('Portal')}?site=demo&lang=en")
    shown.get_by_label("Get fewer e-mails, or none").check()
    shown.get_by_label("e-mail address").fill(MARIJKE)
    shown.get_by_role("button", name="Send me a code").click()
    shown.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    shown.get_by_role("button", name="Continue").click()
    expect(heading(shown)).to_have_text("What we send you")
    return shown


def heading(shown: Shown) -> Locator:
    return shown.get_by_role("heading", level=1)


def section(shown: Shown, name: str) -> Locator:
    return shown.get_by_role("region", name=name, exact=True)


def my_e_mails(shown: Shown) -> None:
    shown.get_by_role("link", name="My e-mails").click()
    expect(heading(shown)).to_have_text("What we send you")


def test_she_stops_everything_by_one_click_and_puts_it_back_by_one(
    demo: Demo, crm: Witness, mailbox: Mailbox, context: BrowserContext, how: str
) -> None:
    before = hers(crm)
    shown = come_in(demo, mailbox, context.new_page(), how)
    stop_all = shown.get_by_role("button", name="Stop everything")
    stop = section(shown, "Newsletter").get_by_role("button", name="Stop this")
    one, other = stop_all.bounding_box(), stop.bounding_box()
    assert one is not None
    assert other is not None
    assert one["height"] == other["height"]
    stop_all.click()
    eventually(lambda: not any(hers(crm)[row] for row in HERS))
    shown.get_by_role("button", name="Undo").click()
    eventually(lambda: hers(crm) == before)
    assert mailbox.is_empty()
    my_e_mails(shown)
    expect(section(shown, "Newsletter").get_by_text("on", exact=True)).to_be_visible()


def test_she_gets_less_and_takes_a_break_and_reads_her_history(
    demo: Demo, crm: Witness, mailbox: Mailbox, context: BrowserContext, how: str
) -> None:
    before = hers(crm)
    page = context.new_page()
    shown = come_in(demo, mailbox, page, how)
    script = how != "without JavaScript"  # without it axe cannot look
    inspector = Inspector(page, demo.address("Portal"), f"{how}, ")
    newsletter = section(shown, "Newsletter")
    newsletter.get_by_label("How often").select_option("yearly")
    newsletter.get_by_role("button", name="Change how often").click()
    expect(heading(shown)).to_have_text("Is it done?")
    eventually(lambda: hers(crm)["1,newsletter every"] != before["1,newsletter every"])
    my_e_mails(shown)
    expect(section(shown, "Newsletter").get_by_text("It comes: Once a year.")).to_be_visible()

    section(shown, "Newsletter").get_by_label("For how long").select_option("2")
    section(shown, "Newsletter").get_by_role("button", name="Take a break").click()
    expect(shown.get_by_text("This is a break, until")).to_be_visible()
    eventually(lambda: not hers(crm)["1,newsletter"])
    if script:
        expect(shown.get_by_text("Yes, it is done.")).to_be_visible(timeout=30_000)
        inspector.look("a break")
    my_e_mails(shown)
    expect(section(shown, "Newsletter").get_by_text("a break", exact=True)).to_be_visible()
    if script:
        inspector.look("what is sent, with a break")
    shown.get_by_role("link", name="Everything you decided about this, and when").click()
    expect(heading(shown)).to_have_text("What you decided, and when")
    expect(shown.get_by_text("a break, until").first).to_be_visible()
    if script:
        inspector.look("history")
    my_e_mails(shown)
    shown.get_by_role("button", name="Undo").click()
    eventually(lambda: bool(hers(crm)["1,newsletter"]))
    my_e_mails(shown)
    section(shown, "Newsletter").get_by_label("How often").select_option("monthly")
    section(shown, "Newsletter").get_by_role("button", name="Change how often").click()
    eventually(lambda: hers(crm) == before)
    assert inspector.faults == []


@pytest.mark.parametrize("how", ["tab"], indirect=True)
def test_by_a_footer_link_she_takes_a_break_or_gets_less(
    demo: Demo, crm: Witness, context: BrowserContext
) -> None:
    before = hers(crm)
    page = context.new_page()
    inspector = Inspector(page, demo.address("Portal"), "link, ")
    page.goto(demo.footer_link(MARIJKE))
    inspector.look("less, a break or a stop")
    page.get_by_role("button", name="Take a break").click()
    expect(heading(page)).to_have_text("A break")
    inspector.look("a break")
    eventually(lambda: not hers(crm)["1,newsletter"])
    page.get_by_role("button", name="Undo").click()
    expect(heading(page)).to_have_text("Put back")
    eventually(lambda: hers(crm) == before)

    page.goto(demo.footer_link(MARIJKE))
    page.get_by_label("How often").select_option("seasonal")
    page.get_by_role("button", name="Send me less").click()
    expect(heading(page)).to_have_text("Less often")
    inspector.look("less")
    eventually(lambda: hers(crm)["1,newsletter every"] != before["1,newsletter every"])
    demo.colleague("UPDATE subscriptions SET every = 30 WHERE mailing = 'newsletter'")
    assert inspector.faults == []
