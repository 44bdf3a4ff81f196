"""While a system is away, what is not known is not made up, and stopping never has to wait."""

import pytest
from sqlalchemy import text

from portal.adapters.contract import Unreachable
from tests.portals import MARIJKE, Office, StartOffice, Visitor, logged
from tests.servers.mail import MailServer

DONE = "Yes, it is done"
STRANGER = "nobody@example.org"
WRONG = "AAAA-AAAA"


def decide(visitor: Visitor, purpose: str, granted: str) -> str:
    token = visitor.get("/me/consents").fields["csrf_token"]
    return visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted).location


def test_what_is_not_known_is_called_so_and_can_be_stopped(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = office.visitor().sign_in(office)
    (adapter,) = office.portal.adapters.values()

    def away(_email: str) -> None:
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(adapter, "find", away)
        page = visitor.get("/me/consents").text
        assert page.count("not known just now") == 4
        assert page.count("Stop this") == 4
        assert "Yes, I want this (again)" not in page
        place = decide(visitor, "newsletter", "no")
    office.work()

    assert DONE in visitor.get(place).text


@pytest.mark.parametrize("damage", ["attempts = 100", "payload_sealed = 'x'"])
def test_a_job_that_cannot_be_done_any_more_is_told_as_not_done(
    office: Office, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = office.visitor().sign_in(office)
    place = decide(visitor, "newsletter", "no")
    with office.database.unit("test") as unit:
        unit.session.execute(text(f"UPDATE jobs SET {damage} WHERE kind = 'delivery'"))
        unit.commit()
    office.work()

    page = visitor.get(place).text
    assert "It did not work by itself" in page
    assert "data-poll" not in page
    assert office.events()[-1] == "delivered"
    assert "given up" in logged(caplog)


def test_a_consent_that_no_system_could_take_is_not_called_given(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.work()

    place = decide(visitor, "newsletter", "yes")
    office.work()

    assert DONE not in visitor.get(place).text
    page = visitor.get("/me/consents").text
    assert '<span class="tag good">' not in page


def test_a9_a_mail_server_that_is_away_tells_no_stranger_who_is_known(
    start_office: StartOffice, smtp_busy: MailServer
) -> None:
    office = start_office(mail=smtp_busy)
    office.mail.port  # noqa: B018  the relay of this office is the next line's
    mailer = office.portal.worker._handlers["proof_mail"]._mailer  # type: ignore[attr-defined]
    object.__setattr__(mailer._relay, "port", 1)  # nobody listens there
    visitors = {}
    for email in (MARIJKE, STRANGER):
        for _ in range(2):
            visitor = office.visitor()
            visitors[visitor] = visitor.ask(email)
    seen = []
    for _ in range(8):
        office.work()
        office.clock.advance(minutes=9)
        answers = [
            visitor.submit(page, "/signin/code", code=WRONG).status
            for visitor, page in visitors.items()
        ]
        seen.append(set(answers))

    assert all(len(answers) == 1 for answers in seen), seen


def test_a9_a_strangers_question_does_not_show_that_the_person_signed_in(office: Office) -> None:
    stranger = office.visitor()
    asked = stranger.ask(MARIJKE)
    spied = office.next_mail()
    office.visitor().sign_in(office)

    assert stranger.submit(asked, "/signin/code", code=WRONG).status == 422
    assert stranger.submit(asked, "/signin/code", code=spied.code).status == 422, "void"


def test_a_big_record_can_be_corrected(office: Office) -> None:
    office.crm("UPDATE contacts SET street = ? WHERE id = 1", "x" * 9000)
    visitor = office.visitor().sign_in(office)

    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone="06 10004820")

    assert "Yes, save" in checked.text


def test_the_code_page_and_the_link_are_of_the_site_where_it_was_asked(office: Office) -> None:
    visitor = office.visitor()
    asked = visitor.ask(site="other")
    link = visitor.get(office.next_mail().path)
    again = visitor.submit(asked, "/signin/code", code=WRONG)

    for page in (asked, link, again):
        assert "https://wholesale.example/" in page.text
        assert "De Late Merel Wholesale" in page.text
    assert 'href="/?site=other&amp;lang=nl"' in again.text


def test_a_form_that_is_too_big_gets_its_page_also_when_nobody_is_signed_in(office: Office) -> None:
    answer = office.visitor().post("/signin", email="x" * 300_000)

    assert answer.status == 413
    assert "too much at once" in answer.heading


def test_an_address_whose_domain_the_crm_holds_in_letters_is_found(office: Office) -> None:
    office.crm("UPDATE contacts SET email = 'marijke@bücher.example' WHERE id = 1")
    visitor = office.visitor().sign_in(office, "marijke@bücher.example")

    assert "Lindelaan" in visitor.get("/me").text


def test_values_that_a_database_keeps_with_blanks_behind_them_can_be_corrected_and_erased(
    office: Office,
) -> None:
    office.crm("UPDATE contacts SET country = 'B ' WHERE id = 1")
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.work()

    (row,) = office.crm("SELECT email FROM contacts WHERE id = 1")
    assert not row["email"]
