"""A change of address in real browsers, with two mailboxes, in Dutch; and every page of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_every_page import Inspector
from tests.demos import Demo, Mailbox, eventually
from tests.witness import Witness, changes

MARIJKE, NEW = "marijke.devries@example.org", "marijke.nieuw@example.net"
EMAIL = ("contacts", "1", "email")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="nl-NL")
    yield context
    context.close()


def test_n6_a_change_in_five_mails_and_what_takes_it_back(
    demo: Demo, mailbox: Mailbox, crm: Witness, context: BrowserContext, browser: Browser
) -> None:
    page = context.new_page()
    portal = demo.address("Portal")
    inspector = Inspector(page, portal, "address, ")
    before = crm.look()

    # One mail proves the old mailbox for just this; another proves the new one.
    page.goto(f"{portal}?goal=address&lang=nl")
    page.get_by_label("Uw e-mailadres").fill(MARIJKE)
    page.get_by_role("button", name="Stuur mij een code").click()
    first = mailbox.next()
    assert (first.to, first.subject) == (MARIJKE, "Uw code om uw e-mailadres te wijzigen")
    page.get_by_label("Code uit de e-mail").fill(first.code)
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", name="Uw e-mailadres wijzigen")).to_be_visible()
    inspector.look("ask")
    page.get_by_label("Uw nieuwe e-mailadres").fill(MARIJKE)
    page.get_by_role("button", name="Stuur een code naar").click()
    inspector.look("ask, with a fault")
    page.get_by_label("Uw nieuwe e-mailadres").fill(NEW)
    page.get_by_role("button", name="Stuur een code naar").click()
    expect(page.get_by_role("heading", name="Vul de code uit de nieuwe")).to_be_visible()
    inspector.look("code")
    page.reload()
    second = mailbox.next()
    assert second.to == NEW
    page.get_by_label("Code uit de e-mail").fill(second.code)
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", name="Het nieuwe e-mailadres is van u")).to_be_visible()
    inspector.look("proven")
    page.goto(f"{portal}me/address")
    inspector.look("pending")

    # The old mailbox is opened elsewhere, says yes, and it is done.
    third = mailbox.next()
    assert third.to == MARIJKE
    assert crm.look() == before
    elsewhere = browser.new_context(locale="nl-NL")
    try:
        says(elsewhere.new_page(), portal, third.link, "Ja, dat was ik", inspector)
        told = {mail.to: mail for mail in (mailbox.next(), mailbox.next())}
        assert set(told) == {MARIJKE, NEW}
        eventually(lambda: EMAIL in changes(before, crm.look()))
        changed = changes(before, crm.look())
        assert changed[EMAIL] == (MARIJKE, NEW)
        assert set(changed) <= {
            EMAIL,
            ("contacts", "1", "version"),
            ("contacts", "1", "updated_at"),
        }
        answer = page.goto(f"{portal}me")
        assert answer is not None
        assert answer.status == 401, "she is signed out"

        # And within two weeks the old mailbox takes it back.
        says(elsewhere.new_page(), portal, told[MARIJKE].link, "Zet mijn oude", inspector)
        assert {mailbox.next().to, mailbox.next().to} == {MARIJKE, NEW}
        eventually(lambda: EMAIL not in changes(before, crm.look()))
        assert mailbox.is_empty()
    finally:
        elsewhere.close()
    assert inspector.faults == []


def says(page: Page, portal: str, link: str, answer: str, inspector: Inspector) -> None:
    """Open the link of a mail to the old mailbox, look at the page, and choose."""
    look = Inspector(page, portal, "address, ")
    page.goto(link)
    expect(page.get_by_role("button", name="Verder")).to_be_visible()
    assert "#" not in page.url, "the secret is out of the address"
    look.look(answer)
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look.look(f"{answer}, with a fault")
    page.get_by_label(answer).check()
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    look.look(f"{answer}, said")
    inspector.faults += look.faults
