"""A footer link in a real browser: one click, with and without JavaScript, on a narrow screen."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demos import Demo, Mailbox, eventually
from tests.witness import Witness

HENDRIK = "hendrik.bosman@example.com"
MARIJKE = "marijke.devries@example.org"
HERS = "1,newsletter"
NARROW = {"width": 320, "height": 640}


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    options: dict[str, Any] = {"java_script_enabled": request.param, "viewport": NARROW}
    context = browser.new_context(locale="nl-NL", **options)
    yield context.new_page()
    context.close()


def newsletters(crm: Witness) -> dict[str, bool]:
    """Row of the CRM → is the newsletter on?"""
    cells = crm.look()
    return {
        key: bool(cells["subscriptions", key, "active"])
        for (table, key, name), value in cells.items()
        if (table, name, value) == ("subscriptions", "mailing", "newsletter")
    }


def test_one_click_stops_another_puts_back_and_a_code_is_needed_for_more(
    demo: Demo, crm: Witness, mailbox: Mailbox, page: Page
) -> None:
    before = newsletters(crm)
    page.goto(demo.footer_link(MARIJKE))
    stop, see = (
        page.get_by_role("button", name="Stop met mailen"),
        page.get_by_text("Bekijk al mijn gegevens"),
    )
    box, other = stop.bounding_box(), see.bounding_box()
    assert box is not None
    assert other is not None
    assert (box["width"], box["height"]) == (other["width"], other["height"])
    assert max(box["x"] + box["width"], other["x"] + other["width"]) <= NARROW["width"]

    stop.click()
    expect(page.get_by_role("heading", name="Gestopt", level=1)).to_be_visible()
    eventually(lambda: newsletters(crm) == {**before, HERS: False})
    page.get_by_role("button", name="Zet terug").click()
    expect(page.get_by_role("heading", name="Teruggezet", level=1)).to_be_visible()
    eventually(lambda: newsletters(crm) == before)

    page.goto(demo.footer_link(MARIJKE))
    page.get_by_role("button", name="Bekijk al mijn gegevens").click()
    page.get_by_label("Code uit de e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dit weten wij van u")


@pytest.mark.parametrize("page", [True], indirect=True)
def test_the_page_follows_how_far_it_is_and_the_way_back_stays(demo: Demo, page: Page) -> None:
    page.goto(demo.footer_link(HENDRIK))
    with demo.nothing_delivered():
        page.get_by_role("button", name="Stop met mailen").click()
        expect(page.locator("#progress .tag")).to_have_text("ontvangen")

    expect(page.locator("#progress .tag")).to_have_text("gelukt")
    page.get_by_role("button", name="Zet terug").click()
    expect(page.locator("#progress .tag")).to_have_text("gelukt")


@pytest.mark.parametrize("page", [True], indirect=True)
def test_a_double_click_is_one_click_and_can_be_undone(demo: Demo, page: Page) -> None:
    page.goto(demo.footer_link(HENDRIK))
    page.get_by_role("button", name="Stop met mailen").dblclick()

    expect(page.get_by_role("heading", name="Gestopt", level=1)).to_be_visible()
    page.get_by_role("button", name="Zet terug").click()
    expect(page.get_by_role("heading", name="Teruggezet", level=1)).to_be_visible()
