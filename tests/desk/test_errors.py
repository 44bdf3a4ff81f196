"""What goes wrong at the desk is told there, in its own page, with a way back."""

import shutil

import pytest

from portal.sync.alarms import AlarmKind, raise_alarm
from tests.desks import Person, sit_down
from tests.portals import Office


@pytest.mark.parametrize(
    "path", ["/operator/requests/nothing", "/operator/replay", "/operator/nowhere"]
)
def test_an_error_leads_back_to_the_desk(office: Office, anna: Person, path: str) -> None:
    page = sit_down(office, anna).get(path)

    assert page.status in {404, 405}
    assert "Back to the desk" in page.text
    assert "The desk" in page.text


def test_a_page_that_was_open_too_long_says_so_and_does_nothing(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    page = visitor.get("/operator")
    sit_down(office, anna)
    visitor.client.delete_cookie("operator")
    visitor.client.set_cookie("operator", _token(office, anna))

    answer = visitor.submit(page, "/operator/adapters/crm/pause")

    assert answer.status == 400
    assert "This page was open too long" in answer.text
    assert "operator_paused" not in office.events()


def test_who_presses_a_button_after_the_session_is_asked_to_sign_in_and_nothing_happens(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    page = visitor.get("/operator")
    office.clock.advance(minutes=16)

    answer = visitor.submit(page, "/operator/adapters/crm/pause")

    assert answer.status == 401
    assert answer.heading == "Sign in at the desk"
    assert "nothing was changed" in answer.text
    assert "operator_paused" not in office.events()


def test_when_the_portals_own_database_is_away_the_desk_says_so(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    file = office.settings.instance / "portal.sqlite"
    office.database.engine.dispose()
    for one in file.parent.glob("portal.sqlite*"):
        shutil.move(one, one.with_name(f"away-{one.name}"))
    file.mkdir()

    page = visitor.get("/operator")
    answer = visitor.send("/operator/signin", data=anna.fields(office.clock))

    assert page.status == answer.status == 503
    assert "Back to the desk" in page.text


def test_the_desk_speaks_dutch_where_a_browser_wants_it(office: Office, anna: Person) -> None:
    for kind in AlarmKind:
        with office.database.unit("test") as unit:
            raise_alarm(unit.session, kind, f"about:{kind}", now=office.clock(), adapter="crm")
            unit.commit()
    visitor = sit_down(office, anna)
    dutch = visitor.get("/operator", headers={"Accept-Language": "nl"})

    assert 'lang="nl"' in dutch.text
    assert "Ons klantenbestand" in dutch.text
    english = visitor.get("/operator").text
    for words in ("What needs you", "Handled", "The systems", "Last success", "Sign out", "since"):
        assert words in english
        assert words not in dutch.text


def _token(office: Office, person: Person) -> str:
    found = sit_down(office, person).client.get_cookie("operator")
    assert found is not None
    return found.value
