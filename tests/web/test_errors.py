"""What goes wrong: the right status, words that say what to do, and a log without values."""

import logging
import shutil
import sqlite3
from contextlib import closing

import pytest

from portal.adapters.contract import AdapterError, Refused, Unreachable
from tests.portals import MARIJKE, Office, logged

HELP = "0345 - 00 01 23"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/me/nowhere", "/embed/", "/demo/", "/.env", "/me/requests/x"]
)
def test_a_page_that_does_not_exist_says_so_and_who_helps(office: Office, path: str) -> None:
    answer = office.visitor().sign_in(office).get(path)

    assert answer.status == 404
    assert answer.heading == "This page does not exist"
    assert HELP in answer.text


@pytest.mark.parametrize(
    "path", ["/me", "/me/correct", "/me/consents", "/me/export", "/me/erase", "/me/requests"]
)
def test_a_page_of_somebodys_data_asks_strangers_to_sign_in(office: Office, path: str) -> None:
    answer = office.visitor().get(path)

    assert answer.status == 401
    assert answer.heading == "Please ask for a new code"
    assert 'href="/?site=demo"' in answer.text


def test_a_wrong_method_says_which_are_right(office: Office) -> None:
    answer = office.visitor().get("/me/signout")

    assert answer.status == 405
    assert "POST" in answer.response.headers["Allow"]


def test_a_frame_of_an_unknown_site_gets_an_answer_and_no_fault(office: Office) -> None:
    assert office.visitor(frame="nowhere").get("/").status == 404
    assert office.visitor(frame="nowhere").get("/nowhere").status == 404


def test_the_portals_own_database_being_away_is_told_and_nothing_is_acknowledged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me").fields["csrf_token"]
    file = office.settings.instance / "portal.sqlite"
    away = file.with_name("away")
    office.database.engine.dispose()
    for suffix in ("", "-wal", "-shm"):
        if file.with_name(file.name + suffix).exists():
            shutil.move(file.with_name(file.name + suffix), away.with_name(away.name + suffix))
    file.mkdir()

    with caplog.at_level(logging.INFO, logger="portal"):
        answers = [
            visitor.get("/me"),
            visitor.post("/signin", email=MARIJKE, goal="view", site="demo"),
            visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no"),
        ]

    assert [answer.status for answer in answers] == [503] * 3
    assert "Nothing was changed." in answers[2].text
    assert MARIJKE not in logged(caplog)
    file.rmdir()
    for suffix in ("", "-wal", "-shm"):
        if away.with_name(away.name + suffix).exists():
            shutil.move(away.with_name(away.name + suffix), file.with_name(file.name + suffix))
    assert visitor.get("/me").status == 200


def test_a_crm_that_is_away_is_told_on_every_page_that_needs_it(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    office.crm_file.rename(office.crm_file.with_name("away"))
    for adapter in office.portal.adapters.values():
        adapter.close()

    for path in ("/me", "/me/correct", "/me/erase"):
        answer = visitor.get(path)
        assert answer.status == 503, path
        assert HELP in answer.text
    assert visitor.get("/me/requests").status == 200


def test_a_fault_of_ours_is_logged_by_its_place_and_not_by_its_words(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = office.visitor().sign_in(office)

    def fail(*_args: object) -> None:
        raise ValueError(f"cannot handle {MARIJKE}")

    monkeypatch.setattr("portal.web.me.overview.overview", fail)
    with caplog.at_level(logging.INFO, logger="portal"):
        answer = visitor.get("/me")

    assert answer.status == 500
    assert HELP in answer.text
    assert MARIJKE not in answer.text
    assert "ValueError in fail" in logged(caplog)
    assert MARIJKE not in logged(caplog)


@pytest.mark.parametrize("error", [Unreachable, Refused])
def test_an_adapter_that_fails_is_told_without_its_message(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: type[AdapterError]
) -> None:
    visitor = office.visitor().sign_in(office)
    (adapter,) = office.portal.adapters.values()

    def fail(_email: str) -> None:
        raise error("the table contacts is locked")

    monkeypatch.setattr(adapter, "find", fail)
    answer = visitor.get("/me")

    assert answer.status == 503
    assert "contacts" not in answer.text


def test_values_from_a_crm_are_text_on_every_page_whatever_they_hold(office: Office) -> None:
    nasty = """"><script>alert(1)</script>{{7*7}}<img src=x onerror=y>&amp;'"""
    with closing(sqlite3.connect(office.crm_file)) as crm, crm:
        crm.execute(
            "UPDATE contacts SET city = ?, last_name = ? WHERE email = ?", (nasty, nasty, MARIJKE)
        )
        crm.execute("UPDATE notes SET text = ?", (nasty,))
    visitor = office.visitor().sign_in(office)

    for path in ("/me", "/me/correct", "/me/consents", "/me/erase"):
        page = visitor.get(path)
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "49" not in page.fields.values()
    assert visitor.get("/me/correct").fields["city"] == nasty


def test_healthz_says_how_it_is_without_a_word_about_anybody(office: Office) -> None:
    answer = office.visitor().get("/healthz")

    assert answer.status == 200
    assert "@" not in answer.text
