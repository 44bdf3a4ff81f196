"""N5 in a browser: with nothing but HTML in a tab, and with nothing stored in the frame."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.demos import Demo, Mailbox
from tests.witness import Witness

SUBSCRIBER = "marijke.devries@example.org"
Where = Page | FrameLocator


@pytest.fixture
def without_javascript(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    yield context
    context.close()


def sign_in(where: Where, mailbox: Mailbox) -> None:
    where.get_by_label("Uw e-mailadres").fill(SUBSCRIBER)
    where.get_by_role("button", name="Stuur mij een code").click()
    where.get_by_label("Code uit de e-mail").fill(mailbox.next().code)
    where.get_by_role("button", name="Verder").click()
    expect(where.get_by_role("heading", name="Dit weten wij van u")).to_be_visible()


def her_phone(crm: Witness) -> Any:
    cells = crm.look()
    key = next(key for (_, key, _), value in cells.items() if value == SUBSCRIBER)
    return cells["contacts", key, "phone"]


def colleague(demo: Demo, phone: str) -> None:
    demo.colleague("UPDATE contacts SET phone = ? WHERE email = ?", phone, SUBSCRIBER)


def walk_through_both_conflicts(
    where: Where, demo: Demo, crm: Witness, look_again: Callable[[str], None]
) -> None:
    # While she types, somebody changes the same: she keeps hers.
    where.get_by_role("link", name="Verbeter mijn gegevens").click()
    where.get_by_role("textbox", name="Telefoonnummer").fill("06 20000001")
    colleague(demo, "020 2000001")
    where.get_by_role("button", name="Nakijken").click()
    expect(where.get_by_role("heading", name="Dit is intussen veranderd")).to_be_visible()
    expect(where.get_by_text("020 2000001", exact=True)).to_be_visible()
    expect(where.get_by_text("06 20000001", exact=True)).to_be_visible()
    assert her_phone(crm) == "020 2000001", "nothing is overwritten"
    where.get_by_label("Neem het mijne").check()
    where.get_by_role("button", name="Ga verder").click()
    where.get_by_role("button", name="Ja, sla op").click()
    look_again("Ja, het is gelukt.")
    assert her_phone(crm) == "06 20000001"

    # Before it is passed on, somebody changes the same: she leaves it so.
    where.get_by_role("link", name="Mijn gegevens").click()
    where.get_by_role("link", name="Verbeter mijn gegevens").click()
    where.get_by_role("textbox", name="Telefoonnummer").fill("06 20000002")
    where.get_by_role("button", name="Nakijken").click()
    with demo.nothing_delivered():
        where.get_by_role("button", name="Ja, sla op").click()
        expect(where.get_by_text("ontvangen", exact=True)).to_be_visible()
        colleague(demo, "020 2000002")
    look_again("aan u de keus")
    where.get_by_role("link", name="Bekijk het en kies").click()
    where.get_by_label("Laat staan wat er nu staat").check()
    where.get_by_role("button", name="Ja, sla op").click()
    expect(where.get_by_text("U koos ervoor dat zo te laten")).to_be_visible()
    assert her_phone(crm) == "020 2000002"


def test_n5_without_javascript_she_sees_both_and_chooses(
    demo: Demo, mailbox: Mailbox, crm: Witness, without_javascript: BrowserContext
) -> None:
    page = without_javascript.new_page()
    page.goto(demo.address("Portal"))
    sign_in(page, mailbox)

    def look_again(words: str) -> None:
        for _ in range(100):
            if page.get_by_text(words).is_visible():
                return
            page.get_by_role("link", name="Kijk opnieuw").click()
            page.wait_for_timeout(50)
        raise AssertionError(f"it never said: {words}")

    walk_through_both_conflicts(page, demo, crm, look_again)


def test_n5_in_the_frame_without_cookies_or_storage_she_sees_both_and_chooses(
    demo: Demo, mailbox: Mailbox, crm: Witness, strict_context: BrowserContext
) -> None:
    page = strict_context.new_page()
    page.goto(f"{demo.address('Website')}nl/klantenservice")
    frame = page.frame_locator("iframe")
    sign_in(frame, mailbox)

    walk_through_both_conflicts(
        frame, demo, crm, lambda words: expect(frame.get_by_text(words)).to_be_visible()
    )
