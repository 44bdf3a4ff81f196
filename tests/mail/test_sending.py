"""Mail: to a server that proves its name, again when it is away, and never said to be sent."""

import logging

import pytest

from tests.portals import MARIJKE, Office, StartOffice, logged
from tests.servers.certificates import Certificates
from tests.servers.mail import MailServer


def ask_and_work(office: Office) -> str:
    """Ask; the reference of the question."""
    page = office.visitor().ask()
    office.work()
    return page.fields["t"]


def secure(certificates: Certificates, **more: object) -> dict[str, object]:
    return {"security": "starttls", "ca_file": str(certificates.authority), **more}


def test_mail_goes_over_tls_to_a_server_that_proves_its_name(
    start_office: StartOffice, smtp_starttls: MailServer, certificates: Certificates
) -> None:
    office = start_office(mail=smtp_starttls, mail_settings=secure(certificates))
    ask_and_work(office)

    (mail,) = smtp_starttls.messages
    assert mail.encrypted
    assert mail.recipients == (MARIJKE,)


def test_a_server_with_a_false_certificate_gets_no_mail_and_no_password(
    start_office: StartOffice,
    smtp_false_certificate: MailServer,
    certificates: Certificates,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = secure(certificates, username="portal", password="canary-password")
    office = start_office(mail=smtp_false_certificate, mail_settings=settings)
    with caplog.at_level(logging.INFO, logger="portal"):
        ask_and_work(office)

    assert smtp_false_certificate.messages == []
    assert smtp_false_certificate.attempts == 1
    ours = logged(caplog)
    assert "unreachable" in ours
    for secret in ("canary-password", MARIJKE, "marijke"):
        assert secret not in ours


def test_a_server_that_is_busy_is_tried_again_and_the_mail_counts_from_then(
    start_office: StartOffice, smtp_busy: MailServer, smtp_server: MailServer
) -> None:
    office = start_office(mail=smtp_busy)
    ask_and_work(office)
    first = smtp_busy.attempts
    office.clock.advance(minutes=5)
    office.work()

    assert first == 1
    assert smtp_busy.attempts == 2


def test_a_server_that_refuses_is_not_pestered_and_the_page_tells_nobody(
    start_office: StartOffice, smtp_refusing: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    office = start_office(mail=smtp_refusing)
    with caplog.at_level(logging.INFO, logger="portal"):
        reference = ask_and_work(office)
    office.clock.advance(minutes=5)
    office.work()

    assert smtp_refusing.attempts == 1
    assert office.visitor().get(f"/signin/code?t={reference}").status == 200
    ours = logged(caplog)
    assert "mail_refused" in ours
    assert "marijke" not in ours.lower()


@pytest.mark.slow
def test_a_server_that_says_nothing_is_given_up_in_time_and_tried_again(
    start_office: StartOffice, smtp_silent: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    office = start_office(mail=smtp_silent, mail_settings={"timeout": 1})
    ask_and_work(office)

    assert "unreachable" in logged(caplog)


def test_a_mail_that_could_not_go_for_an_hour_is_not_sent_any_more(
    start_office: StartOffice, smtp_busy: MailServer
) -> None:
    office = start_office(mail=smtp_busy)
    ask_and_work(office)
    for _ in range(8):
        office.clock.advance(minutes=20)
        office.work()
    tried = smtp_busy.attempts
    office.clock.advance(hours=3)
    office.work()

    assert smtp_busy.attempts == tried
