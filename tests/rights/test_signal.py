"""Sec-GPC: what is passed on to others stops, once a session, by a POST alone, if it was on."""

import json
import os
from datetime import UTC, datetime

import pytest

from portal.consent.sources import Method
from portal.rights.mailings.signal import Heeding
from tests.mailings import SIGNAL, decide, decided
from tests.portals import Office, Visitor
from tests.portals import StartOffice as Start


@pytest.fixture
def office(office: Office) -> Office:
    """Its CRM passes hers on."""
    office.crm(
        "INSERT INTO subscriptions VALUES (1, 'partners', 1, '2020-01-01', 'beurs', NULL, NULL)"
    )
    return office


def sign_in(office: Office, *, signal: bool = True, frame: str | None = None) -> Visitor:
    visitor = office.visitor(frame=frame)
    asked = visitor.ask()
    code = office.next_code()
    headers = SIGNAL if signal else {}
    data = {**asked.fields, "code": code}
    answer = visitor.send("/signin/code", data=data, headers=headers)
    assert answer.status in {200, 303}
    visitor.token = answer.response.headers.get("Portal-Session", "")
    return visitor


def is_passed_on(office: Office) -> bool:
    office.work()
    (row,) = office.crm(
        "SELECT active FROM subscriptions WHERE mailing = 'partners' AND contact_id = 1"
    )
    return bool(row["active"])


@pytest.mark.parametrize("frame", [None, "demo"])
def test_the_signal_stops_what_is_passed_on_and_nothing_else(
    office: Office, frame: str | None
) -> None:
    before = office.crm(
        "SELECT * FROM subscriptions WHERE NOT (mailing = 'partners' AND contact_id = 1)"
    )
    marijke = sign_in(office, frame=frame)

    assert not is_passed_on(office)
    assert (
        office.crm(
            "SELECT * FROM subscriptions WHERE NOT (mailing = 'partners' AND contact_id = 1)"
        )
        == before
    )
    (one,) = decided(office)
    assert (one.method, one.actor, one.granted) == (Method.GPC, "browser", False)
    page = marijke.get("/me/consents")
    assert "Your browser asked us not to pass your data on" in page.text
    assert "Tips from other growers" in page.text
    assert "Global Privacy Control" in marijke.get("/me/consents/history").text


def test_without_the_signal_and_by_a_look_nothing_changes(office: Office) -> None:
    marijke = sign_in(office, signal=False)
    for path in ("/me", "/me/consents", "/me/consents/history", "/me/requests"):
        marijke.get(path, headers=SIGNAL)
        marijke.get(path, headers={"Sec-GPC": "0"})

    assert is_passed_on(office)
    assert decided(office) == []


def test_any_write_of_a_session_that_signals_is_heeded_once(office: Office) -> None:
    marijke = sign_in(office, signal=False)
    decide(marijke, "newsletter", "no", signal=True)
    assert not is_passed_on(office)
    assert [one.method for one in decided(office)] == [Method.GPC, Method.PAGE]

    office.crm("UPDATE subscriptions SET active = 1 WHERE mailing = 'partners' AND contact_id = 1")
    decide(marijke, "workshops", "no", signal=True)
    assert is_passed_on(office), "once a session"


def test_only_what_is_on_is_stopped(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 0 WHERE mailing = 'partners' AND contact_id = 1")
    sign_in(office)

    assert decided(office) == []


def test_a_later_choice_of_hers_holds_against_the_signal(office: Office) -> None:
    marijke = sign_in(office)
    assert not is_passed_on(office)
    decide(marijke, "partners", "yes", signal=True)
    assert is_passed_on(office)

    office.clock.advance(hours=2)
    sign_in(office)
    assert is_passed_on(office)
    assert [one.method for one in decided(office)] == [Method.GPC, Method.PAGE]


def test_a_choice_from_before_any_signal_does_not(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 0 WHERE mailing = 'partners' AND contact_id = 1")
    marijke = sign_in(office, signal=False)
    decide(marijke, "partners", "yes")
    assert is_passed_on(office)

    office.clock.advance(hours=2)
    sign_in(office)
    assert not is_passed_on(office)


def test_a_write_that_is_refused_heeds_nothing(office: Office) -> None:
    marijke = sign_in(office, signal=False)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {}):
        sent = marijke.send("/me/consents", data={}, headers={**SIGNAL, **headers})
        assert sent.status in {400, 403}

    assert is_passed_on(office)


def test_two_requests_of_one_session_heed_it_once(office: Office) -> None:
    marijke = sign_in(office, signal=False)
    heeding, sessions = office.portal.services.rights.heeding, office.portal.services.sessions
    with marijke.client.session_transaction() as cookie:
        signed_in = sessions.current(cookie["token"], "tab")
    assert signed_in is not None
    monkey = pytest.MonkeyPatch()
    monkey.setattr(Heeding, "_was_heeded", lambda *_: False)  # both have looked already
    try:
        assert [len(heeding.heed(signed_in, "en")) for _ in range(2)] == [1, 0]
    finally:
        monkey.undo()


def test_the_policy_is_told_where_browsers_look_with_the_day_of_its_last_change(
    start_office: Start,
) -> None:
    office = start_office()
    then = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
    for file in (office.settings.register_file, office.settings.instance / "portal.toml"):
        os.utime(file, (then, then))
    office = Office(office.settings, office.clock, office.mail, office.canary)
    start_office.started.append(office)

    answer = office.visitor().get("/.well-known/gpc.json")
    assert json.loads(answer.text) == {"gpc": True, "lastUpdate": "2026-01-05"}
    assert "Set-Cookie" not in answer.response.headers
    office.clock.advance(days=400)
    assert json.loads(office.visitor().get("/.well-known/gpc.json").text)["lastUpdate"] == (
        "2026-01-05"
    )
