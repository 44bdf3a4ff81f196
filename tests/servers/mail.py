"""Real SMTP servers on loopback, well-behaved and otherwise."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Protocol

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificates


@dataclass(frozen=True)
class ReceivedMail:
    """One message as the server took it in."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    """Whether it came over TLS."""
    login: str | None
    """The user name that the sender signed in with."""

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class MailServer:
    """A running SMTP server and what it received."""

    port: int
    host: str = "localhost"
    messages: list[ReceivedMail] = field(default_factory=list)
    attempts: int = 0
    """How many connections were made, also by those who then went away."""
    _news: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, *, within: float = 5.0) -> list[ReceivedMail]:
        """The messages, as soon as there are at least ``count``.

        Raises:
            AssertionError: there were fewer after ``within`` seconds.
        """
        with self._news:
            arrived = self._news.wait_for(lambda: len(self.messages) >= count, timeout=within)
            assert arrived, f"{len(self.messages)} messages after {within} s, not {count}"
            return list(self.messages)

    def take(self, mail: ReceivedMail) -> None:
        """Keeps the message and wakes whoever waits for it."""
        with self._news:
            self.messages.append(mail)
            self._news.notify_all()


class StartMailServer(Protocol):
    """Starts one more SMTP server; it stops after the test."""

    def __call__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        recipient_answer: str | None = None,
        data_answer: str | None = None,
        international: bool = True,
    ) -> MailServer:
        """Each argument changes one thing in a server that otherwise takes everything.

        Args:
            starttls: offer STARTTLS with this certificate, and take no mail without it.
            login: the only user name and password that may send.
            recipient_answer: what it says to every recipient, for instance ``550 No such user``.
            data_answer: what it says when the message is in, for instance ``451 Try later``.
            international: take addresses with letters outside ASCII (SMTPUTF8, RFC 6531).
        """
        ...


@dataclass
class _Handler:
    """What aiosmtpd calls; the names of the methods are its own."""

    server: MailServer
    recipient_answer: str | None
    data_answer: str | None

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answer is not None:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_answer is not None:
            return self.data_answer
        content = envelope.original_content
        assert content is not None
        signed_in: LoginPassword | None = session.auth_data if session.authenticated else None
        login = None if signed_in is None else signed_in.login.decode()
        self.server.take(
            ReceivedMail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=content,
                encrypted=session.ssl is not None,
                login=login,
            )
        )
        return "250 Taken"


@contextmanager
def running_mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    recipient_answer: str | None = None,
    data_answer: str | None = None,
    international: bool = True,
) -> Iterator[MailServer]:
    """See :class:`StartMailServer`; the server runs in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = MailServer(port=listening.getsockname()[1])
    handler = _Handler(server, recipient_answer, data_answer)
    loop = asyncio.new_event_loop()

    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        assert login is not None
        good = (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    def talk() -> SMTP:
        server.attempts += 1
        return SMTP(
            handler,
            hostname="localhost",
            enable_SMTPUTF8=international,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=check if login else None,
            auth_required=login is not None,
            auth_require_tls=starttls is not None,
            loop=loop,
        )

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    thread = threading.Thread(target=serve, name=f"smtp-{server.port}", daemon=True)
    thread.start()
    # Even this goes through the thread: where Playwright runs, this one has a loop already.
    accepting = asyncio.run_coroutine_threadsafe(
        loop.create_server(talk, sock=listening), loop
    ).result(timeout=5)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_close(accepting), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _close(accepting: asyncio.Server) -> None:
    """Stops listening and ends the conversations that are still open."""
    accepting.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def running_silent_server() -> Iterator[MailServer]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield MailServer(port=listening.getsockname()[1])


@pytest.fixture
def start_mail_server() -> Iterator[StartMailServer]:
    """``start_mail_server(…)`` starts an SMTP server with the behaviour asked for."""
    with ExitStack() as servers:

        def start(
            *,
            starttls: ssl.SSLContext | None = None,
            login: tuple[str, str] | None = None,
            recipient_answer: str | None = None,
            data_answer: str | None = None,
            international: bool = True,
        ) -> MailServer:
            return servers.enter_context(
                running_mail_server(
                    starttls=starttls,
                    login=login,
                    recipient_answer=recipient_answer,
                    data_answer=data_answer,
                    international=international,
                )
            )

        yield start


@pytest.fixture
def smtp_server(start_mail_server: StartMailServer) -> MailServer:
    """Takes every message, without TLS."""
    return start_mail_server()


@pytest.fixture
def smtp_starttls(start_mail_server: StartMailServer, certificates: Certificates) -> MailServer:
    """Takes mail over STARTTLS only; trusted by who trusts ``certificates.authority``."""
    return start_mail_server(starttls=certificates.trusted)


@pytest.fixture
def smtp_false_certificate(
    start_mail_server: StartMailServer, certificates: Certificates
) -> MailServer:
    """Offers STARTTLS with a certificate that only it vouches for."""
    return start_mail_server(starttls=certificates.false)


@pytest.fixture
def smtp_refusing(start_mail_server: StartMailServer) -> MailServer:
    """Refuses every recipient for good."""
    return start_mail_server(recipient_answer="550 5.1.1 No such user here")


@pytest.fixture
def smtp_busy(start_mail_server: StartMailServer) -> MailServer:
    """Asks to come back later."""
    return start_mail_server(data_answer="451 4.3.0 Try again later")


@pytest.fixture
def smtp_silent() -> Iterator[MailServer]:
    """Takes the connection and never answers: only a time-out ends it."""
    with running_silent_server() as server:
        yield server
