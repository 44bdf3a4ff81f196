"""From the newsletter to her copy: one mail, few screens; on paper as on the screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.test_every_page import PICTURES
from tests.demos import Demo, Mailbox

MARIJKE = "marijke.devries@example.org"
TABLET: ViewportSize = {"width": 820, "height": 1180}
A4: ViewportSize = {"width": 794, "height": 1123}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tablet with JavaScript off."""
    context = browser.new_context(
        java_script_enabled=False, locale="en-GB", viewport=TABLET, has_touch=True
    )
    yield context.new_page()
    context.close()


def test_from_the_newsletter_to_the_copy_takes_one_mail_and_at_most_six_screens(
    demo: Demo, mailbox: Mailbox, page: Page
) -> None:
    screens: list[str] = []
    page.on("domcontentloaded", lambda shown: screens.append(shown.url))

    page.goto(demo.footer_link(MARIJKE))
    page.get_by_role("button", name="Get a copy of my data").click()
    page.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make my copy").click()
    page.get_by_role("link", name="Read and print").click()

    expect(page.get_by_role("heading", name="My data with")).to_be_visible()
    expect(page.get_by_text("Marijke", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Who receives your data")).to_be_visible()
    assert len(screens) <= 6, screens
    assert mailbox.is_empty()
    look_at_it_on_paper(page)


def look_at_it_on_paper(page: Page) -> None:
    """Print shows all of it, what was folded up too, and nothing that is only for a screen."""
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    for gone in ("Sign out", "Back to the files", "To print:", "Skip to the content"):
        expect(page.get_by_text(gone, exact=False).first).to_be_hidden()
    expect(page.get_by_text("Otherwise for some of it").first).to_be_visible()
    assert page.locator("details").count() == 0, "on paper nothing can be unfolded"
    expect(page.get_by_text("Postbus 93374")).to_be_visible()
    wide = page.locator("main").evaluate("(main) => main.scrollWidth > main.clientWidth")
    assert not wide, "nothing is cut off at the edge of the paper"
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "copy, printed.png", full_page=True)
        page.pdf(path=Path(PICTURES) / "copy, printed.pdf", format="A4")
    page.emulate_media(media="screen")


def test_a_page_that_folds_its_reasons_unfolds_them_on_paper(
    demo: Demo, mailbox: Mailbox, page: Page
) -> None:
    page.goto(f"{demo.address('Portal')}?lang=en")
    page.get_by_label("e-mail address").fill(MARIJKE)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    reason = page.locator(".because").first
    expect(reason).to_be_hidden()

    page.emulate_media(media="print")

    expect(reason).to_be_visible()
    expect(page.locator("summary").first).to_be_hidden()


def test_every_form_of_a_copy_is_saved_by_a_button(
    demo: Demo, mailbox: Mailbox, page: Page
) -> None:
    page.goto(f"{demo.address('Portal')}?lang=en&goal=copy")
    page.get_by_label("e-mail address").fill(MARIJKE)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code from the e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make my copy").click()

    for button, end in (("vCard", "vcf"), ("CSV", "csv"), ("JSON", "json"), ("ZIP", "zip")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename.endswith(f".{end}")
        assert Path(download.value.path()).stat().st_size > 100
