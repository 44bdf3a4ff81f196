"""Sessions at the desk: short, new each time, ended for good, and kept alive by people only."""

import pytest

from tests.desks import Person, add_operator, ledger, operators_of, sit_down, token_of
from tests.portals import Office


@pytest.mark.parametrize(("minutes", "status"), [(14.4, 200), (15.1, 401)])
def test_a_session_ends_after_a_quarter_of_an_hour_without_a_page(
    office: Office, anna: Person, minutes: float, status: int
) -> None:
    visitor = sit_down(office, anna)

    office.clock.advance(minutes=minutes)

    assert visitor.get("/operator").status == status


def test_a_session_ends_after_eight_hours_however_busy_it_is(office: Office, anna: Person) -> None:
    visitor = sit_down(office, anna)
    for _ in range(47):
        office.clock.advance(minutes=10)
        assert visitor.get("/operator").status == 200

    office.clock.advance(minutes=10)

    assert visitor.get("/operator").status == 401


def test_a_page_that_looks_by_itself_keeps_no_session_alive(office: Office, anna: Person) -> None:
    visitor = sit_down(office, anna)
    for _ in range(14):
        office.clock.advance(minutes=1)
        assert visitor.get("/operator", headers={"Portal-Poll": "1"}).status == 200

    office.clock.advance(minutes=1)

    assert visitor.get("/operator", headers={"Portal-Poll": "1"}).status == 401


def test_a_session_is_new_at_every_sign_in(office: Office, anna: Person) -> None:
    first, second = sit_down(office, anna), sit_down(office, anna)

    assert token_of(first) != token_of(second)
    assert first.get("/operator").status == second.get("/operator").status == 200


def test_a_token_that_was_planted_is_worth_nothing_after_the_sign_in(
    office: Office, anna: Person
) -> None:
    visitor = office.visitor()
    visitor.client.set_cookie("operator", "planted")
    visitor.send("/operator/signin", data=anna.fields(office.clock))

    assert token_of(visitor) != "planted"
    thief = office.visitor()
    thief.client.set_cookie("operator", "planted")
    assert thief.get("/operator").status == 401


def test_a_session_that_was_left_cannot_be_used_again(office: Office, anna: Person) -> None:
    visitor = sit_down(office, anna)
    thief = office.visitor()
    thief.client.set_cookie("operator", token_of(visitor))
    page = visitor.get("/operator")

    answer = visitor.submit(page, "/operator/signout")

    assert answer.location == "/operator/signin"
    assert visitor.client.get_cookie("operator") is None
    assert thief.get("/operator").status == 401
    assert office.events()[-1] == "operator_signed_out"


def test_who_is_removed_is_out_at_once(office: Office, anna: Person) -> None:
    visitor = sit_down(office, anna)

    operators_of(office).remove("anna")

    assert visitor.get("/operator").status == 401
    page = visitor.send("/operator/signin", data=anna.fields(office.clock))
    assert page.status == 422


def test_who_comes_back_after_a_removal_finds_the_old_sessions_ended(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    operators_of(office).remove("anna")

    again = add_operator(office)

    assert visitor.get("/operator").status == 401
    assert sit_down(office, again).get("/operator").status == 200


def test_who_sits_down_with_a_session_goes_on_to_the_desk(office: Office, anna: Person) -> None:
    assert sit_down(office, anna).get("/operator/signin").location == "/operator"


def test_who_was_away_is_told_and_who_never_came_is_not(office: Office, anna: Person) -> None:
    visitor = sit_down(office, anna)
    office.clock.advance(hours=1)

    assert "away for too long" in visitor.get("/operator").text
    assert "away for too long" not in office.visitor().get("/operator").text


def test_the_ledger_says_by_which_factor_she_came(office: Office, anna: Person) -> None:
    sit_down(office, anna)
    office.visitor().send(
        "/operator/signin", data=anna.fields(office.clock, code=anna.recovery_codes[0])
    )

    entered = [one for one in ledger(office) if one.event == "operator_signed_in"]
    assert [one.facts["factor"] for one in entered] == ["phone", "recovery_code"]
