"""A real SMTP server on loopback that keeps what it gets, for everybody on this machine to read."""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 1_000
"""Messages; with the next one the oldest goes."""
START_TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One message as it came in; ``headers`` are decoded, a repeated one stands once."""

    id: int
    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    received_at: str
    """UTC, ISO 8601."""

    def as_json(self) -> dict[str, object]:
        """What ``/demo/mail.json`` lists."""
        return asdict(self)


class Mailbox:
    """Every message that was sent, in memory; safe for several threads.

    Use it as a context manager, or call `start` and `stop`.
    """

    host = "127.0.0.1"

    def __init__(self, kept: int = KEPT) -> None:
        self.port = 0
        """Where it listens, once started."""
        self._mails: deque[CaughtMail] = deque(maxlen=kept)
        self._count = 0
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._end: Callable[[], object] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="demo-mailbox", daemon=True
        )

    def all(self) -> list[CaughtMail]:
        """What was caught, newest last."""
        with self._lock:
            return list(self._mails)

    def get(self, id: int) -> CaughtMail | None:
        """One message, or None where there is none (any more) of this number."""
        return next((mail for mail in self.all() if mail.id == id), None)

    def catch(self, recipients: str, content: bytes) -> None:
        """Keep one message, given as it went over the wire."""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self._count += 1
            self._mails.append(
                CaughtMail(
                    id=self._count,
                    to=recipients,
                    subject=str(message.get("Subject", "")),
                    text=_part(message, "plain"),
                    html=_part(message, "html"),
                    headers={name: str(value) for name, value in message.items()},
                    received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                )
            )

    def start(self) -> Self:
        """Listen on a free port of the loopback interface.

        Raises:
            RuntimeError: it did not come up in time.
        """
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT):
            raise RuntimeError("the demo's mail server did not start")
        return self

    def stop(self) -> None:
        """Close the port and end the thread; what was caught can still be read."""
        if self._thread.is_alive():
            self._end()
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        # aiosmtpd's own Controller cannot be told to choose a free port.
        listener = socket.create_server((self.host, 0))
        self.port = listener.getsockname()[1]
        handler = _Handler(self)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(
            lambda: SMTP(handler, hostname="mailbox.example", enable_SMTPUTF8=True), sock=listener
        )
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        self._ready.set()
        await ended.wait()
        server.close()


class _Handler:
    """What aiosmtpd calls; the name of the method is its own."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        self._mailbox.catch(", ".join(envelope.rcpt_tos), content)
        return "250 Caught: this mail goes nowhere"


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    content: str = body.get_content()
    return content.replace("\r\n", "\n")
