"""The mail server: Flask-Mail, with a connection that verifies whom it talks to and gives up.

Flask-Mail 0.10 by itself accepts any certificate and waits for ever.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.utils import formataddr, make_msgid
from typing import Literal

from flask import Flask
from flask_mail import Connection, Mail, Message

from portal.domain.addresses import Email

Security = Literal["starttls", "tls", "none"]


class MailError(Exception):
    """The letter was not taken. The message names the cause, never an address or a secret."""


class MailUnavailable(MailError):
    """Not now: the server is away, slow, busy or not the one it should be. Try again later."""


class MailRefused(MailError):
    """Never: the server will not take this letter."""


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """One mail to one person."""

    to: Email
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Relay:
    """The mail server that takes the portal's letters.

    ``timeout`` in seconds; ``ca_file`` names certificates to trust instead of the system's.
    """

    server: str
    port: int
    security: Security
    sender: str
    sender_name: str
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout: float = 10
    message_id_domain: str = "localhost"


class _VerifiedConnection(Connection):
    """Flask-Mail's connection, to a server whose certificate and name have been checked."""

    relay: Relay

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        relay = self.relay
        host: smtplib.SMTP | smtplib.SMTP_SSL
        if relay.security == "tls":
            host = smtplib.SMTP_SSL(
                relay.server, relay.port, timeout=relay.timeout, context=_trust(relay)
            )
        else:
            host = smtplib.SMTP(relay.server, relay.port, timeout=relay.timeout)
        try:
            if relay.security == "starttls":
                host.starttls(context=_trust(relay))
            if relay.username and relay.password:
                host.login(relay.username, relay.password)
        except BaseException:
            host.close()
            raise
        return host

    def send_to(self, address: str, message: Message) -> None:
        """Send it to this address; to one that is not ASCII by RFC 6531, which Flask-Mail lacks."""
        if address.isascii() or self.host is None:
            message.recipients = [address]
            self.send(message)
            return
        message.recipients = [self.relay.sender]  # a stand-in, for Flask-Mail to write it all
        letter = message_from_bytes(message.as_bytes(), policy=policy.SMTPUTF8)
        letter.replace_header("To", address)
        try:
            self.host.send_message(letter, self.relay.sender, [address])
        except smtplib.SMTPNotSupportedError:
            raise MailRefused("the mail server takes no address outside ASCII") from None


class Mailer:
    """Hands letters to the mail server, one connection each."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        # Flask-Mail asks the current app for its settings; this one exists for that alone.
        self._app = Flask("portal.mail")
        self._mail = Mail(self._app)

    def send(self, letter: Letter) -> None:
        """Return once the server has taken the letter.

        Raises:
            MailUnavailable: Not now.
            MailRefused: Never.
        """
        with self._app.app_context():
            message = Message(
                subject=letter.subject,
                body=letter.text,
                html=letter.html,
                # A pair would be joined unquoted: a comma in a name makes two senders of it.
                sender=formataddr((self._relay.sender_name, self._relay.sender)),
                extra_headers={"Auto-Submitted": "auto-generated", **letter.headers},
            )
            message.msgId = make_msgid(domain=self._relay.message_id_domain)
            with _translated_errors(), self._connection() as connection:
                connection.send_to(letter.to.address, message)

    def check(self) -> None:
        """Connect, verify and log in, and send nothing. Raises as `send` does."""
        with self._app.app_context(), _translated_errors():
            self._connection().configure_host().quit()

    def _connection(self) -> _VerifiedConnection:
        connection = _VerifiedConnection(self._app.extensions["mail"])
        connection.relay = self._relay
        return connection


class _translated_errors:  # noqa: N801  reads as what it does
    """Turns whatever SMTP raises into one of our two errors, without a word of the letter."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or not isinstance(error, OSError | smtplib.SMTPException | ssl.SSLError):
            return
        # None of these is chained: server answers quote addresses.
        if isinstance(error, ssl.SSLCertVerificationError):
            raise MailUnavailable("the mail server's certificate is not valid for it") from None
        if isinstance(error, smtplib.SMTPAuthenticationError):
            raise MailUnavailable("the mail server does not accept the user name") from None
        if isinstance(error, smtplib.SMTPNotSupportedError):
            raise MailUnavailable("the mail server lacks what the settings ask for") from None
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = {code for code, _answer in error.recipients.values()}
            raise _by_code(min(codes, default=550)) from None
        if isinstance(error, smtplib.SMTPResponseException):
            raise _by_code(error.smtp_code) from None
        if isinstance(error, TimeoutError):
            raise MailUnavailable("the mail server did not answer in time") from None
        raise MailUnavailable("the mail server cannot be reached") from None


def _by_code(code: int) -> MailError:
    if 500 <= code < 600:
        return MailRefused(f"the mail server refused the letter ({code})")
    return MailUnavailable(f"the mail server asks to try again later ({code})")


def _trust(relay: Relay) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=relay.ca_file)
