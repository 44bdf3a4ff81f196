"""An operator's day in a real browser: a dead letter is seen, its cause mended, and it is done."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.desk import add_operator, correct, mend, refuse
from tests.demos import Demo, Mailbox

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def context_of(browser: Browser) -> Iterator[NewContext]:
    """Browsers that know nothing of each other: a subscriber's, an operator's."""
    opened: list[BrowserContext] = []

    def open_context(**options: Any) -> BrowserContext:
        opened.append(browser.new_context(locale="en-GB", **options))
        return opened[-1]

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def refusing(demo: Demo) -> Iterator[Demo]:
    """The demo, with a CRM that takes no correction until it is mended."""
    refuse(demo)
    yield demo
    mend(demo)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_dead_letter_is_seen_replayed_after_the_crm_is_mended_and_confirmed(
    refusing: Demo, mailbox: Mailbox, context_of: NewContext, scripts: bool
) -> None:
    portal, phone = refusing.address("Portal"), "06 5555550" + str(int(scripts))
    subscriber = context_of().new_page()
    request = correct(subscriber, refusing, mailbox, phone)
    expect(subscriber.get_by_text("not done yet")).to_be_visible()

    desk = context_of(java_script_enabled=scripts).new_page()
    add_operator(refusing, f"anna-{int(scripts)}").sign_in(desk, portal)
    expect(desk.get_by_role("heading", name="1 thing needs you")).to_be_visible()
    letter = desk.get_by_role("region", name="Correction → Our customer file")
    expect(letter.get_by_text("The system refused it.")).to_be_visible()
    expect(letter.get_by_text("days left")).to_be_visible()
    assert phone not in desk.content()

    letter.get_by_role("link", name="Timeline").click()
    expect(desk.get_by_role("heading", name="Correction: Phone number")).to_be_visible()
    mend(refusing)
    desk.get_by_role("button", name="Try again").click()
    expect(desk.get_by_text("It is being tried again.")).to_be_visible()
    leg = desk.get_by_role("region", name="Our customer file")
    until_shown(desk, lambda: leg.get_by_text("confirmed", exact=True).is_visible(), scripts)

    desk.get_by_role("link", name="Back to the desk").click()
    expect(desk.get_by_role("heading", name="Nothing needs you")).to_be_visible()
    subscriber.goto(request)
    expect(subscriber.get_by_text("Yes, it is done.")).to_be_visible()
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("heading", name="Sign in at the desk")).to_be_visible()


def until_shown(page: Page, holds: Callable[[], bool], scripts: bool) -> None:
    """With scripts the page looks again by itself; without, a person does."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(200)
        if not scripts:
            page.reload()
    pytest.fail("it was never shown")


def test_the_desk_looks_again_by_itself_and_leaves_the_keyboard_where_it_was(
    refusing: Demo, mailbox: Mailbox, context_of: NewContext
) -> None:
    desk = context_of().new_page()
    desk.clock.install()
    add_operator(refusing, "mo").sign_in(desk, refusing.address("Portal"))
    expect(desk.get_by_role("heading", name="Nothing needs you")).to_be_visible()
    desk.get_by_role("button", name="Pause").focus()
    correct(context_of().new_page(), refusing, mailbox, "06 55555509")

    for _ in range(20):
        desk.clock.fast_forward(11_000)
        desk.wait_for_timeout(100)
        if desk.get_by_role("heading", name="1 thing needs you").is_visible():
            break

    expect(desk.get_by_role("heading", name="1 thing needs you")).to_be_visible()
    expect(desk.get_by_role("button", name="Pause")).to_be_focused()
    mend(refusing)
    desk.get_by_role("button", name="Try again").click()
    expect(desk.get_by_role("link", name="See how it goes")).to_be_visible()


def test_a_system_is_paused_and_resumed_by_keyboard_alone(
    demo: Demo, context_of: NewContext
) -> None:
    desk = context_of().new_page()
    add_operator(demo, "kim").sign_in(desk, demo.address("Portal"))
    press(desk, "Pause")
    expect(desk.get_by_role("heading", name="“Our customer file” is paused")).to_be_visible()

    press(desk, "Resume")

    expect(desk.get_by_text("It goes on: what waited is being delivered now.")).to_be_visible()
    expect(desk.get_by_role("heading", name="Nothing needs you")).to_be_visible()


def press(page: Page, name: str) -> None:
    """Walk to a button with the Tab key and press it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the keyboard never came to {name}")


def test_when_the_session_is_over_the_page_shows_nothing_of_the_desk_any_more(
    demo: Demo, context_of: NewContext
) -> None:
    context = context_of()
    desk = context.new_page()
    desk.clock.install()
    add_operator(demo, "jo").sign_in(desk, demo.address("Portal"))
    other = context.new_page()
    other.goto(f"{demo.address('Portal')}operator")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in at the desk")).to_be_visible()

    desk.clock.fast_forward(11_000)

    expect(desk.get_by_role("heading", name="Sign in at the desk")).to_be_visible()
