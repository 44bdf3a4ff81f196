"""Each right, walked in a real browser on the nursery's CRM and on a record shop's.

After each walk the CRM is looked at past the portal, the ledger has told just these events and
holds together, and just these mails went out. The rights that have a walk of their own elsewhere
are in the table of ``docs/rights.md``, with where.

Every walk has a subscriber of its own, so that all of a company share one demo.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from portal.cli import commands
from portal.domain.rights import Goal
from tests.browser.desk import add_operator
from tests.browser.walking import NAMES, SLOW, Company, Walk, open_company

SIGNED_IN, RECEIVED, DELIVERED, OPENED = (
    "signed_in",
    "request_received",
    "delivered",
    "case_opened",
)
MAILINGS = ("newsletter", "offers", "partners", "workshops")
NOBODYS = "a.vandenbrink@example.com"
"""An address that stands in neither CRM."""


@pytest.fixture(scope="module", params=NAMES)
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    with open_company(request.param, tmp_path_factory.mktemp("company")) as opened:
        yield opened


@pytest.fixture
def walk(company: Company, browser: Browser) -> Iterator[Walk]:
    context = browser.new_context(locale="en-GB")
    yield Walk(company, context.new_page())
    context.close()


# --- access and portability (15, 20) ---------------------------------------------------------


def test_about_says_what_is_done_with_hers_and_changes_nothing(walk: Walk) -> None:
    email = walk.of("elin.schenkel@example.org", "frantisekw@jetbrains.com")
    walk.come_in(email, Goal.VIEW)
    walk.page.get_by_role("link", name="What we do with your data").click()

    walk.heading("What we do with your data")
    page = walk.page.locator("main")
    for told in (
        "7 years after the end of the year",
        "Dutch General State Taxes Act (AWR), article 52",
        "Belastingdienst, Netherlands (a public authority)",
        *walk.of(
            ("Postduif Mailings", "A computer picks which offer you get", "The camera at the till"),
            ("The slips in the shop", "Number of your contact person", "Tracks bought"),
        ),
    ):
        expect(page.get_by_text(told).first).to_be_visible()
    assert "invoiced" not in page.inner_text(), "what needs more than a mailbox is named, not shown"
    assert walk.screens == ["", "signin/code", "me", "me/about"]
    assert walk.changed() == {}
    walk.left([SIGNED_IN], {email: 1})


def test_a_copy_for_another_service_holds_what_she_gave_and_nothing_else(walk: Walk) -> None:
    email = walk.of("p.legrand@example.net", "bjorn.hansen@yahoo.no")
    walk.come_in(email, Goal.COPY)
    walk.page.get_by_role("button", name="A copy for another service").click()
    walk.heading("Your copy is ready")
    with walk.page.expect_download() as download:
        walk.page.get_by_role("button", name="JSON").click()

    copy = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert (copy["kind"], copy["email"]) == ("portable", email)
    given = {field["id"]: field["value"] for field in fields_of(copy)}
    assert given["first_name"] == walk.of("Pippa", "Bjørn")
    assert {field["ground"] for field in fields_of(copy)} <= {"consent", "contract"}
    ours = {"customer_number", "source", "notes", "orders", "contact_person", "invoices"}
    assert not given.keys() & ours
    assert walk.changed() == {}
    walk.left([SIGNED_IN, RECEIVED, "export_made", "copy_taken"], {email: 1})


def fields_of(copy: dict[str, Any]) -> list[dict[str, Any]]:
    (system,) = copy["systems"]
    (record,) = system["records"]
    found: list[dict[str, Any]] = record["fields"]
    return found


# --- restriction (18) ------------------------------------------------------------------------


def test_she_has_her_data_kept_and_not_used_and_takes_it_back(walk: Walk) -> None:
    email = walk.of("zoe.vanderheyden@example.com", "hholy@gmail.com")
    by_hand = walk.of(False, True)
    walk.come_in(email, Goal.VIEW)
    walk.page.get_by_role("link", name="Keep my data, but do not use it").click()
    walk.page.get_by_role("button", name="Stop using my data").click()
    if by_hand:  # the shop's database knows no such mark: a person sees to it, and says so
        close_case(walk, "beatrix")
    walk.is_done()
    expect(walk.page.get_by_text("The law gives us until")).to_be_hidden()
    if by_hand:
        expect(walk.page.get_by_text("done by hand")).to_be_visible()
    else:
        expect(walk.page.get_by_text("done and checked")).to_be_visible()
    assert walk.changed() == walk.of({("contacts", "13", "restricted"): (False, True)}, {})

    walk.page.get_by_role("link", name="My data", exact=True).click()
    expect(walk.page.get_by_text("We keep your data, and do not use it")).to_be_visible()
    walk.page.get_by_role("link", name="See or change this").click()
    walk.page.get_by_role("button", name="Use my data again").click()
    if by_hand:
        close_case(walk, "claus")
    walk.is_done()
    assert walk.changed() == {}

    once = [RECEIVED, OPENED, DELIVERED]  # the nursery's case: its bookkeeper is told (Art. 19)
    hand = [*once, "operator_added", DELIVERED, "case_closed"]
    walk.left([SIGNED_IN, *walk.of([*once, RECEIVED, DELIVERED], hand * 2)], {email: 1})


def close_case(walk: Walk, operator: str) -> None:
    """An operator has done what the page that is shown says one of us does."""
    expect(walk.page.get_by_text("being worked on").first).to_be_visible(timeout=SLOW)
    number = walk.page.locator("#case strong").inner_text()
    add_operator(walk.company.demo, operator)
    command = ["case", "close", number, "--outcome", "done", "--operator", operator]
    data = str(walk.company.demo.folder / "data")
    said = CliRunner().invoke(commands, ["--instance", data, *command])
    assert said.exit_code == 0, said.output


# --- objection (21) --------------------------------------------------------------------------


def test_she_ends_all_advertising_with_one_click(walk: Walk) -> None:
    email = walk.of("catoboers@post.example", "daan_peeters@apple.be")
    walk.come_in(email, Goal.VIEW)
    walk.page.get_by_role("link", name="Object: no advertising").click()
    walk.page.get_by_role("button", name="Stop all advertising").click()
    walk.is_done()
    expect(walk.page.get_by_role("heading", name="This goes on")).to_be_visible()
    expect(walk.page.locator("#along").get_by_text("done")).to_have_count(walk.of(3, 1))

    assert walk.now("active") == walk.of(
        {("subscriptions", f"27,{name}", "active"): False for name in MAILINGS}, {}
    )
    assert walk.now("source") == walk.of(
        {("subscriptions", f"27,{name}", "source"): "portal:objection" for name in MAILINGS}, {}
    )
    assert walk.touched() == walk.of({("subscriptions", f"27,{name}") for name in MAILINGS}, set())
    # Where the CRM has no place for it, the portal's own record is what counts.
    decided = walk.of(MAILINGS, ("newsletter", "concerts"))
    assert walk.decisions() == {(name, False, "portal:objection") for name in decided}
    count = len(decided)
    walk.left([SIGNED_IN, *[RECEIVED] * count, *[DELIVERED] * walk.of(count, 0)], {email: 1})


def test_an_objection_to_another_use_goes_to_a_person_who_weighs_it(walk: Walk) -> None:
    email = walk.of("esila.mulders@post.example", "kara.nielsen@jubii.dk")
    walk.come_in(email, Goal.VIEW)
    walk.page.get_by_role("link", name="Object: no advertising").click()
    walk.page.get_by_label("Customer records").check()
    walk.page.get_by_label("Why?").fill("I would rather be a stranger to you.")
    if walk.company.is_nursery:
        walk.page.get_by_label("do not use it until then").check()
    walk.page.get_by_role("button", name="Send my objection").click()
    expect(walk.page.get_by_role("heading", name="With one of us")).to_be_visible()
    expect(walk.page.get_by_text("Your objection: Customer records.")).to_be_visible()
    expect(walk.page.get_by_text("You hear from us by")).to_be_visible()

    restricted = [RECEIVED, OPENED, DELIVERED]
    walk.left([SIGNED_IN, RECEIVED, OPENED, *walk.of(restricted, [])], {email: 1})
    assert walk.changed() == walk.of({("contacts", "16", "restricted"): (False, True)}, {})


# --- withdrawing (7(3)) ----------------------------------------------------------------------


def test_she_withdraws_and_what_was_a_slip_she_puts_back(walk: Walk) -> None:
    email = walk.of("gretchenjohann@example.net", "eduardo@woodstock.com.br")
    newsletter = walk.page.get_by_role("region", name="Newsletter", exact=True)
    walk.come_in(email, Goal.LESS)
    said_yes = 0
    if not walk.company.is_nursery:  # there is nothing to withdraw before she said yes
        newsletter.get_by_role("button", name="Yes, I want this").click()
        walk.is_done()
        said_yes = 1
        assert walk.mailbox.next().to == email, "a yes is confirmed by mail"
        walk.page.get_by_role("link", name="My e-mails").click()
    newsletter.get_by_role("button", name="Stop this").click()
    walk.is_done()
    hers = ("subscriptions", "19,newsletter")
    assert walk.now("active") == walk.of({(*hers, "active"): False}, {})

    walk.page.get_by_role("button", name="Undo").click()
    walk.heading("Is it done?")
    expect(walk.page.get_by_text("A stop taken back: Newsletter.")).to_be_visible()
    walk.is_done()
    assert walk.now("active") == {}, "it is on again, as it was"
    assert walk.now("every") == {}
    assert walk.now("source") == {}, "with the proof that it had"
    assert walk.touched() <= {hers}
    steps = [RECEIVED, *walk.of([DELIVERED], [])]
    walk.left([SIGNED_IN, *steps * (2 + said_yes)], {email: 1 + said_yes})


# --- a question ------------------------------------------------------------------------------


def test_a_question_of_hers_has_a_number_and_a_day(walk: Walk) -> None:
    email = walk.of("ginahertrampf@example.com", "alero@uol.com.br")
    walk.come_in(email, Goal.VIEW)
    walk.page.get_by_role("link", name="Ask us", exact=True).last.click()
    walk.page.get_by_label("What would you like to ask?").fill("Do you sell my data?")
    walk.page.get_by_role("button", name="Send").click()
    expect(walk.page.get_by_text("Your number")).to_be_visible()
    walk.page.get_by_role("link", name="My requests", exact=True).click()
    expect(walk.page.get_by_role("link", name="A question to us")).to_be_visible()

    assert walk.changed() == {}
    walk.left([SIGNED_IN, RECEIVED, OPENED], {email: 1})


def test_a_question_of_whoever_does_not_sign_in_costs_no_mail(walk: Walk) -> None:
    walk.page.goto(f"{walk.portal}?lang=en")
    walk.page.get_by_label("Ask something else").check()
    walk.page.get_by_role("button", name="Send me a code").click()
    walk.page.get_by_label("What would you like to ask?").fill("Where is your shop?")
    walk.page.get_by_label("Where can we reach you?").fill(NOBODYS)
    walk.page.get_by_role("button", name="Send").click()
    walk.heading("We have received it")

    assert walk.changed() == {}
    walk.left([OPENED], {})


# --- another e-mail address ------------------------------------------------------------------


def test_her_address_changes_in_five_mails(walk: Walk, browser: Browser) -> None:
    email = walk.of("tirza.vandeeerenbeemt@example.com", "roberto.almeida@riotur.gov.br")
    new = walk.of("tirza.new@example.net", "roberto.new@example.net")
    walk.come_in(email, Goal.ADDRESS)
    walk.page.get_by_label("Your new e-mail address").fill(new)
    walk.page.get_by_role("button", name="Send a code to the new address").click()
    asked = walk.mailbox.next()
    assert asked.to == new
    walk.page.get_by_label("Code from the").fill(asked.code)
    walk.page.get_by_role("button", name="Continue").click()
    walk.heading("The new e-mail address is yours")
    assert walk.changed() == {}, "not before the old mailbox was asked"

    old = walk.mailbox.next()
    assert old.to == email
    elsewhere = browser.new_context(locale="en-GB")
    says_yes(elsewhere.new_page(), old.link)
    elsewhere.close()
    assert {walk.mailbox.next().to, walk.mailbox.next().to} == {email, new}

    table, key, name = walk.of(("contacts", "21", "email"), ("Customer", "12", "Email"))
    steps = walk.left_in_any_order(
        [SIGNED_IN, RECEIVED, "sessions_ended", DELIVERED, *["address_change"] * 4],
        {email: 3, new: 2},
    )
    assert steps[0] == SIGNED_IN
    assert walk.changed() == {(table, key, name): (email, new)}


def says_yes(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("radio", name="Yes, that was me").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Thank you, we are changing it now")).to_be_visible()


# --- erasure (17): later, and not after all --------------------------------------------------


def test_she_has_it_erased_later_and_keeps_it_after_all(walk: Walk) -> None:
    email = walk.of("melissakhan@mail.example", "fernadaramos4@uol.com.br")
    hers = walk.of(("newsletter", "offers", "workshops"), ())
    before = walk.company.crm.look()
    walk.come_in(email, Goal.ERASE)
    walk.page.get_by_label("In 48 hours").check()
    walk.page.get_by_role("button", name="Delete my data").click()
    expect(walk.page.get_by_text("We stopped everything now.")).to_be_visible(timeout=SLOW)

    stopped = {("subscriptions", f"30,{name}", "active"): False for name in hers}
    assert walk.now("active") == stopped
    assert walk.now("restricted") == walk.of({("contacts", "30", "restricted"): True}, {})
    assert walk.touched() == walk.of(
        {("contacts", "30"), *(cell[:2] for cell in stopped)}, set()
    ), "stopped and kept, and nothing is erased"

    walk.page.get_by_role("button", name="I changed my mind").click()
    expect(walk.page.get_by_text("Deletion taken back")).to_be_visible()
    walk.is_done()
    expect(walk.page.locator("#along").get_by_text("done")).to_have_count(len(hers))
    assert walk.now("active") == {}
    assert walk.now("restricted") == {}
    for table, key in walk.touched():  # what she gave again is evidence of today
        assert (table, key) in {cell[:2] for cell in stopped}
    assert before.keys() == walk.company.crm.look().keys()

    stops = len(hers) + walk.of(1, 0)  # her mailings, and the mark "keep, do not use"
    asked = [RECEIVED] * (1 + stops) + [DELIVERED] * stops
    kept = [RECEIVED, DELIVERED, *[RECEIVED] * len(hers), *[DELIVERED] * stops]
    walk.left([SIGNED_IN, *asked, *kept], {email: 1})
    assert walk.mailbox.is_empty(), "one mail for one deed"
