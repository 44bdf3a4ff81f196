"""The walk of somebody with a tablet, which drops a tab as soon as she looks at her mail.

The company's website is another origin, and her browser keeps nothing for a third party. What she
goes on in is a browser that knows nothing of the one before: the mail alone suffices. Each goal
costs one mail and at most six screens, with the drop; and each screen and mail is counted.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, FrameLocator, Playwright, expect

from tests.browser.test_story_in_the_frame import assert_nothing_can_be_stored
from tests.browser.walking import SLOW, Company, Walk, open_company, strict_browser
from tests.demos import Mail, eventually

MARIJKE, PIPPA = "marijke.devries@example.org", "p.legrand@example.net"
TOM = "t.hoedemakers@post.example"
LIEKE, HER_NEWSLETTER = "lieke.verda@mail.example", "38,newsletter"
DROPPED = ["enter", "enter"]
"""The link of the mail in a browser that did not ask, and there the code of the same mail."""
Tablet = Callable[[], BrowserContext]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with open_company("nursery", tmp_path_factory.mktemp("company")) as opened:
        yield opened


@pytest.fixture
def tablet(
    company: Company,
    playwright: Playwright,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Tablet]:
    """Takes the tablet up: with each call a browser that knows nothing of the one before."""
    device = {
        name: value
        for name, value in playwright.devices["iPad (gen 7)"].items()
        if name != "default_browser_type"
    }
    with ExitStack() as opened:

        def take_up() -> BrowserContext:
            profile = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
            return opened.enter_context(
                strict_browser(
                    browser_type,
                    browser_type_launch_args,
                    profile,
                    company.demo,
                    locale="nl-NL",
                    **device,
                )
            )

        yield take_up


def come_to_the_website(walk: Walk) -> FrameLocator:
    walk.page.goto(f"{walk.company.demo.address('Website')}nl/klantenservice")
    frame = walk.page.frame_locator("iframe")
    shows(frame, "Wat wilt u doen?")
    assert_nothing_can_be_stored(walk.page, walk.company.demo)
    return frame


def shows(frame: FrameLocator, heading: str) -> None:
    expect(frame.get_by_role("heading", name=heading, level=1)).to_be_visible()


def dropped(walk: Walk, mail: Mail, tablet: Tablet) -> None:
    """Her tab is gone with all that it knew; she opens the mail's link, and types its code."""
    walk.page.context.close()
    walk.go_on_in(tablet().new_page())
    walk.page.goto(mail.link)
    walk.page.get_by_role("button", name="Verder").click()
    walk.page.get_by_label("Code uit de e-mail").fill(mail.code)
    walk.page.get_by_role("button", name="Verder").click()


def on(walk: Walk) -> tuple[bool, int]:
    """Is the newsletter on, and every how many days does it come?"""
    cells = walk.company.crm.look()
    row = ("subscriptions", HER_NEWSLETTER)
    return bool(cells[*row, "active"]), cells[*row, "every"]


def test_walk_a_tablet_drops_the_frame_and_she_stops_by_the_mail_alone(
    company: Company, tablet: Tablet
) -> None:
    walk = Walk(company, tablet().new_page())
    frame = come_to_the_website(walk)
    frame.get_by_label("Minder mail, of geen").tap()
    frame.get_by_label("Uw e-mailadres").fill(MARIJKE)
    frame.get_by_role("button", name="Stuur mij een code").tap()
    shows(frame, "Vul de code uit uw e-mail in")
    mail = walk.mailbox.next()
    walk.screens.clear()

    dropped(walk, mail, tablet)
    walk.heading("Wat wij u sturen")
    walk.page.get_by_role("button", name="Stop alles").tap()
    expect(walk.page.get_by_text("Ja, het is gelukt.")).to_be_visible(timeout=SLOW)

    in_the_frame = 2
    assert walk.screens == [*DROPPED, "me/consents", "me/requests"]
    assert in_the_frame + len(walk.screens) == 6
    assert walk.mails() == {MARIJKE: 1}
    assert set(walk.now("active").values()) == {False}
    walk.page.get_by_role("button", name="Zet terug").tap()
    eventually(lambda: walk.now("active") == {})
    assert walk.mails() == {MARIJKE: 1}, "neither the stop nor the way back is worth a mail"


def test_walk_the_code_page_survives_a_reload_and_the_first_mail_of_two_will_do(
    company: Company, tablet: Tablet
) -> None:
    walk = Walk(company, tablet().new_page())
    walk.page.goto(walk.portal)
    walk.page.get_by_label("Uw e-mailadres").fill(PIPPA)
    walk.page.get_by_role("button", name="Stuur mij een code").tap()
    first = walk.mailbox.next()
    for _ in range(2):
        walk.heading("Vul de code uit uw e-mail in")
        walk.page.reload()

    # It takes her too long; she asks once more, and opens the mail that came first.
    walk.page.get_by_text("Geen e-mail?").tap()
    walk.page.get_by_role("link", name="Vraag het nog eens").tap()
    walk.page.get_by_label("Uw e-mailadres").fill(PIPPA)
    walk.page.get_by_role("button", name="Stuur mij een code").tap()
    assert walk.mailbox.next().code != first.code
    dropped(walk, first, tablet)

    walk.heading("Dit weten wij van u")
    assert walk.screens[-3:] == [*DROPPED, "me"]
    assert walk.mails() == {PIPPA: 2}
    assert walk.changed() == {}


def test_walk_less_and_then_none_take_two_screens_each_and_no_mail(
    company: Company, tablet: Tablet
) -> None:
    walk = Walk(company, tablet().new_page())
    link = company.demo.footer_link(LIEKE)
    assert on(walk) == (True, 30)

    walk.page.goto(link)
    walk.page.get_by_label("Hoe vaak").select_option("yearly")
    walk.page.get_by_role("button", name="Stuur mij minder").tap()
    walk.heading("Minder vaak")
    eventually(lambda: on(walk) == (True, 365))
    assert walk.screens == ["u", "u/less"]

    walk.page.goto(link)
    walk.page.get_by_role("button", name="Stop met mailen").tap()
    walk.heading("Gestopt")
    eventually(lambda: on(walk) == (False, 365))
    assert walk.screens[2:] == ["u", "u"]
    assert walk.touched() == {("subscriptions", HER_NEWSLETTER)}
    assert walk.mails() == {}


def test_walk_from_the_newsletter_to_a_copy_with_a_dropped_tab(
    company: Company, tablet: Tablet
) -> None:
    walk = Walk(company, tablet().new_page())
    walk.page.goto(company.demo.footer_link(PIPPA))
    walk.page.get_by_role("button", name="Een kopie van mijn gegevens").tap()
    walk.heading("Vul de code uit uw e-mail in")
    dropped(walk, walk.mailbox.next(), tablet)
    walk.page.get_by_role("button", name="Maak mijn kopie").tap()
    walk.heading("Uw kopie ligt klaar")

    assert walk.screens == ["u", "signin/code", *DROPPED, "me/export", "me/export"], "six"
    assert walk.mails() == {PIPPA: 1}
    walk.page.get_by_role("link", name="Lezen en afdrukken").tap()
    expect(walk.page.get_by_text("Pippa", exact=True)).to_be_visible()
    assert walk.changed() == {}


def test_walk_from_the_newsletter_to_an_erasure_with_a_dropped_tab(
    company: Company, tablet: Tablet
) -> None:
    walk = Walk(company, tablet().new_page())
    walk.page.goto(company.demo.footer_link(TOM))
    walk.page.get_by_role("button", name="Mijn gegevens laten wissen").tap()
    walk.heading("Vul de code uit uw e-mail in")
    dropped(walk, walk.mailbox.next(), tablet)
    walk.heading("Dit wissen wij")
    walk.page.get_by_label("Nu wissen").tap()
    walk.page.get_by_role("button", name="Wis mijn gegevens").tap()
    expect(walk.page.get_by_text("Ja, het is gelukt.")).to_be_visible(timeout=SLOW)

    assert walk.screens == ["u", "signin/code", *DROPPED, "me/erase", "me/requests"], "six"
    assert walk.mails() == {TOM: 1}
    assert walk.now("email") == {("contacts", "29", "email"): None}
