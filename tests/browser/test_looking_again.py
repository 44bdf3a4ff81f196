"""The page of a request looks again by itself: told to whoever listens, and counted as nobody."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route

SCRIPT = Path(__file__).parents[2] / "portal" / "static" / "portal.js"
ADDRESS = "https://privacy.example.org/me/requests/1"
PAGE = (
    '<!doctype html><title>Is it done?</title><main><div id="progress" aria-live="polite" {}>'
    '<p>{}</p></div></main><script src="/static/portal.js"></script>'
)
SIGNED_OUT = "<!doctype html><title>x</title><main><h1>Please ask for a new code</h1></main>"
WAITING, DONE = PAGE.format('data-poll="0.05"', "received"), PAGE.format("", "done")


class Portal:
    """Answers with one page after the other; the last stays."""

    def __init__(self, page: Page, *answers: str) -> None:
        self.page = page
        self.answers = list(answers)
        self.polls: list[str | None] = []
        page.route("**/*", self._serve)
        page.goto(ADDRESS)

    def _serve(self, route: Route) -> None:
        if route.request.url != ADDRESS:
            route.fulfill(content_type="text/javascript", body=SCRIPT.read_text("utf-8"))
            return
        self.polls.append(route.request.headers.get("portal-poll"))
        body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        route.fulfill(content_type="text/html", body=body)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_what_changed_is_told_within_the_element_that_is_listened_to(page: Page) -> None:
    """A screen reader tells what changes in an element that it knows, not that one was replaced."""
    portal = Portal(page, WAITING, WAITING, DONE)
    page.evaluate("window.known = document.getElementById('progress')")

    page.get_by_text("done").wait_for()
    assert page.evaluate("known.isConnected && known.textContent === 'done'")
    seen = len(portal.polls)
    page.wait_for_timeout(300)
    assert len(portal.polls) == seen == 3, "when it is done nobody looks any more"


def test_looking_says_that_nobody_is_at_work(page: Page) -> None:
    portal = Portal(page, WAITING, DONE)
    page.get_by_text("done").wait_for()

    assert portal.polls == [None, "1"]


def test_after_the_session_has_ended_nobody_looks_any_more_and_the_page_stays(page: Page) -> None:
    portal = Portal(page, WAITING, SIGNED_OUT)
    page.wait_for_timeout(400)

    assert len(portal.polls) == 2
    assert page.get_by_text("received").is_visible()
