"""The demo's mail server takes mail as any other would, and keeps it to be read."""

import smtplib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from portal.demo.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox(kept=3) as running:
        yield running


def letter(subject: str = "Eén code", html: str | None = "<p>Uw <b>code</b></p>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "De Late Merel <service@merel.example>"
    message["To"] = "m@example.org"
    message["Subject"] = subject
    message.set_content("Uw code:\n\nABCD-EF23\n\nGroet, café Merel")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(mailbox: Mailbox, *messages: EmailMessage, to: str = "m@example.org") -> None:
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=5) as server:
        for message in messages:
            server.send_message(message, to_addrs=[to])


def test_mail_sent_over_smtp_is_kept_with_both_its_parts_decoded(mailbox: Mailbox) -> None:
    send(mailbox, letter())

    (mail,) = mailbox.all()
    assert mail.to == "m@example.org"
    assert mail.subject == "Eén code"
    assert mail.text == "Uw code:\n\nABCD-EF23\n\nGroet, café Merel\n"
    assert mail.html.strip() == "<p>Uw <b>code</b></p>"
    assert mail.headers["From"] == "De Late Merel <service@merel.example>"


def test_what_scripts_read_has_the_promised_keys_and_a_time_in_utc(mailbox: Mailbox) -> None:
    send(mailbox, letter())

    (mail,) = (mail.as_json() for mail in mailbox.all())
    assert list(mail) == ["id", "to", "subject", "text", "html", "headers", "received_at"]
    received = datetime.fromisoformat(str(mail["received_at"]))
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60


def test_the_newest_stands_last_and_the_oldest_goes_when_it_is_full(mailbox: Mailbox) -> None:
    send(mailbox, *(letter(f"Mail {number}") for number in range(1, 6)))

    assert [(mail.id, mail.subject) for mail in mailbox.all()] == [
        (3, "Mail 3"),
        (4, "Mail 4"),
        (5, "Mail 5"),
    ]
    assert mailbox.get(2) is None


def test_the_envelope_says_who_it_went_to_not_the_letterhead(mailbox: Mailbox) -> None:
    send(mailbox, letter(html=None), to="somebody.else@example.org")

    (mail,) = mailbox.all()
    assert mail.to == "somebody.else@example.org"
    assert mail.html == ""


def test_stopping_ends_its_thread_and_closes_its_port() -> None:
    mailbox = Mailbox().start()
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=5):
        mailbox.stop()  # also while somebody is still connected

    assert "demo-mailbox" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP(mailbox.host, mailbox.port, timeout=5)
