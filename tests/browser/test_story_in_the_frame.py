"""The whole story in the frame on the company's website, with nothing but JavaScript to go by."""

import io
import json
import zipfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.demos import Demo, Mailbox
from tests.witness import Look, Witness, changes, columns

SUBSCRIBER = "marijke.devries@example.org"


def test_she_sees_corrects_stops_copies_and_erases_without_cookies_or_storage(
    demo: Demo, mailbox: Mailbox, crm: Witness, strict_context: BrowserContext
) -> None:
    page = strict_context.new_page()
    complaints = listen_for_complaints(strict_context)
    page.goto(f"{demo.address('Website')}nl/klantenservice")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Wat wilt u doen?")).to_be_visible()
    assert_nothing_can_be_stored(page, demo)

    # She asks, and one mail brings one code.
    frame.get_by_label("Uw e-mailadres").fill(SUBSCRIBER.upper())
    frame.get_by_role("button", name="Stuur mij een code").click()
    mail = mailbox.next()
    assert mail.to == SUBSCRIBER, "mail goes to the address as the CRM has it"
    frame.get_by_label("Code uit de e-mail").fill(mail.code.lower().replace("-", " "))
    frame.get_by_role("button", name="Verder").click()

    # She sees everything, and why.
    expect(frame.get_by_role("heading", name="Dit weten wij van u")).to_be_visible()
    held = crm.look()
    her = next(key for (table, key, _), value in held.items() if value == SUBSCRIBER)
    for column in ("customer_number", "first_name", "last_name", "phone", "street", "city"):
        expect(frame.get_by_text(held["contacts", her, column], exact=True)).to_be_visible()
    frame.get_by_label("Waarom? Telefoonnummer").click()
    expect(frame.get_by_text("Zodat de bezorger u kan bellen")).to_be_visible()

    # She corrects her phone number.
    frame.get_by_role("link", name="Verbeter mijn gegevens").click()
    frame.get_by_role("textbox", name="Telefoonnummer").fill("06 55512345")
    frame.get_by_role("button", name="Nakijken").click()
    frame.get_by_role("button", name="Ja, sla op").click()
    expect(frame.get_by_text("Ja, het is gelukt.")).to_be_visible()
    corrected = crm.look()
    assert {cell: new for cell, (_, new) in changes(held, corrected).items()} == {
        ("contacts", her, "phone"): "06 55512345",
        ("contacts", her, "version"): held["contacts", her, "version"] + 1,
        ("contacts", her, "updated_at"): corrected["contacts", her, "updated_at"],
    }

    # She stops one newsletter, with one click.
    frame.get_by_role("link", name="Mijn e-mails").click()
    newsletter = frame.get_by_role("region", name="Nieuwsbrief", exact=True)
    newsletter.get_by_role("button", name="Stop hiermee").click()
    expect(frame.get_by_text("Ja, het is gelukt.")).to_be_visible()
    stopped = crm.look()
    assert columns(changes(corrected, stopped)) == {
        "subscriptions": {"active", "changed_at", "source"}
    }
    assert stopped["subscriptions", f"{her},newsletter", "active"] is False

    # A copy: the link of one more mail opens a tab of its own, and the code in it goes on there.
    frame.get_by_role("link", name="Een kopie").click()
    frame.get_by_role("button", name="Stuur mij de e-mail").click()
    expect(frame.get_by_role("heading", name="Kijk in uw e-mail")).to_be_visible()
    tab = go_on_in_a_tab(strict_context, mailbox)
    tab.get_by_role("button", name="Maak mijn kopie").click()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Alles in één (ZIP)").click()
    assert_is_her_copy(download.value.path(), held["contacts", her, "customer_number"])

    # Deleting: the same tab is signed in for a copy only, so that one more mail is asked for.
    tab.get_by_role("link", name="Wissen").click()
    expect(tab.get_by_text("bewaard tot en met")).to_be_visible()
    tab.get_by_role("button", name="Stuur mij de e-mail").click()
    tab = go_on_in_a_tab(strict_context, mailbox, asked_in_this_browser=True)
    tab.get_by_label("Nu wissen").check()
    tab.get_by_role("button", name="Wis mijn gegevens").click()
    expect(tab.get_by_text("Ja, het is gelukt.")).to_be_visible()
    expect(tab.get_by_text("artikel 52 AWR")).to_be_visible()
    assert_she_is_erased_and_her_orders_kept(stopped, crm.look(), her)

    assert complaints == []


def listen_for_complaints(context: BrowserContext) -> list[str]:
    """What the browser's console complains of: a blocked script, a style, a broken page."""
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    return complaints


def assert_nothing_can_be_stored(page: Page, demo: Demo) -> None:
    """The browser is really as strict as this test needs it to be."""
    framed = next(one for one in page.frames if one.url.startswith(demo.address("Portal")))
    tried = framed.evaluate(
        """() => {
            document.cookie = "kept=1; SameSite=None; Secure; Partitioned";
            try { localStorage.setItem("kept", "1"); } catch { return document.cookie + "blocked"; }
            return "stored";
        }"""
    )
    assert tried == "blocked"


def go_on_in_a_tab(
    context: BrowserContext, mailbox: Mailbox, *, asked_in_this_browser: bool = False
) -> Page:
    """Open the newest mail's link; in a browser that did not ask, its code is needed too."""
    mail = mailbox.next()
    tab = context.new_page()
    tab.goto(mail.link)
    assert "#" not in tab.url, "the token does not stay in the address"
    tab.get_by_role("button", name="Verder").click()
    if not asked_in_this_browser:
        tab.get_by_label("Code uit de e-mail").fill(mail.code)
        tab.get_by_role("button", name="Verder").click()
    return tab


def assert_is_her_copy(path: Path, customer_number: str) -> None:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as copy:
        kinds = {name.rsplit(".", 1)[-1] for name in copy.namelist()}
        whole = {name: copy.read(name).decode() for name in copy.namelist()}
    assert {"json", "csv", "html"} <= kinds
    assert json.loads(next(text for name, text in whole.items() if name.endswith(".json")))
    for name, text in whole.items():
        if name.endswith((".json", ".html")):
            assert customer_number in text, name


def assert_she_is_erased_and_her_orders_kept(before: Look, after: Look, her: str) -> None:
    changed = changes(before, after)
    assert columns(changed).keys() == {"contacts", "subscriptions", "notes"}
    assert {key for table, key, _ in changed if table == "contacts"} == {her}
    kept = {"id", "restricted"}  # a number, and a mark that points at nobody
    left = {
        column: value
        for (table, key, column), value in after.items()
        if (table, key) == ("contacts", her) and column not in kept
    }
    assert left.pop("source") == "gewist"
    assert left.pop("language") == "nl"
    left.pop("updated_at"), left.pop("version")
    assert set(left.values()) == {None}
    assert not [key for table, key, _ in after if table == "subscriptions" and key[0:-1] == her]
