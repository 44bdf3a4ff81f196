"""Several sites: each has its own pages, and one that is gone opens nothing any more."""

import logging

import pytest
from sqlalchemy import text

from portal.access.directory import Directory
from tests.portals import MARIJKE, Office, logged


def move(office: Office, table: str) -> None:
    """As if it was begun on a site that was taken out of the settings since."""
    with office.database.unit("test") as unit:
        unit.session.execute(text(f"UPDATE {table} SET site = 'closed'"))
        unit.commit()


def test_what_was_asked_on_a_site_that_is_gone_by_now_is_over(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = office.visitor()
    asked = visitor.ask()
    mail = office.next_mail()
    move(office, "proofs")

    for page in (
        visitor.get(mail.path),
        visitor.get(f"/signin/code?t={mail.reference}"),
        visitor.submit(asked, "/signin/code", code=mail.code),
        visitor.post("/enter", t=mail.reference, token=mail.token),
    ):
        assert page.status == 410
        assert "Ask for a new one" in page.text
    assert "ERROR" not in logged(caplog)


def test_a_mail_for_a_site_that_is_gone_is_not_sent_and_not_tried_for_ever(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.visitor().ask()
    move(office, "proofs")
    with caplog.at_level(logging.INFO, logger="portal"):
        assert office.mails() == []
    office.clock.advance(minutes=30)
    office.work()

    assert office.mail.attempts == 0
    assert logged(caplog) == "ERROR job 1 (proof_mail) given up: no_site"
    assert MARIJKE not in logged(caplog)


def test_a_session_of_a_site_that_is_gone_shows_nothing(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    move(office, "sessions")

    for path in ("/me", "/me/correct", "/me/erase", "/me/requests"):
        page = visitor.get(path)
        assert page.status == 404
        assert "Lindelaan" not in page.text


def test_a_site_without_adapters_of_its_own_sees_all_and_an_unknown_one_none(
    office: Office,
) -> None:
    adapters = office.portal.adapters
    directory = Directory(adapters, {"all": (), "named": ("crm",)})

    assert directory.adapters_of("all") == dict(adapters)
    assert list(directory.adapters_of("named")) == ["crm"]
    with pytest.raises(KeyError):
        directory.adapters_of("unknown")


def test_c3_a_session_of_one_site_is_none_on_the_frame_of_another(office: Office) -> None:
    frame = office.visitor(frame="demo").sign_in(office)
    stolen = office.visitor(frame="other")
    stolen.token = frame.token

    for path in ("/me", "/me/correct", "/me/consents", "/me/erase", "/me/requests"):
        assert stolen.get(path).status == 401
    assert stolen.post("/me/consents", purpose="newsletter", granted="no").status == 401


def test_a_waiting_page_of_one_site_is_gone_in_the_frame_of_another(office: Office) -> None:
    asked = office.visitor(frame="demo").ask()
    reference = asked.fields["t"]

    assert office.visitor(frame="other").get(f"/signin/code?t={reference}").status == 410
