"""The walk of somebody who has moved: the CRM has her new address, and the old one was not shown.

A tablet, one mail, six screens; on the nursery's CRM and on a record shop's, whose sites both say
that a home address is not for whoever reads the mailbox.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from portal.demo.crm import create_crm
from portal.demo.settings import CONFIG
from tests.browser.test_story_without_javascript import load_chinook
from tests.demos import Demo, Mailbox, running_demo
from tests.unseen import with_hidden_addresses
from tests.witness import Witness, changes

ROOT = Path(__file__).parents[2]
SCREENS = ["Ask", "Code", "Overview", "Correct", "Check", "Done"]


@dataclass(frozen=True)
class Company:
    """Whose CRM it is, who has moved, and where to."""

    config: Path
    email: str
    old: Sequence[str]
    """What no answer may hold."""
    typed: dict[str, str]
    """Label → what she types."""
    table: str
    key: str
    written: dict[str, str]
    """Column → what stands there afterwards."""


NURSERY = Company(
    CONFIG,
    "marijke.devries@example.org",
    ("Lindelaan", "4001 KB", "Tiel"),
    {"Straat": "Nieuwe Gracht", "Huisnummer": "7b", "Postcode": "3512lb", "Woonplaats": "Utrecht"},
    "contacts",
    "1",
    {
        "street": "Nieuwe Gracht",
        "house_number": "7b",
        "postal_code": "3512 LB",
        "city": "Utrecht",
    },
)
RECORD_SHOP = Company(
    ROOT / "examples" / "chinook",
    "astrid.gruber@apple.at",
    ("Rotenturm", "Innere Stadt", "1010", "Vienne"),
    {
        "Straat en huisnummer": "Mariahilfer Straße 10",
        "Postcode": "A-1070",
        "Woonplaats": "Wien",
    },
    "Customer",
    "7",
    {"Address": "Mariahilfer Straße 10", "PostalCode": "1070", "City": "Wien"},
)


def hide(register: str, company: Company) -> str:
    """The register, with the home address of tier 2."""
    if company is NURSERY:
        return with_hidden_addresses(register)
    for name in ("address", "postal_code", "city", "state"):
        register, count = re.subn(
            rf'(id = "{name}"\n(?:(?!\[\[).*\n)*?)tier = 1\neditable = true\n',
            r'\1tier = 2\nreplaceable = true\ntogether = "home_address"\n'
            + ("may_be_empty = true\n" if name == "state" else ""),
            register,
        )
        assert count == 1, name
    return register


@contextmanager
def serving(company: Company, folder: Path) -> Iterator[tuple[Demo, Witness]]:
    config = folder / "config"
    shutil.copytree(company.config, config)
    text = (config / "register.toml").read_text("utf-8")
    (config / "register.toml").write_text(hide(text, company), "utf-8")
    path = folder / "company.sqlite"
    url = f"sqlite:///{path}"
    if company is NURSERY:
        create_crm(path, subscribers=10)
    else:
        load_chinook(url)
    options = ("--port", "0", "--site-port", "0", "--config", str(config), "--crm-url", url)
    with running_demo(*options, folder=folder) as demo:
        crm = Witness(url)
        try:
            yield demo, crm
        finally:
            crm.close()


class Bodies:
    """Everything that the browser was sent, read before it turns the page."""

    def __init__(self, page: Page) -> None:
        self._new: list[Response] = []
        self.texts: list[str] = []
        self.screens: list[str] = []
        self._page = page
        page.on("response", self._came)

    def _came(self, response: Response) -> None:
        if response.request.resource_type in {"document", "fetch"}:  # the rest is for everybody
            self._new.append(response)

    def read(self, screen: str, heading: str) -> None:
        """One more screen, with this heading."""
        expect(self._page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        self.screens.append(screen)
        self.take()

    def take(self) -> None:
        """Of the page that is shown."""
        self._page.wait_for_load_state("load")
        self.texts.append(self._page.content())
        while self._new:
            response = self._new.pop(0)
            if not 300 <= response.status < 400:
                self.texts.append(response.text())


@pytest.mark.parametrize("company", [NURSERY, RECORD_SHOP], ids=["nursery", "record shop"])
@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_walk_an_address_is_corrected_without_being_shown(
    company: Company, javascript: bool, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport={"width": 810, "height": 1080},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        locale="nl-NL",
        java_script_enabled=javascript,
    )
    with serving(company, tmp_path) as (demo, crm):
        walk(context.new_page(), company, demo, crm, javascript=javascript)
    context.close()


def walk(page: Page, company: Company, demo: Demo, crm: Witness, *, javascript: bool) -> None:
    before, mailbox, sent = crm.look(), Mailbox(demo), Bodies(page)
    page.goto(demo.address("Portal"))
    sent.read("Ask", "Wat wilt u doen?")
    page.get_by_label("Uw e-mailadres").fill(company.email)
    page.get_by_role("button", name="Stuur mij een code").click()
    sent.read("Code", "Vul de code uit uw e-mail in")
    page.get_by_label("Code uit de e-mail").fill(mailbox.next().code)
    page.get_by_role("button", name="Verder").click()

    # What is not shown is named, with a way to see it and a way to replace it.
    sent.read("Overview", "Dit weten wij van u")
    hidden = page.locator(".datum", has_text=next(iter(company.typed)))
    expect(hidden.first.get_by_text("tonen wij hier niet")).to_be_visible()
    hidden.first.get_by_role("link", name="Vervang het zonder het te zien").click()

    # She types the new one, looks at it, and saves.
    sent.read("Correct", "Verbeter mijn gegevens")
    for label, text in company.typed.items():
        box = page.get_by_role("textbox", name=label, exact=True)
        expect(box).to_have_value("")
        box.fill(text)
    page.get_by_role("button", name="Nakijken").click()
    sent.read("Check", "Klopt dit zo?")
    for written in company.written.values():
        expect(page.locator("ins", has_text=written).first).to_be_visible()
    page.get_by_role("button", name="Ja, sla op").click()
    sent.read("Done", "Is het gelukt?")
    if not javascript:
        look_again(page, sent)
    expect(page.get_by_text("Ja, het is gelukt.")).to_be_visible()
    sent.take()

    after = crm.look()
    assert sent.screens == SCREENS, "six screens"
    assert mailbox.is_empty(), "one mail"
    for old in company.old:
        assert not any(old in text for text in sent.texts), old
    assert {column: after[company.table, company.key, column] for column in company.written} == (
        company.written
    )
    changed = {cell for cell in changes(before, after) if cell[2] not in {"version", "updated_at"}}
    assert changed == {(company.table, company.key, column) for column in company.written}


def look_again(page: Page, sent: Bodies) -> None:
    """Without script a person looks again by the link on the page: the same screen, newer."""
    for _ in range(100):
        sent.take()
        if page.get_by_text("Ja, het is gelukt.").is_visible():
            return
        with page.expect_navigation():  # or the next click would leave an answer unread
            page.get_by_role("link", name="Kijk opnieuw").click()
