"""Every page, in a tab and in the frame: usable by everyone, on every screen, and light."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Page, expect

from tests.browser.desk import (
    add_operator,
    correct,
    mend,
    refuse,
    ring_every_bell,
    see_to_all_cases,
)
from tests.demos import Demo, Mailbox

SUBSCRIBER = "marijke.devries@example.org"
PAGE_LIMIT, LOADER_LIMIT = 30_000, 2_000
"""Bytes, compressed, with everything that a page loads."""
PICTURES = os.environ.get("PORTAL_PICTURES")
"""A folder for a picture of every page; `make pictures` sets it."""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCREENS = ((360, 740), (1280, 900))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB")
    yield context
    context.close()


class Inspector:
    """Looks at one page after the other, as it would be seen on small, large, light and dark."""

    def __init__(self, page: Page, portal: str, kind: str) -> None:
        self._kind = kind
        self._portal = portal
        self._page = page
        self.looked_at: set[str] = set()
        self.faults: list[str] = []

    def look(self, name: str) -> None:
        """Judge the page that is shown, and everything that it loaded."""
        self.looked_at.add(name)
        for width, height in SCREENS:
            self._page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self._judge(f"{name} at {width} in the {scheme}")
                if PICTURES:
                    self._take(Path(PICTURES) / f"{self._kind}{name}-{width}-{scheme}.png")
        weighs = sum(self._weigh(frame) for frame in self._page.frames if self._is_ours(frame))
        assert weighs > LOADER_LIMIT, "a page that loads nothing was not seen"
        if weighs > PAGE_LIMIT:
            self.faults.append(f"{name} weighs {weighs}")

    def _take(self, path: Path) -> None:
        """A picture of all of it, as high as a screen: beyond that no frame is painted."""
        high = self._page.evaluate("document.documentElement.scrollHeight")
        size = self._page.viewport_size
        assert size is not None
        self._page.set_viewport_size({"width": size["width"], "height": max(high, size["height"])})
        for frame in self._page.frames:
            frame.evaluate(PAINTED)
        self._page.screenshot(path=path, animations="disabled")
        self._page.set_viewport_size(size)

    def _judge(self, where: str) -> None:
        wide = self._page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        if wide:
            self.faults.append(f"{where}: scrolls sideways")
        for found in Axe().run(self._page).response["violations"]:
            nodes = [node["html"][:160] for node in found["nodes"]]
            self.faults.append(f"{where}: {found['id']}: {nodes}")

    def _is_ours(self, frame: Frame) -> bool:
        return frame.url.startswith(self._portal)

    def _weigh(self, frame: Frame) -> int:
        """Bytes of what stands in the frame and of all that it loaded, compressed."""
        loaded = frame.evaluate(
            """performance.getEntriesByType("resource")
               .filter(one => one.initiatorType !== "fetch").map(one => one.name)"""
        )
        bodies = [self._page.request.get(address).body() for address in set(loaded)]
        return sum(len(gzip.compress(body)) for body in [frame.content().encode(), *bodies])


def test_every_page_in_a_tab_is_accessible_fits_the_screen_and_is_light(
    demo: Demo, mailbox: Mailbox, context: BrowserContext
) -> None:
    page = context.new_page()
    portal = demo.address("Portal")
    inspector = Inspector(page, portal, "")

    page.goto(f"{portal}nowhere")
    inspector.look("not found")
    page.goto(f"{portal}me")
    inspector.look("not signed in")
    page.goto(portal)
    inspector.look("ask")
    page.get_by_role("button", name="Send me a code").click()
    inspector.look("ask, with a fault")
    page.get_by_label("Ask something else").check()
    page.get_by_role("button", name="Send me a code").click()
    inspector.look("question")
    page.get_by_role("link", name="What this page itself keeps").click()
    inspector.look("privacy")

    sign_in(page, portal, mailbox, inspector)
    inspector.look("overview")
    for summary in page.locator("summary").all():
        summary.click()
    inspector.look("overview, with every reason")
    page.goto(f"{portal}me/correct")
    inspector.look("correct")
    phone = page.get_by_role("textbox", name="Phone number")
    phone.fill("none")
    born = page.get_by_role("group", name="Date of birth")
    born.get_by_label("Year").fill("58")
    page.get_by_role("button", name="Check").click()
    inspector.look("correct, with a fault")
    phone.fill("06 44444444")
    born.get_by_label("Year").fill("1949")
    page.get_by_role("textbox", name="Agreed with the driver").fill("With the neighbours at 16")
    page.get_by_role("button", name="Check").click()
    inspector.look("check the answers")
    page.get_by_role("button", name="Yes, save").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible()
    inspector.look("request")
    look_at_conflicts(page, demo, inspector)
    for path in (
        *("about", "correct", "consents", "consents/history", "export", "erase", "requests"),
        *("object", "restrict"),
    ):
        page.goto(f"{portal}me/{path}")
        inspector.look(f"{path.replace('/', ' ')}, before")
    look_at_objections(page, portal, inspector)
    page.goto(f"{portal}me/export")
    page.get_by_role("button", name="Send me the e-mail").click()
    inspector.look("mailed a confirmation")
    page.goto(mailbox.next().link)
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    inspector.look("link")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Make my copy")).to_be_visible()
    inspector.look("export")
    look_at_copies(page, demo, inspector)
    page.goto(f"{portal}me/erase")
    page.get_by_role("button", name="Send me the e-mail").click()
    page.goto(mailbox.next().link)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Delete my data")).to_be_visible()
    inspector.look("erase")
    look_at_later(page, portal, inspector)
    look_at_an_end_in_mid_form(page, portal, inspector)
    page.goto(f"{portal}enter?t=nothing")
    inspector.look("gone")

    assert inspector.faults == []


def look_at_an_end_in_mid_form(page: Page, portal: str, inspector: Inspector) -> None:
    """She signs out in another tab, and goes on typing in this one."""
    page.goto(f"{portal}me/correct")
    page.get_by_role("textbox", name="Town").fill("Zaltbommel")
    other = page.context.new_page()
    other.goto(f"{portal}me")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="What would you like to do?")).to_be_visible()
    other.close()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Please ask for a new code")).to_be_visible()
    inspector.look("signed out in mid-form")


def test_every_page_in_the_frame_is_accessible_fits_the_screen_and_is_light(
    demo: Demo, mailbox: Mailbox, context: BrowserContext
) -> None:
    page = context.new_page()
    inspector = Inspector(page, demo.address("Portal"), "frame, ")
    page.goto(f"{demo.address('Website')}en/klantenservice")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="What would you like to do?")).to_be_visible()
    inspector.look("ask")
    frame.get_by_label("e-mail address").fill(SUBSCRIBER)
    frame.get_by_role("button", name="Send me a code").click()
    expect(frame.get_by_label("Code from the e-mail")).to_be_visible()
    inspector.look("code")
    frame.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    frame.get_by_role("button", name="Continue").click()
    expect(frame.get_by_role("heading", name="What we know about you")).to_be_visible()
    inspector.look("overview")
    frame.get_by_role("link", name="Correct my data").click()
    frame.get_by_role("textbox", name="Phone number").fill("06 55555555")
    demo.colleague("UPDATE contacts SET phone = '020 5555555' WHERE email = ?", SUBSCRIBER)
    frame.get_by_role("button", name="Check").click()
    expect(frame.get_by_role("heading", name="This was changed meanwhile")).to_be_visible()
    inspector.look("conflict")
    for link, heading in (
        ("My e-mails", "What we send you"),
        ("A copy", "First, one more e-mail"),
        ("Delete", "What we delete, and what we must keep"),
        ("My requests", "My requests"),
    ):
        turn_to(frame, link, heading)
        inspector.look(link)

    assert inspector.faults == []


def test_the_frame_takes_the_focus_when_a_page_is_turned_and_not_before(
    demo: Demo, context: BrowserContext
) -> None:
    """Whoever reads the website from its top is not thrown into the middle of it."""
    page = context.new_page()
    page.goto(f"{demo.address('Website')}en/klantenservice")
    frame = page.frame_locator("iframe")
    heading = frame.get_by_role("heading", level=1)
    expect(heading).to_have_text("What would you like to do?")
    assert page.evaluate("document.activeElement.tagName") == "BODY"

    frame.get_by_label("Ask something else").check()
    frame.get_by_role("button", name="Send me a code").click()

    expect(heading).to_have_text("Ask us")
    expect(heading).to_be_focused()
    drawn = heading.evaluate("(h1) => getComputedStyle(h1).boxShadow")
    assert drawn == "none", "a heading is no button"


def test_every_page_of_the_desk_is_accessible_fits_the_screen_and_is_light(
    demo: Demo, mailbox: Mailbox, context: BrowserContext, browser: Browser
) -> None:
    page = context.new_page()
    portal = demo.address("Portal")
    inspector = Inspector(page, portal, "desk, ")
    operator = add_operator(demo, "anna")
    see_to_all_cases(demo)

    page.goto(f"{portal}operator")
    inspector.look("sign in")
    page.get_by_role("button", name="Sign in").click()
    inspector.look("sign in, with a fault")
    operator.sign_in(page, portal)
    inspector.look("calm")
    refuse(demo)
    subscriber = browser.new_context(locale="en-GB")
    correct(subscriber.new_page(), demo, mailbox, "06 33333333")
    subscriber.close()
    expect(page.get_by_role("heading", name="1 thing needs you")).to_be_visible(timeout=30_000)
    inspector.look("a dead letter")
    page.get_by_role("button", name="Pause").click()
    ring_every_bell(demo)
    page.goto(f"{portal}operator?done=paused")
    inspector.look("a bad day")
    page.get_by_role("link", name="Timeline").first.click()
    expect(page.get_by_role("heading", name="Correction: Phone number")).to_be_visible()
    inspector.look("a request that was given up")
    mend(demo)
    page.goto(f"{portal}operator")
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Timeline").first.click()
    page.get_by_role("button", name="Try again").click()
    leg = page.get_by_role("region", name="Our customer file")
    expect(leg.get_by_text("confirmed", exact=True)).to_be_visible(timeout=30_000)
    inspector.look("a request that is done")
    page.goto(f"{portal}operator/mailings")
    inspector.look("what people chose")
    page.goto(f"{portal}operator/requests/nothing")
    inspector.look("not found")

    assert inspector.faults == []


def test_every_page_of_a_footer_link_is_accessible_fits_the_screen_and_is_light(
    demo: Demo, context: BrowserContext
) -> None:
    page = context.new_page()
    inspector = Inspector(page, demo.address("Portal"), "link, ")
    link = demo.footer_link("hendrik.bosman@example.com")

    page.goto(link)
    inspector.look("footer link")
    with demo.nothing_delivered():
        page.get_by_role("button", name="Stop emailing me").click()
        expect(page.get_by_role("heading", name="Stopped", level=1)).to_be_visible()
        inspector.look("stopped, under way")
    expect(page.get_by_text("It is done there.")).to_be_visible()
    inspector.look("stopped")
    undo = page.get_by_role("button", name="Undo")
    token = page.locator("input[name=undo]").input_value()
    undo.click()
    expect(page.get_by_text("It is done there.")).to_be_visible()
    inspector.look("put back")
    page.goto(link)
    page.locator("form").first.evaluate(
        "(form, token) => { form.action = '/u/undo'; "
        "form.append(Object.assign(document.createElement('input'), "
        "{ type: 'hidden', name: 'undo', value: token })); }",
        token,
    )
    page.get_by_role("button", name="Stop emailing me").click()
    expect(page.get_by_role("heading", name="cannot be undone")).to_be_visible()
    inspector.look("undone too late")
    for heading in ("Stopped", "This was off already"):
        page.goto(link)
        page.get_by_role("button", name="Stop emailing me").click()
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    inspector.look("off already")
    page.goto(f"{link}x")
    inspector.look("no link")

    assert inspector.faults == []


def look_at_conflicts(page: Page, demo: Demo, inspector: Inspector) -> None:
    """Somebody changes the same: while she types, and before it is passed on."""
    portal = demo.address("Portal")
    change = "UPDATE contacts SET phone = ?, city = ? WHERE email = ?"
    page.goto(f"{portal}me/correct")
    page.get_by_role("textbox", name="Phone number").fill("06 11111111")
    page.get_by_role("textbox", name="Town").fill("Zaltbommel")
    demo.colleague(change, "020 1111111", "Culemborg", SUBSCRIBER)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="This was changed meanwhile")).to_be_visible()
    inspector.look("conflict")
    page.get_by_role("button", name="Go on").click()
    inspector.look("conflict, with a fault")
    for group in page.get_by_role("group").all():
        group.get_by_label("Use mine").check()
    page.get_by_role("button", name="Go on").click()
    with demo.nothing_delivered():
        page.get_by_role("button", name="Yes, save").click()
        expect(page.get_by_text("We have received it")).to_be_visible()
        inspector.look("request, under way")
        demo.colleague(change, "020 2222222", "Culemborg", SUBSCRIBER)
    expect(page.get_by_text("your choice, please")).to_be_visible()
    inspector.look("request, in conflict")
    page.get_by_role("link", name="Look at it and choose").click()
    inspector.look("choose")
    page.get_by_role("button", name="Yes, save").click()
    inspector.look("choose, with a fault")
    page.get_by_label("Keep what is there now").check()
    page.get_by_role("button", name="Yes, save").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible()
    page.goto(f"{portal}me/requests")
    page.get_by_role("link", name="A correction").nth(1).click()
    expect(page.get_by_text("You chose, and what")).to_be_visible()
    inspector.look("request, chosen")


def look_at_copies(page: Page, demo: Demo, inspector: Inspector) -> None:
    """A copy of everything, one for another service, and one whose day is over."""
    portal = demo.address("Portal")
    page.get_by_role("button", name="Make my copy").click()
    expect(page.get_by_role("heading", name="Your copy is ready")).to_be_visible()
    inspector.look("copy")
    page.get_by_role("link", name="Read and print").click()
    expect(page.get_by_role("heading", name="My data with")).to_be_visible()
    inspector.look("copy, to read")
    page.goto(f"{portal}me/export")
    inspector.look("export, one ready")
    page.get_by_role("button", name="A copy for another service").click()
    for summary in page.locator("summary").all():
        summary.click()
    inspector.look("copy for another service")
    over = page.url
    demo.portal("UPDATE copies SET key_sealed = NULL, content_sealed = NULL")
    page.goto(over)
    expect(page.get_by_role("heading", name="This copy is no more")).to_be_visible()
    inspector.look("copy, over")


def look_at_later(page: Page, portal: str, inspector: Inspector) -> None:
    """Stop now, erase later; and she changes her mind."""
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_role("alert")).to_be_visible()
    inspector.look("erase, with a fault")
    page.get_by_label("In 48 hours").check()
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_text("We stopped everything now.")).to_be_visible()
    inspector.look("request, planned")
    planned = page.url
    page.goto(f"{portal}me/requests")
    inspector.look("requests, one planned")
    page.goto(f"{portal}me/consents")
    inspector.look("consents, while it waits")
    page.goto(planned)
    page.get_by_role("button", name="I changed my mind").click()
    expect(page.get_by_text("On again")).to_be_visible()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible()
    inspector.look("request, keeping")
    page.goto(planned)
    expect(page.get_by_text("You took this back.")).to_be_visible()
    inspector.look("request, taken back")


def look_at_objections(page: Page, portal: str, inspector: Inspector) -> None:
    """She restricts, objects, and takes the restriction back."""
    page.goto(f"{portal}me/restrict")
    page.get_by_role("button", name="Stop using my data").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible()
    inspector.look("request, restricting")
    for path in ("restrict", "consents"):
        page.goto(f"{portal}me/{path}")
        inspector.look(f"{path}, restricted")
    page.get_by_role("link", name="See or change this").click()
    page.get_by_role("button", name="Use my data again").click()
    expect(page.get_by_text("Yes, it is done.")).to_be_visible()
    page.goto(f"{portal}me/object")
    page.get_by_role("button", name="Send my objection").click()
    expect(page.get_by_role("alert")).to_be_visible()
    inspector.look("object, with a fault")
    page.get_by_label("Customer records").check()
    page.get_by_role("button", name="Send my objection").click()
    expect(page.get_by_role("heading", name="With one of us")).to_be_visible()
    inspector.look("request, objecting")


def turn_to(frame: FrameLocator, link: str, heading: str) -> None:
    frame.get_by_role("navigation").get_by_role("link", name=link, exact=True).click()
    expect(frame.get_by_role("heading", name=heading, level=1)).to_be_visible()


def sign_in(page: Page, portal: str, mailbox: Mailbox, inspector: Inspector) -> None:
    page.goto(portal)
    page.get_by_label("e-mail address").fill(SUBSCRIBER)
    page.get_by_role("button", name="Send me a code").click()
    inspector.look("code")
    code = page.get_by_label("Code from the e-mail")
    code.fill("AAAA-AAAA")
    page.get_by_role("button", name="Continue").click()
    inspector.look("code, with a fault")
    code.fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="What we know about you")).to_be_visible()


def test_the_loader_is_small_and_names_no_other_address(
    demo: Demo, context: BrowserContext
) -> None:
    answer = context.request.get(f"{demo.address('Portal')}embed/v1/portal.js")

    assert len(gzip.compress(answer.body())) < LOADER_LIMIT
    assert len(answer.body()) < LOADER_LIMIT
    hosts = {urlsplit(word).netloc for word in answer.text().split('"') if "://" in word}
    assert hosts <= {"privacy.example.org"}, "the example in its comment"
