"""The browser fixture drives the system's Chromium."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def test_chromium_shows_a_page_in_english_and_axe_can_judge_it(page: Page) -> None:
    page.set_content(
        "<!doctype html><html lang=en><title>Hello</title><main><h1>Hello</h1><img src=x></main>"
    )

    assert page.get_by_role("heading", name="Hello").is_visible()
    assert page.evaluate("navigator.language") == "en-GB"
    assert [found["id"] for found in Axe().run(page).response["violations"]] == ["image-alt"]
