"""A session that ends while somebody types: what she typed is there when she is back, for her."""

from datetime import timedelta

import pytest

from tests.portals import MARIJKE, Office, Page, Visitor
from tests.unseen import Watched

HENDRIK = "hendrik.bosman@example.com"
COOKIE = "portal-draft"
TYPED = {"phone": "06 10004820", "city": "Zaltbommel", "birth_date-year": "1950"}
BACK = "What you typed is here again"


def away(visitor: Visitor, office: Office, **typed: str) -> Page:
    """She types, is away too long, and sends the form."""
    form = visitor.get("/me/correct")
    office.clock.advance(hours=2)
    return visitor.submit(form, "/me/correct", **(typed or TYPED))


def back(visitor: Visitor, office: Office, email: str = MARIJKE, goal: str = "view") -> Page:
    """She signs in again, and goes where that leads."""
    asked = visitor.ask(email, goal)
    answer = visitor.submit(asked, "/signin/code", code=office.next_mail().code)
    visitor.token = answer.response.headers.get("Portal-Session", visitor.token)
    return visitor.get(answer.location)


def test_in_a_tab_it_waits_in_a_sealed_cookie_and_comes_back(office: Office) -> None:
    visitor = office.visitor().sign_in(office)

    page = away(visitor, office)
    assert page.status == 401
    assert page.heading == "Please ask for a new code"
    assert "comes back once you have signed in" in page.text
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert "Zaltbommel" not in cookie.value

    form = back(visitor, office)
    assert form.heading == "Correct my data"
    assert BACK in form.text
    assert {name: form.fields[name] for name in TYPED} == TYPED
    assert form.fields["birth_date-day"] == "8"
    assert office.contact()["city"] == "Tiel", "nothing is saved by that"

    checked = visitor.submit(form, "/me/correct")
    assert "<ins>Zaltbommel</ins>" in checked.text
    assert visitor.client.get_cookie(COOKIE) is None, "it stands in the page again"
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    office.work()
    row = office.contact()
    assert (row["city"], row["birth_date"]) == ("Zaltbommel", "1950-03-08")


def test_the_link_of_the_mail_in_another_tab_brings_it_back_as_well(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    away(visitor, office)

    visitor.ask()
    mail = office.next_mail()
    visitor.submit(visitor.get(mail.path), "/enter", token=mail.token)

    assert visitor.get("/me/correct").fields["city"] == "Zaltbommel"


def test_in_the_frame_it_waits_in_the_page_and_comes_back_by_a_header(office: Office) -> None:
    visitor = Watched(office.app, frame="demo")
    visitor.sign_in(office)

    page = away(visitor, office)
    assert page.status == 401
    assert "Set-Cookie" not in page.response.headers
    draft = page.text.partition('data-draft="')[2].partition('"')[0]
    headers = {"Portal-Draft": draft}
    asked = visitor.ask()
    answer = visitor.send(
        "/signin/code",
        data={**asked.fields, "code": office.next_mail().code},
        headers=headers,
    )
    visitor.token = answer.response.headers["Portal-Session"]
    assert answer.location == "/me/correct"

    form = visitor.get(answer.location, headers=headers)
    assert {name: form.fields[name] for name in TYPED} == TYPED
    checked = visitor.send("/me/correct", data=form.fields, headers=headers)
    assert "<ins>Zaltbommel</ins>" in checked.text
    assert checked.response.headers["Portal-Draft"] == "", "the script forgets it"


def test_whoever_signs_in_after_her_finds_nothing_of_it(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    away(visitor, office)

    page = back(visitor, office, HENDRIK)

    assert "Zaltbommel" not in page.text
    assert "Zaltbommel" not in visitor.get("/me/correct").text


def test_after_an_hour_it_is_nothing_any_more(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    away(visitor, office)
    office.clock.advance(seconds=timedelta(hours=1, seconds=1).total_seconds())

    page = back(visitor, office)

    assert BACK not in page.text
    assert "Zaltbommel" not in page.text


def test_what_is_damaged_is_nothing(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    visitor.client.set_cookie(COOKIE, "x" * 50, domain="localhost")

    form = visitor.get("/me/correct")

    assert form.status == 200
    assert BACK not in form.text


def test_what_is_too_long_to_be_kept_is_shown_to_be_copied(office: Office) -> None:
    visitor = office.visitor().sign_in(office)

    page = away(visitor, office, city="y" * 9000)

    assert page.status == 401
    assert "copy it before you go on" in page.text
    assert "y" * 9000 in page.text
    assert visitor.client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("seen", ["", "x"])
def test_a_form_that_nobody_was_shown_keeps_nothing(office: Office, seen: str) -> None:
    visitor = office.visitor()

    page = visitor.post("/me/correct", seen=seen, city="Zaltbommel")

    assert page.status == 401
    assert visitor.client.get_cookie(COOKIE) is None
    assert "Zaltbommel" not in page.text


def test_a_form_from_before_she_signed_in_again_is_hers_to_send_once_more(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    form = visitor.get("/me/correct")
    office.clock.advance(hours=2)
    visitor.sign_in(office)  # in another tab of the same browser

    page = visitor.submit(form, "/me/correct", city="Zaltbommel", step="save")

    assert page.status == 400
    assert BACK in page.text
    assert page.fields["city"] == "Zaltbommel"
    assert "request_received" not in office.events()
    checked = visitor.submit(page, "/me/correct")
    assert "<ins>Zaltbommel</ins>" in checked.text


def test_a_form_of_another_who_was_signed_in_here_is_not_brought_back(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    form = visitor.get("/me/correct")
    visitor.sign_in(office, HENDRIK)

    page = visitor.submit(form, "/me/correct", city="Zaltbommel")

    assert page.status == 400
    assert "Zaltbommel" not in page.text
