"""The page of a request follows by itself: she looks, and clicks on nothing."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.demos import Demo, Mailbox

SUBSCRIBER = "marijke.devries@example.org"
LISTEN = """() => {
    window.heard = [];
    new MutationObserver((changes) => {
        for (const change of changes)
            for (const node of change.addedNodes)
                if (node.nodeType === 1) window.heard.push(node.innerText.replace(/\\s+/g, " "));
    }).observe(document.querySelector("[aria-live]"), { childList: true, subtree: true });
}"""
"""What a screen reader would read out: whatever is put into the live region."""
COUNT = """performance.getEntriesByType("resource")
    .filter((one) => one.initiatorType === "fetch").length"""
WORKED_ON = ("received", "passed on", "done and checked")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB")
    yield context
    context.close()


def sign_in(where: Page | FrameLocator, mailbox: Mailbox) -> None:
    where.get_by_label("e-mail address").fill(SUBSCRIBER)
    where.get_by_role("button", name="Send me a code").click()
    where.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    where.get_by_role("button", name="Continue").click()


def correct(where: Page | FrameLocator, phone: str) -> None:
    where.get_by_role("link", name="Correct my data").click()
    where.get_by_role("textbox", name="Phone number").fill(phone)
    where.get_by_role("button", name="Check").click()
    where.get_by_role("button", name="Yes, save").click()


@pytest.mark.parametrize("framed", [False, True], ids=["in a tab", "in the frame"])
def test_she_sees_received_passed_on_and_confirmed_and_hears_each_once(
    demo: Demo, mailbox: Mailbox, context: BrowserContext, framed: bool
) -> None:
    page = context.new_page()
    page.goto(demo.address("Website") + "en/klantenservice" if framed else demo.address("Portal"))
    where = page.frame_locator("iframe") if framed else page
    sign_in(where, mailbox)
    tag = where.locator("#progress .tag")

    with ExitStack() as slow:
        with demo.nothing_delivered():
            correct(where, "06 1234 0001" if framed else "06 1234 0002")
            expect(tag).to_have_text("received")
            frame = next(one for one in page.frames if one.url.startswith(demo.address("Portal")))
            frame.evaluate(LISTEN)
            slow.enter_context(demo.crm_is_slow())
        expect(tag).to_have_text("passed on")
    expect(tag).to_have_text("done and checked")

    expect(where.get_by_text("Yes, it is done.")).to_be_visible()
    heard: list[str] = frame.evaluate("window.heard")
    assert [sum(word in one for one in heard) for word in WORKED_ON[1:]] == [1, 1], heard
    assert len(heard) == 3, heard
    asked: int = frame.evaluate(COUNT)
    page.wait_for_timeout(1500)
    assert frame.evaluate(COUNT) == asked, "what is final is looked at no more"


def test_what_takes_long_is_looked_at_every_five_seconds(
    demo: Demo, mailbox: Mailbox, context: BrowserContext
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(demo.address("Portal"))
    sign_in(page, mailbox)
    with demo.nothing_delivered():
        correct(page, "06 1234 0003")
        asked: list[str] = []
        answered: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url))
        page.on("requestfinished", lambda sent: answered.append(sent.url))

        def looked(seconds: float, step: float) -> int:
            """How often in these seconds; after each step the answer is waited for."""
            before = len(asked)
            for _ in range(round(seconds / step)):
                page.clock.run_for(round(step * 1000))
                page.wait_for_timeout(10)
                while len(answered) < len(asked):
                    page.wait_for_timeout(10)
            return len(asked) - before

        assert looked(3, step=0.1) >= 5, "soon at first"
        looked(60, step=1)
        assert 10 <= looked(60, step=1) <= 13, "every five seconds after a while"
        expect(page.get_by_role("link", name="Look again")).to_be_visible()
