"""The mail servers behave, and misbehave, as told."""

import smtplib
import ssl
from email.message import EmailMessage

import pytest

from tests.servers.certificates import Certificates
from tests.servers.mail import MailServer, StartMailServer


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Héllo"
    message.set_content("Words")
    return message


def test_a_message_arrives_as_it_was_sent(smtp_server: MailServer) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=5) as client:
        client.send_message(letter())

    (mail,) = smtp_server.wait_for(1)

    assert (mail.sender, mail.recipients) == ("a@example.com", ("b@example.com",))
    assert mail.message["Subject"] == "Héllo"
    assert not mail.encrypted


def test_starttls_holds_for_who_trusts_the_authority(
    smtp_starttls: MailServer, certificates: Certificates
) -> None:
    with smtplib.SMTP(smtp_starttls.host, smtp_starttls.port, timeout=5) as client:
        client.starttls(context=ssl.create_default_context(cafile=certificates.authority))
        client.send_message(letter())

    assert smtp_starttls.wait_for(1)[0].encrypted


def test_mail_in_the_clear_is_not_taken_where_starttls_is_offered(
    smtp_starttls: MailServer,
) -> None:
    with (
        smtplib.SMTP(smtp_starttls.host, smtp_starttls.port, timeout=5) as client,
        pytest.raises(smtplib.SMTPSenderRefused, match="530"),
    ):
        client.send_message(letter())


def test_a_false_certificate_and_a_wrong_name_are_seen_by_a_client_that_looks(
    smtp_false_certificate: MailServer,
    start_mail_server: StartMailServer,
    certificates: Certificates,
) -> None:
    for server in (smtp_false_certificate, start_mail_server(starttls=certificates.wrong_name)):
        client = smtplib.SMTP(server.host, server.port, timeout=5)
        with pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=ssl.create_default_context(cafile=certificates.authority))
        client.close()


def test_a_refused_recipient_gets_550(smtp_refusing: MailServer) -> None:
    with (
        smtplib.SMTP(smtp_refusing.host, smtp_refusing.port, timeout=5) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refusal,
    ):
        client.send_message(letter())

    assert refusal.value.recipients["b@example.com"][0] == 550


def test_a_busy_server_says_451_and_keeps_nothing(smtp_busy: MailServer) -> None:
    with (
        smtplib.SMTP(smtp_busy.host, smtp_busy.port, timeout=5) as client,
        pytest.raises(smtplib.SMTPDataError) as refusal,
    ):
        client.send_message(letter())

    assert refusal.value.smtp_code == 451
    assert smtp_busy.messages == []


@pytest.mark.slow
def test_a_silent_server_is_only_ended_by_a_time_out(smtp_silent: MailServer) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        smtplib.SMTP(smtp_silent.host, smtp_silent.port, timeout=0.2)


def test_only_the_right_password_may_send(start_mail_server: StartMailServer) -> None:
    server = start_mail_server(login=("portal", "right"))
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("portal", "wrong")
        client.login("portal", "right")
        client.send_message(letter())

    assert server.wait_for(1)[0].login == "portal"
