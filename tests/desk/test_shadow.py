"""What a system in shadow would have done is on the desk: in words, and with no value."""

from datetime import date

import pytest

from tests.desks import Person, sit_down
from tests.portals import MARIJKE, Office, StartOffice
from tests.rights.wishes import CORRECTION, ERASURE, PHONE, WITHDRAWAL


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return start_office(adapters={"crm": {"shadow_until": date(2026, 3, 4)}})


def test_the_desk_says_what_would_have_been_done_until_the_day_has_passed(
    office: Office, anna: Person
) -> None:
    visitor = ERASURE.signed_in(office)
    places = [wish.ask(visitor) for wish in (CORRECTION, WITHDRAWAL, ERASURE)]
    office.work()

    page = sit_down(office, anna).get("/operator").text
    assert "Shadow mode up to and including 4 March 2026" in page
    for place, words in zip(
        places,
        ("Correction</a>: Phone number", "Consent withdrawn</a>: ", "Erasure</a>: "),
        strict=True,
    ):
        request_id = place.rpartition("/")[2]
        assert f'/operator/requests/{request_id}">{words}' in page
    assert "Your name and how we reach you" in page
    for value in (PHONE, MARIJKE):
        assert value not in page

    office.clock.advance(days=3)
    office.work()
    assert "Shadow mode" not in sit_down(office, anna).get("/operator").text
