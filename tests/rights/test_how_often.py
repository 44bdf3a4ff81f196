"""Item 8: less of a mailing, only where every system can keep to it; a link never makes it more."""

import pytest

from portal.consent.record import history_of
from portal.consent.sources import Method
from portal.store.tables import Frequency
from tests.footers import HENDRIK, rights, token_of, written
from tests.less_and_pause import by_link, every
from tests.mailings import decide, decided, send, state, undo
from tests.portals import Office, Page, StartOffice, Visitor


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def less(visitor: Visitor, frequency: str, purpose: str = "newsletter") -> Page:
    return send(visitor, "/me/consents/less", purpose=purpose, frequency=frequency)


def test_item_8_she_chooses_how_often_and_it_is_read_back(office: Office, marijke: Visitor) -> None:
    page = marijke.get("/me/consents")
    assert "It comes: Every month." in page.text
    assert ">Every season</option>" in page.text
    before = state(office)
    place = less(marijke, "seasonal").location
    office.work()

    assert every(office) == [91]
    assert state(office) == before
    assert "Yes, it is done" in marijke.get(place).text
    assert "It comes: Every season." in marijke.get("/me/consents").text
    assert rights(office) == ["less"]
    assert decided(office) == [], "no consent, and no stop"
    less(marijke, "monthly")
    office.work()
    assert every(office) == [30], "whoever is signed in can have more again"


def test_item_8_the_history_says_it_with_the_words_of_then(
    office: Office, marijke: Visitor
) -> None:
    less(marijke, "yearly")
    office.clock.advance(minutes=1)
    by_link(office, "less", frequency="seasonal")
    with office.database.reading() as db:
        (subject,) = {row.subject_id for row in db.query(Frequency)}
        last, first = history_of(db, subject)
    assert (first.frequency, first.method, first.wording) == ("yearly", Method.PAGE, "Once a year")
    assert (last.frequency, last.method, last.actor) == ("seasonal", Method.FOOTER_LINK, "link")
    assert "“Once a year”" in marijke.get("/me/consents/history").text


def test_item_8_a_link_makes_it_less_and_never_more(office: Office) -> None:
    page = by_link(office, "less", frequency="yearly")
    assert (page.status, page.heading) == (200, "Less often")
    office.work()
    assert every(office) == [365]
    by_link(office, "less", frequency="seasonal")
    office.work()
    assert every(office) == [365]
    assert by_link(office, "less", frequency="monthly").status == 400, "that is the most"


def test_item_8_a_link_starts_nothing(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 0")
    before, rows = state(office), written(office)
    assert by_link(office, "less", frequency="yearly").heading == "This was off already"
    assert written(office) == rows
    office.work()
    assert state(office) == before
    assert every(office) == [30]


def test_item_8_of_two_records_the_one_that_is_off_stays_as_it_is(office: Office) -> None:
    before, often = state(office, HENDRIK), every(office, HENDRIK)
    by_link(office, "less", HENDRIK, frequency="seasonal")
    office.work()
    assert state(office, HENDRIK) == before
    on = [one for (_, mailing), one in sorted(before.items()) if mailing == "newsletter"]
    wanted = [91 if one else was for one, was in zip(on, often, strict=True)]
    assert every(office, HENDRIK) == wanted


def test_item_8_what_is_stopped_before_it_was_passed_on_stays_stopped(
    office: Office, marijke: Visitor
) -> None:
    less(marijke, "yearly")
    place = decide(marijke, "newsletter", "no").location
    office.work()
    assert state(office)[1, "newsletter"] == 0
    undo(marijke, place)
    office.work()
    assert state(office)[1, "newsletter"] == 1


def test_c6_how_often_survives_a_stop_and_its_undoing(office: Office, marijke: Visitor) -> None:
    less(marijke, "yearly")
    office.work()
    undo(marijke, decide(marijke, "newsletter", "no").location)
    office.work()
    assert every(office) == [365]


@pytest.mark.parametrize("purpose", ["offers", "workshops"])
def test_item_8_what_no_system_can_keep_to_is_not_offered(
    office: Office, marijke: Visitor, purpose: str
) -> None:
    assert marijke.get("/me/consents").text.count('name="frequency"') == 1
    assert less(marijke, "yearly", purpose).status == 400
    page = office.visitor().get(f"/u/{token_of(office, mailing=purpose)}")
    assert 'name="frequency"' not in page.text
    assert by_link(office, "less", mailing=purpose, frequency="yearly").status == 400


def test_item_8_what_only_one_of_two_systems_can_is_not_offered(
    start_office: StartOffice,
) -> None:
    held = {
        "adapter": "sql",
        "label": {"nl": "Mail", "en": "Mail"},
        "location": {"entity": "Somebody", "hosting": "NL"},
        "url": "sqlite:///crm.sqlite",
        "table": "contacts",
        "email": "email",
        "consents": {"newsletter": {"column": "restricted"}},
    }
    office = start_office(adapters={"second": held})
    marijke = office.visitor().sign_in(office)

    assert 'name="frequency"' not in marijke.get("/me/consents").text
    assert less(marijke, "yearly").status == 400


@pytest.mark.parametrize("made_up", ["", "daily", "\x00", "30"])
def test_item_8_an_unknown_frequency_is_refused(
    office: Office, marijke: Visitor, made_up: str
) -> None:
    assert less(marijke, made_up).status == 400
    assert by_link(office, "less", frequency=made_up).status == 400
    assert rights(office) == []
