"""What the walks share: two companies, and the books that are kept of what somebody does there."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, BrowserType, Page, expect
from sqlalchemy import select

from portal.domain.clock import utc_now
from portal.domain.rights import Goal
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.tables import Consent, LedgerEntry
from portal.web.forms import GOALS
from tests.browser.test_story_without_javascript import load_chinook
from tests.demos import PATIENCE, Demo, Mail, Mailbox, eventually, running_demo
from tests.witness import Cell, Witness, changes

CHINOOK = Path(__file__).parents[2] / "examples" / "chinook"
T = TypeVar("T")
SLOW = PATIENCE * 1000
"""Milliseconds that a loaded machine may take to pass something on and read it back."""


@dataclass(frozen=True)
class Company:
    """One of the two whose subscribers walk: its demo, and its CRM past the portal."""

    name: str
    demo: Demo
    crm: Witness
    portal: Database
    """The portal's own database."""

    @property
    def is_nursery(self) -> bool:
        return self.name == "nursery"


NAMES = ("nursery", "record shop")


@contextmanager
def open_company(name: str, folder: Path, config: Path = CHINOOK) -> Iterator[Company]:
    """The demo as it is; or with a record shop's own database and settings."""
    data = folder / "data"
    options = ["--port", "0", "--site-port", "0", "--data", str(data)]
    url = f"sqlite:///{data / 'crm.sqlite'}"
    if name == "nursery":
        options += ["--subscribers", "40"]
    else:
        url = f"sqlite:///{folder / 'shop.sqlite'}"
        load_chinook(url)
        options += ["--config", str(config), "--crm-url", url]
    with ExitStack() as opened:
        demo = opened.enter_context(running_demo(*options, folder=folder))
        crm = Witness(url)
        opened.callback(crm.close)
        portal = Database(f"sqlite:///{data / 'portal.sqlite'}")
        opened.callback(portal.close)
        yield Company(name, demo, crm, portal)


@contextmanager
def strict_browser(
    browser_type: BrowserType, launch: dict[str, Any], profile: Path, demo: Demo, **options: Any
) -> Iterator[BrowserContext]:
    """One that blocks all cookies and storage of third parties, and remembers nothing."""
    (profile / "Default").mkdir(parents=True)
    framed, around = (demo.address(name).rstrip("/") for name in ("Portal", "Website"))
    settings = {
        "block_third_party_cookies": True,
        "cookie_controls_mode": 1,
        "content_settings": {"exceptions": {"cookies": {f"{framed},{around}": {"setting": 2}}}},
    }
    (profile / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    context = browser_type.launch_persistent_context(
        profile, **launch, accept_downloads=True, **options
    )
    yield context
    context.close()


class Walk:
    """One subscriber in one tab, and what her walk leaves in the CRM, the ledger and the mail."""

    def __init__(self, company: Company, page: Page) -> None:
        self.company = company
        self.portal = company.demo.address("Portal")
        self.mailbox = Mailbox(company.demo)
        self.screens: list[str] = []
        """The path of every page that was shown."""
        self.go_on_in(page)
        self._before = company.crm.look()
        self._mails = len(self._all_mails())
        self._entries = len(self._all_entries())
        self._decisions = len(self._all_decisions())

    def go_on_in(self, page: Page) -> None:
        """In another tab, or in another browser."""
        self.page = page
        page.on("domcontentloaded", lambda shown: self.screens.append(self._path(shown.url)))

    def of(self, nursery: T, shop: T) -> T:
        """What differs between the two companies."""
        return nursery if self.company.is_nursery else shop

    def _path(self, url: str) -> str:
        path = url.removeprefix(self.portal).partition("?")[0].partition("#")[0]
        steps = path.split("/")
        return "/".join(step for step in steps if len(step) < 16)  # without what is random

    # --- what she does -----------------------------------------------------------------------

    def come_in(self, email: str, goal: Goal) -> Mail:
        """From the first page with one mail to where the goal leads; the mail."""
        asked = f"&goal={goal}" if goal is Goal.ADDRESS else ""  # which is on the page of hers
        self.page.goto(f"{self.portal}?lang=en{asked}")
        self.page.get_by_label(str(dict(GOALS)[goal])).check()
        self.page.get_by_role("textbox", name="e-mail address").fill(email)
        self.page.get_by_role("button", name="Send me a code").click()
        mail = self.mailbox.next()
        assert mail.to == email
        self.page.get_by_label("Code from the e-mail").fill(mail.code)
        self.page.get_by_role("button", name="Continue").click()
        return mail

    def heading(self, text: str) -> None:
        """This page is shown."""
        expect(self.page.get_by_role("heading", name=text, level=1)).to_be_visible(timeout=SLOW)

    def is_done(self) -> None:
        """The page says so, without being asked again."""
        expect(self.page.get_by_text("Yes, it is done.")).to_be_visible(timeout=SLOW)

    # --- what it leaves ----------------------------------------------------------------------

    def changed(self) -> dict[Cell, tuple[Any, Any]]:
        """Every cell of the CRM that differs from the beginning, past the portal.

        The time of the last change and its number, which the nursery's CRM counts, are left out.
        """
        found = changes(self._before, self.company.crm.look())
        return {
            cell: was for cell, was in found.items() if cell[2] not in {"version", "updated_at"}
        }

    def now(self, column: str) -> dict[Cell, Any]:
        """Of every cell of this column that differs, what it is now."""
        return {cell: new for cell, (_, new) in self.changed().items() if cell[2] == column}

    def touched(self) -> set[tuple[str, str]]:
        """Table and key of every row that differs."""
        return {(table, key) for table, key, _ in self.changed()}

    def decisions(self) -> set[tuple[str, bool, str]]:
        """What the portal's own consent record has since: purpose, yes or no, and the source."""
        return set(self._all_decisions()[self._decisions :])

    def mails(self) -> Counter[str]:
        """Recipient → how many mails, of all that came since."""
        return Counter(mail["to"] for mail in self._all_mails()[self._mails :])

    def events(self) -> list[str]:
        """What the ledger tells since, in order; and it holds together to its last link."""
        eventually(lambda: Ledger(utc_now).verify(self.company.portal).unchained == 0)
        checked = Ledger(utc_now).verify(self.company.portal)
        assert checked.ok, checked.reason
        entries = self._all_entries()
        assert checked.chained >= len(entries)
        return entries[self._entries :]

    def left(self, events: Sequence[str], mails: dict[str, int]) -> None:
        """Just these events, in this order, and just so many mails to these mailboxes."""
        eventually(lambda: len(self.events()) >= len(events))
        assert self.events() == [*events]
        assert self.mails() == mails

    def left_in_any_order(self, events: Sequence[str], mails: dict[str, int]) -> list[str]:
        """The same, where two things go on at once; the events in the order that they had."""
        eventually(lambda: len(self.events()) >= len(events))
        told = self.events()
        assert Counter(told) == Counter(events)
        assert self.mails() == mails
        return told

    def _all_mails(self) -> list[dict[str, str]]:
        address = self.company.demo.address("Mailbox") + ".json"
        with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310  the demo's own
            found: list[dict[str, str]] = json.load(answer)
        return sorted(found, key=lambda one: int(one["id"]))

    def _all_entries(self) -> list[str]:
        with self.company.portal.reading() as db:
            return list(db.scalars(select(LedgerEntry.event).order_by(LedgerEntry.id)))

    def _all_decisions(self) -> list[tuple[str, bool, str]]:
        with self.company.portal.reading() as db:
            rows = db.scalars(select(Consent).order_by(Consent.id))
            return [(row.purpose, row.granted, row.source) for row in rows]
