"""Arriving from the company's website, in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from tests.handovers import Website, handing_over
from tests.portals import MARIJKE, ORIGIN, Office, StartOffice

pytestmark = pytest.mark.slow


@contextmanager
def served(office: Office) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, office.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_one_button_and_she_sees_more_than_a_mailbox_opens(
    start_office: StartOffice, browser: Browser
) -> None:
    office = handing_over(start_office)
    link = Website(office).link(locale="en")
    context = browser.new_context(viewport={"width": 320, "height": 640})
    with served(office) as address:
        page = context.new_page()
        page.goto(link.replace(ORIGIN, address))
        expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        expect(page.get_by_role("heading", name="Go on with a code")).to_be_hidden()
        assert not Axe().run(page).response["violations"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_text(MARIJKE).first).to_be_visible()

        page.goto(link.replace(ORIGIN, address))  # once more
        expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
        assert not Axe().run(page).response["violations"]
    context.close()


def test_without_javascript_she_is_offered_a_code(
    start_office: StartOffice, browser: Browser
) -> None:
    office = handing_over(start_office)
    link = Website(office).link(locale="en", goal="erase")
    context = browser.new_context(java_script_enabled=False)
    with served(office) as address:
        page = context.new_page()
        page.goto(link.replace(ORIGIN, address))
        expect(page.get_by_role("heading", name="Go on with a code")).to_be_visible()
        page.get_by_role("link", name="Ask for a code").click()
        expect(page.get_by_role("radio", name="Have my data deleted")).to_be_checked()
    context.close()
