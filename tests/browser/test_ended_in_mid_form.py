"""A session that ends while somebody types in the frame: its script keeps what she typed."""

import sqlite3
from contextlib import closing

from playwright.sync_api import BrowserContext, FrameLocator, expect

from tests.demos import PATIENCE, Demo, Mailbox

SUBSCRIBER = "marijke.devries@example.org"


def sign_in(frame: FrameLocator, mailbox: Mailbox) -> None:
    frame.get_by_label("Uw e-mailadres").fill(SUBSCRIBER)
    frame.get_by_role("button", name="Stuur mij een code").click()
    frame.get_by_label("Code uit de e-mail").fill(mailbox.next().code)
    frame.get_by_role("button", name="Verder").click()


def end_every_session(demo: Demo) -> None:
    """As if an hour had gone by."""
    file = demo.folder / "data" / "portal.sqlite"
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as portal, portal:
        portal.execute("UPDATE sessions SET ends_at = opened_at")


def test_in_the_frame_what_was_typed_is_there_after_signing_in_again(
    demo: Demo, mailbox: Mailbox, strict_context: BrowserContext
) -> None:
    page = strict_context.new_page()
    page.goto(f"{demo.address('Website')}nl/klantenservice")
    frame = page.frame_locator("iframe")
    sign_in(frame, mailbox)
    frame.get_by_role("link", name="Verbeter mijn gegevens").click()
    frame.get_by_role("textbox", name="Woonplaats").fill("Zaltbommel")
    end_every_session(demo)
    frame.get_by_role("button", name="Nakijken").click()
    expect(frame.get_by_text("komt terug zodra u bent ingelogd")).to_be_visible()
    frame.get_by_role("link", name="Vraag een nieuwe code").click()

    sign_in(frame, mailbox)

    expect(frame.get_by_text("Wat u typte, staat er weer")).to_be_visible()
    town = frame.get_by_role("textbox", name="Woonplaats")
    expect(town).to_have_value("Zaltbommel")
    frame.get_by_role("button", name="Nakijken").click()
    expect(frame.locator("ins", has_text="Zaltbommel")).to_be_visible()
    frame.get_by_role("link", name="Mijn gegevens").click()
    frame.get_by_role("link", name="Verbeter mijn gegevens").click()
    expect(town).to_have_value("Tiel")
