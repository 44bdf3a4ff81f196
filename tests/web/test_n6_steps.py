"""N6: each step of a change of address, skipped, reordered, repeated or taken by somebody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.movings import (
    DAYS,
    HOURS,
    NEW,
    address,
    asks,
    came_in,
    change,
    changed,
    deliveries,
    ends,
    open_sessions,
    pending,
    proves,
    says,
    signed_in,
)
from tests.portals import MARIJKE, Letter, Office, Page, StartOffice, Visitor, logged

OTHER = "marijke.ander@example.net"
WRONG = "AAAA-AAAA"


def unchanged(office: Office) -> bool:
    """Whatever is due is done, also a day later, and nothing has happened."""
    office.work()
    office.clock.advance(hours=HOURS)
    office.work()
    return address(office) == MARIJKE and deliveries(office) == []


# --- skipped and reordered -----------------------------------------------------------------------


@pytest.mark.parametrize("goal", ["view", "copy", "erase"])
def test_n6_no_proof_for_just_this_no_change(office: Office, goal: str) -> None:
    visitor = office.visitor().sign_in(office, goal=goal)
    page = visitor.get("/me/address")
    assert "Send me the e-mail" in page.text

    token = page.fields["csrf_token"]
    assert visitor.post("/me/address", csrf_token=token, email=NEW).status == 403
    assert ends(office) == []


def test_n6_a_proof_that_is_old_is_none(office: Office) -> None:
    visitor = signed_in(office)
    token = visitor.get("/me/address").fields["csrf_token"]
    office.clock.advance(minutes=6)
    assert visitor.post("/me/address", csrf_token=token, email=NEW).status == 403


def test_n6_from_another_goal_one_mail_proves_it(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    page = visitor.get("/me/address")
    confirm = visitor.submit(page, "/me/confirm", goal="address")
    mail = office.next_mail()
    assert "to change your e-mail address" in mail.text
    assert confirm.location == mail.path
    proven = visitor.submit(visitor.get(mail.path), "/confirm", token=mail.token)
    assert proven.location == "/me/address"
    assert asks(visitor).heading == "Is this your new e-mail address?"


def test_n6_in_the_frame_it_never_finishes(office: Office) -> None:
    frame = office.visitor(frame="demo").sign_in(office)
    page = frame.get("/me/address")
    assert "The link in it opens a tab of its own" in page.text
    assert frame.post("/me/address", email=NEW).status == 403
    mail = pending(office, "nadia.guit@post.example")
    for path in (f"/address/new?t={change(office).id}", mail.path):
        assert frame.get(path).status == 410
    assert (
        frame.post("/address/old", t=mail.reference, token=mail.token, answer="yes").status == 410
    )


def test_n6_without_the_code_of_the_new_mailbox_nothing_happens(office: Office) -> None:
    asks(signed_in(office))
    office.next_mail()
    assert unchanged(office)
    assert came_in(office) == [], "the old mailbox hears of nothing that is not proven"
    office.portal.services.rights.changing.asking.forget()
    assert ends(office) == ["lapsed"]
    assert change(office).addresses_sealed is None


def test_n6_the_code_has_five_tries_and_then_no_more(office: Office) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    right = office.next_mail().code
    for _ in range(4):
        wrong = visitor.submit(page, "/address/new", code=WRONG)
        assert wrong.status == 422
        assert "That is not the code" in wrong.text
    assert visitor.submit(page, "/address/new", code=WRONG).status == 410
    assert visitor.submit(page, "/address/new", code=right).status == 410
    assert unchanged(office)


def test_n6_a_code_is_good_for_its_time_and_once(office: Office) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    mail = office.next_mail()
    office.clock.advance(minutes=10)
    assert visitor.submit(page, "/address/new", code=mail.code).status == 410


def test_n6_a_code_for_signing_in_proves_no_new_address_nor_the_other_way_round(
    office: Office,
) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    mail = office.next_mail()
    asked = office.visitor().ask()
    signin = office.next_mail()

    assert visitor.submit(page, "/address/new", code=signin.code).status == 422
    assert office.visitor().submit(asked, "/signin/code", code=mail.code).status == 422
    for path in ("/enter", "/confirm"):
        assert office.visitor().get(f"{path}?t={mail.reference}").status == 410
    fields = {**page.fields, "t": mail.reference, "token": mail.token, "answer": "yes"}
    assert visitor.post("/address/old", **fields).status == 410
    assert unchanged(office)


def test_n6_the_new_mailbox_cannot_say_yes_for_the_old_one(office: Office) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    mail = office.next_mail()
    visitor.submit(page, "/address/new", code=mail.code)
    old = office.next_mail()

    fields = {"t": old.reference, "token": mail.token, "answer": "yes"}
    assert office.visitor().post("/address/old", **fields).status == 410
    assert office.visitor().post("/address/old", **{**fields, "t": mail.reference}).status == 410
    office.work()
    assert address(office) == MARIJKE
    assert change(office).vouched_at is None


@pytest.mark.parametrize("answer", ["back", "leave"])
def test_n6_what_has_not_changed_cannot_be_taken_back(office: Office, answer: str) -> None:
    mail = pending(office)
    assert says(office, mail, answer).status == 409
    assert ends(office) == [None]


def test_n6_what_is_no_answer_is_refused(office: Office) -> None:
    mail = pending(office)
    assert says(office, mail, "maybe").status == 400
    asked = says(office, mail, "")
    assert asked.status == 422
    assert "Choose one of the two." in asked.text
    assert ends(office) == [None]


# --- scanners, other browsers, no script ---------------------------------------------------------


def test_n6_a_scanner_that_looks_at_every_link_and_presses_every_button_changes_nothing(
    office: Office,
) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    new = office.next_mail()
    for _ in range(3):
        scanner = office.visitor()
        looked = scanner.get(new.path)
        pressed = scanner.submit(looked, "/address/new", token=new.token)
        assert "You asked in another browser" in pressed.text
        assert scanner.client.head(new.path).status_code == 200
    old = proves_again(office, visitor, page, new)
    for _ in range(3):
        scanner = office.visitor()
        looked = scanner.get(old.path)
        assert scanner.submit(looked, "/address/old", token=old.token).status == 422
    office.work()
    assert (address(office), ends(office)) == (MARIJKE, [None])
    assert change(office).vouched_at is None


def proves_again(office: Office, visitor: Visitor, page: object, mail: Letter) -> Letter:
    answer = visitor.post("/address/new", **{**_fields(visitor, mail), "code": mail.code})
    assert answer.status == 303, answer.text
    return office.next_mail()


def _fields(visitor: Visitor, mail: Letter) -> dict[str, str]:
    return {**visitor.get(mail.path).fields, "t": mail.reference}


def test_n6_the_mail_alone_suffices_in_another_browser_without_a_session(office: Office) -> None:
    asks(signed_in(office))
    mail = office.next_mail()
    phone = office.visitor()

    page = phone.get(mail.path)
    proven = phone.submit(page, "/address/new", code=mail.code)

    assert proven.status == 303
    shown = phone.get(proven.location)
    assert shown.heading == "The new e-mail address is yours"
    assert MARIJKE not in shown.text, "whoever has the new mailbox need not know the old one"
    assert phone.get("/me").status == 401, "it signs nobody in"
    assert phone.get(proven.location).heading == shown.heading, "it survives a reload"


def test_n6_the_link_of_the_browser_that_asked_needs_no_code(office: Office) -> None:
    visitor = signed_in(office)
    asks(visitor)
    mail = office.next_mail()
    proven = visitor.submit(visitor.get(mail.path), "/address/new", token=mail.token)
    assert proven.status == 303
    assert office.next_mail().to == (MARIJKE,)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_n6_without_javascript_the_code_of_the_mail_answers(office: Office, answer: str) -> None:
    mail = pending(office)
    visitor = office.visitor()
    page = visitor.get(mail.path)
    assert visitor.submit(page, "/address/old", answer=answer).status == 422
    wrong = visitor.submit(page, "/address/old", answer=answer, code=WRONG)
    assert wrong.status == 422

    said = visitor.submit(page, "/address/old", answer=answer, code=mail.code)
    office.work()

    assert said.status == 200
    assert address(office) == (NEW if answer == "yes" else MARIJKE)


def test_n6_guessing_the_code_of_the_old_mailbox_does_not_use_up_its_link(office: Office) -> None:
    mail = pending(office)
    visitor = office.visitor()
    page = visitor.get(mail.path)
    for _ in range(6):
        visitor.submit(page, "/address/old", answer="no", code=WRONG)
    assert says(office, mail, "no").heading == "It is stopped"


# --- repeated, in parallel, in two tabs -----------------------------------------------------------


def test_n6_a_new_change_replaces_the_one_before(office: Office) -> None:
    visitor = signed_in(office)
    first, mail = asks(visitor), office.next_mail()
    second = asks(visitor, OTHER)

    assert visitor.submit(first, "/address/new", code=mail.code).status in {410, 422}
    old = proves(office, visitor, second)
    says(office, old, "yes")
    office.work()

    assert ends(office) == ["replaced", "effective"]
    assert address(office) == OTHER


def test_n6_a_change_that_is_replaced_after_its_proof_is_dropped_too(office: Office) -> None:
    visitor = signed_in(office)
    old = proves(office, visitor, asks(visitor))
    asks(visitor, OTHER)
    office.next_mail()

    assert says(office, old, "yes").status == 410
    assert unchanged(office)


def test_n6_two_tabs_that_prove_and_answer_are_one_change(office: Office) -> None:
    visitor = signed_in(office)
    page = asks(visitor)
    mail = office.next_mail()
    assert visitor.submit(page, "/address/new", code=mail.code).status == 303
    assert visitor.submit(page, "/address/new", code=mail.code).status == 303
    old = office.next_mail()
    assert came_in(office) == []

    assert says(office, old, "yes").heading == "Thank you, we are changing it now"
    assert says(office, old, "no").heading == "It is stopped", "she changed her mind in time"
    assert says(office, old, "yes").heading == "It is stopped"
    assert unchanged(office)


@pytest.mark.parametrize("answers", [["yes"] * 4, ["no"] * 4, ["yes", "no", "yes", "no"]])
def test_n6_answers_at_the_same_moment_have_one_outcome(office: Office, answers: list[str]) -> None:
    mail = pending(office)
    at_once(office, mail, answers)
    office.work()

    assert ends(office) in (["effective"], ["stopped"])
    assert (address(office) == NEW) is (ends(office) == ["effective"])
    assert len(came_in(office)) == 2


def test_n6_taken_back_at_the_same_moment_it_is_taken_back_once(office: Office) -> None:
    told, _ = changed(office)
    at_once(office, told, ["back"] * 4)
    office.work()

    assert address(office) == MARIJKE
    assert deliveries(office) == [("confirmed", None)] * 2
    assert len(came_in(office)) == 2


def at_once(office: Office, mail: Letter, answers: list[str]) -> None:
    together = Barrier(len(answers))

    def answer(said: str) -> int:
        visitor = office.visitor()
        fields = {**visitor.get(mail.path).fields, "t": mail.reference, "token": mail.token}
        together.wait()
        return visitor.post("/address/old", **{**fields, "answer": said}).status

    with ThreadPoolExecutor(len(answers)) as pool:
        statuses = list(pool.map(answer, answers))
    assert set(statuses) <= {200, 409, 410}


# --- what is said --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter your e-mail address"),
        ("two@example.org, more@example.org", "Enter your e-mail address"),
        ("Marijke <m@example.org>", "Enter your e-mail address"),
        (MARIJKE.upper(), "This is the e-mail address that we have already."),
    ],
)
def test_n6_what_is_no_other_address_is_said_beside_the_field(
    office: Office, typed: str, words: str
) -> None:
    visitor = signed_in(office)
    page = visitor.submit(visitor.get("/me/address"), "/me/address", email=typed)
    assert page.status == 422
    assert words in page.text
    assert 'aria-invalid="true"' in page.text
    assert ends(office) == []


def test_n6_an_address_of_any_script_is_taken_in_its_one_form(office: Office) -> None:
    visitor = signed_in(office)
    old = proves(office, visitor, asks(visitor, " Marijke@Bücher.example "))
    says(office, old, "yes")
    office.work()
    assert address(office) == "Marijke@xn--bcher-kva.example"


def test_a10_how_many_mails_she_may_ask_for_is_hers_and_is_said(start_office: StartOffice) -> None:
    office = start_office(limits={"change_mails_hour": 4, "confirms_per_hour": 3})
    visitor = signed_in(office)
    page = visitor.get("/me/address")
    assert "We send at most 4 such e-mails an hour to one address." in page.text
    for _ in range(3):
        asks(visitor)
        office.work()
    refused = visitor.submit(page, "/me/address", email=NEW)
    assert refused.status == 429
    assert "as many e-mails as we send in one hour" in refused.text
    assert came_in(office) == [(NEW,)] * 3


HENDRIK = "hendrik.bosman@example.com"


def test_a10_what_others_ask_for_takes_no_mail_from_who_signs_in(office: Office) -> None:
    visitor = signed_in(office)
    for _ in range(4):
        asks(visitor, HENDRIK)
        office.work()
    assert came_in(office) == [(HENDRIK,)] * 3, "and no more than that"

    for _ in range(4):
        office.visitor().ask(HENDRIK)
    assert came_in(office) == [(HENDRIK,)] * 3, "six in an hour, whoever asks for what"


def test_a10_whether_an_address_has_had_its_mails_is_not_told(office: Office) -> None:
    for _ in range(4):
        office.visitor().ask(HENDRIK)
    came_in(office)
    visitor = signed_in(office)
    pages = [asks(visitor, to) for to in [HENDRIK] * 4]
    office.work()
    came_in(office)

    def alike(page: Page) -> str:
        return re.sub(r'(nonce|value)="[^"]*"', "", page.text.replace(page.fields["t"], ""))

    assert {page.status for page in pages} == {200}
    assert len({alike(page) for page in pages}) == 1
    tried = [visitor.submit(page, "/address/new", code="AAAA-AAAA") for page in pages]
    assert len({(one.status, alike(one)) for one in tried[-2:]}) == 1


def test_n6_no_address_stands_in_a_log_a_link_or_a_path(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    told, _ = changed(office)
    says(office, told, "back")
    office.work()
    for one in (NEW, MARIJKE):
        assert one not in logged(caplog)
    for mail in office.mails():
        assert "@" not in mail.text.partition("http")[2].partition("\n")[0]


def test_a15_links_of_before_open_nothing_after_a_change(office: Office) -> None:
    stranger = office.visitor()
    asked = stranger.ask()
    before = office.next_mail()
    mail = pending_after(office)
    says(office, mail, "yes")
    office.work()

    assert stranger.submit(asked, "/signin/code", code=before.code).status in {410, 422}
    assert open_sessions(office) == 0


def pending_after(office: Office) -> Letter:
    """The same, where a mail for signing in was asked for in another browser just before."""
    visitor = office.visitor()
    asked = visitor.ask(goal="address")
    answer = visitor.submit(asked, "/signin/code", code=office.next_mail().code)
    assert answer.status == 303
    return proves(office, visitor, asks(visitor))


def test_n6_a_change_that_is_over_is_forgotten(office: Office) -> None:
    changed(office)
    asking = office.portal.services.rights.changing.asking
    office.clock.advance(days=DAYS)
    asking.forget()
    assert ends(office) == ["effective"]
    office.clock.advance(days=1)
    asking.forget()
    assert ends(office) == []
