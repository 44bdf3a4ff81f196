"""E11: who received her data is told of an erasure, a correction and a restriction; she sees it."""

from datetime import timedelta
from html import unescape

import pytest

from portal.demo.settings import CONFIG
from portal.domain.register_file import read_register
from portal.rights.cases.casebook import Outcome
from tests.desks import add_operator, at_the_desk
from tests.laters import back, keep, later, wait
from tests.portals import MARIJKE
from tests.recovering import Recovering

DRIVER = 'name = "Bezorgdienst De Snelle Egel (verzonnen)"'
TOLD = 'id = "driver"\ntell = true'
DAY = ("birth_date-day", "birth_date-month", "birth_date-year")
NAME = "Administratiekantoor Kwartjes &amp; Stuivers (verzonnen)"


def open_cases(recovering: Recovering) -> list[str]:
    """References of the open cases of this kind."""
    found = recovering.office.portal.services.desk.casework.all_open()
    return [brief.reference for brief, _ in found if brief.kind == "recipient"]


def test_e11_an_erasure_makes_a_case_for_each_that_the_register_says_is_told(
    recovering: Recovering,
) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    place = visitor.submit(visitor.get("/me/erase"), "/me/erase").location
    recovering.office.work()

    (reference,) = open_cases(recovering)
    page = visitor.get(place).text
    assert "Others who received your data" in page
    assert NAME in page
    assert "not told yet" in page
    assert "Yes, it is done." in page, "the erasure itself is"
    desk = recovering.office.portal.services.desk
    number = at_the_desk(recovering.office, add_operator(recovering.office)).operator_id
    case = desk.casework.look(number, reference)
    assert case is not None
    assert case.written is not None
    assert (case.written.message, case.written.contact) == (unescape(NAME), MARIJKE)
    assert case.right == "erase"
    assert desk.casework.close(number, reference, Outcome.DONE)
    assert ">told<" in visitor.get(place).text


def test_e11_of_an_erasure_that_waits_they_are_told_once_it_is_done(
    recovering: Recovering,
) -> None:
    visitor, place = later(recovering)
    recovering.office.work()
    assert open_cases(recovering) == []
    assert "is told once it is done" in visitor.get(place).text
    wait(recovering)
    assert len(open_cases(recovering)) == 1


def test_e11_of_an_erasure_that_was_taken_back_nobody_is_told(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    keep(visitor, place)
    wait(recovering, timedelta(days=4))
    assert open_cases(recovering) == []


@pytest.mark.parametrize(("field", "told"), [("phone", 1), ("birth_date", 0)])
def test_e11_a_correction_is_told_to_those_who_received_that(
    recovering: Recovering, field: str, told: int
) -> None:
    text = (CONFIG / "register.toml").read_text("utf-8").replace(DRIVER, f"{DRIVER}\n{TOLD}")
    recipients = recovering.office.portal.services.rights.recipients
    vars(recipients)["_register"] = read_register(text, ["nl", "en"])
    typed = {
        "phone": {"phone": "06 11111111"},
        "birth_date": dict(zip(DAY, ("2", "1", "1950"), strict=True)),
    }
    recovering.correct(back(recovering), **typed[field])
    recovering.office.work()
    assert len(open_cases(recovering)) == told


def test_e11_a_restriction_is_told_as_well(recovering: Recovering) -> None:
    visitor = back(recovering)
    token = visitor.get("/me/restrict").fields["csrf_token"]
    place = visitor.post("/me/restrict", csrf_token=token, on="yes").location
    recovering.office.work()
    assert len(open_cases(recovering)) == 1
    page = visitor.get(place).text
    assert NAME in page
    assert "Yes, it is done." in page


def test_e11_whoever_only_looks_or_stops_a_mailing_tells_nobody(recovering: Recovering) -> None:
    recovering.decide(back(recovering), "newsletter", "no")
    assert open_cases(recovering) == []


def test_a_request_says_when_each_step_was_and_until_when_the_law_gives_us(
    recovering: Recovering,
) -> None:
    visitor = back(recovering)
    recovering.correct(visitor, phone="06 11111111")
    listed = visitor.get("/me/requests").text
    place = listed.partition('href="/me/requests/')[2].partition('"')[0]
    page = visitor.get(f"/me/requests/{place}").text
    assert "received: 2 March 2026 13:00" in page
    assert "The law gives us until 2 April 2026." in page
    recovering.office.clock.advance(minutes=3)
    recovering.office.work()
    page = visitor.get(f"/me/requests/{place}").text
    assert "passed on: 2 March 2026 13:03" in page
    assert "checked: 2 March 2026 13:03" in page
    assert "The law gives us" not in page
    assert "Ask us about this" in page
