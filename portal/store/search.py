"""Searching very many addresses for those of certain people, by their keyed hashes.

Hashing takes a third of the time that reading the records takes, so a second process does it while
this one reads. There are no threads and no queues between them: whoever reads a million rows from a
database would hand the interpreter over to a helper at every row. The second process answers with
the places at which to look, which are few, and so never waits to be heard.
"""

import contextlib
import logging
import os
import select
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Generic, Protocol, TypeVar

from portal.store import plain
from portal.store.hashing import Hasher
from portal.store.plain import SEPARATOR, SIZE, TOO_MANY

if sys.platform == "linux":
    import fcntl

log = logging.getLogger(__name__)

T = TypeVar("T")
Known_co = TypeVar("Known_co", covariant=True)

WORTH_A_PROCESS = 20_000
"""Addresses from which on a second process pays for its own start."""
PIPE = 1024 * 1024
"""Bytes that the pipe to the second process should hold, where that can be chosen."""
SMALL_PIPE = 64 * 1024
"""Bytes that it holds elsewhere."""
AT_MOST = 32
"""Pages that may be under way at all; so memory stays the same."""
PATIENCE = 5.0
"""Seconds for the second process to end."""


class Sought(Protocol[Known_co]):
    """Whom to look for."""

    @property
    def held(self) -> Mapping[bytes, Known_co] | None:
        """All of them, by digest; None: they are too many to be held in memory."""

    def among(self, digests: Sequence[bytes]) -> Mapping[bytes, Known_co]:
        """Those that have one of these digests."""


class Page(Generic[T]):
    """Some records' keys and addresses, and which of them are somebody's who is looked for."""

    __slots__ = ("found", "keys", "texts")

    def __init__(self, keys: Sequence[str], texts: Sequence[str]) -> None:
        self.keys = keys
        self.texts = texts
        self.found: dict[int, T] | None = None
        """Place → what is known of whom it is; None while nobody has looked."""


def search(
    pages: Iterable[tuple[Sequence[str], Sequence[str]]],
    hasher: Hasher,
    sought: Sought[T],
    *,
    begin_with: int | None = None,
) -> Iterator[Page[T]]:
    """Look through page after page (keys, their addresses), in order, while the next are read.

    From `WORTH_A_PROCESS` on, or at once when that many are expected (``begin_with``), a second
    process hashes. Whenever that one has enough before it, this one does so itself.
    """
    seen = begin_with or 0
    waiting: deque[Page[T]] = deque()
    second: Second[T] | None = None
    try:
        for keys, texts in pages:
            page = Page[T](keys, texts)
            waiting.append(page)
            seen += len(keys) if begin_with is None else 0
            if second is None and seen >= WORTH_A_PROCESS:
                second = Second(hasher, sought)
            if second is None or not second.takes(page):
                look(page, hasher, sought)
            while waiting and (waiting[0].found is not None or len(waiting) > AT_MOST):
                yield _looked(waiting.popleft(), second)
        while waiting:
            yield _looked(waiting.popleft(), second)
    finally:
        if second is not None:
            second.end()


def look(page: Page[T], hasher: Hasher, sought: Sought[T]) -> None:
    """Look through a page here."""
    page.found = {}
    for digests in hasher.digests(page.texts):
        known = sought.among(digests)
        if known:
            for place, digest in enumerate(digests):
                if digest in known:
                    page.found[place] = known[digest]


def _looked(page: Page[T], second: "Second[T] | None") -> Page[T]:
    while page.found is None and second is not None:
        second.wait()
    return page


class Second(Generic[T]):
    """The second process, as this one sees it. Where there can be none, it takes nothing."""

    def __init__(self, hasher: Hasher, sought: Sought[T]) -> None:
        self._hasher = hasher
        self._sought = sought
        self._sent: deque[tuple[Page[T], int]] = deque()
        self._unread = 0
        self._room = 0
        self._process: subprocess.Popen[bytes] | None = None
        # Windows cannot say whether a pipe has something to read.
        if sought.held is None or os.name != "posix" or (os.cpu_count() or 1) < 2:
            return
        try:
            # Isolated and by its path: nothing of the portal is loaded, and nothing beside it.
            self._process = subprocess.Popen(  # noqa: S603  this very interpreter, and our own file
                [sys.executable, "-I", "-S", plain.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
            self._room = _enlarged(self._process.stdin)
            self._send(plain.told(hasher.purpose, hasher.keys, [*sought.held]))
        except OSError:
            self._lost()

    def takes(self, page: Page[T]) -> bool:
        """Give it a page, if it is there and has not enough before it."""
        while self._process is not None and self._sent and self._has_answered():
            self.wait()
        if self._process is None or self._unread > self._room:
            return False
        joined = SEPARATOR.join(page.texts)
        if joined.count(SEPARATOR) != len(page.texts) - 1:
            return False  # a text with the sign in it
        message = joined.encode(errors="surrogatepass")
        if self._sent and self._unread + len(message) > self._room:
            return False  # to write it would be to wait
        self._sent.append((page, len(message)))
        self._unread += len(message)
        try:
            self._send(message)
        except OSError:
            self._lost()
        return True

    def wait(self) -> None:
        """Until it has answered once more."""
        try:
            answer = self._receive()
        except OSError:
            self._lost()
            return
        page, size = self._sent.popleft()
        self._unread -= size
        if answer == TOO_MANY:
            look(page, self._hasher, self._sought)
            return
        places = array("I", answer)
        some = Page[T]((), [page.texts[place] for place in places])
        look(some, self._hasher, self._sought)
        page.found = {places[at]: known for at, known in (some.found or {}).items()}

    def end(self) -> None:
        """Let it go."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _has_answered(self) -> bool:
        if self._process is None or self._process.stdout is None:
            return False
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        return bool(poll.poll(0))

    def _send(self, message: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            raise BrokenPipeError
        rest = memoryview(SIZE.pack(len(message)) + message)
        while rest:
            rest = rest[self._process.stdin.write(rest) or 0 :]

    def _receive(self) -> bytes:
        (size,) = SIZE.unpack(self._exactly(SIZE.size))
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            some = None
            if self._process is not None and self._process.stdout is not None:
                some = self._process.stdout.read(size - len(data))
            if not some:
                raise BrokenPipeError
            data += some
        return data

    def _lost(self) -> None:
        """It ended: what it had before it is done here."""
        log.warning("the second process for hashing ended; this one goes on alone")
        self.end()
        while self._sent:
            look(self._sent.popleft()[0], self._hasher, self._sought)


def _enlarged(pipe: IO[bytes] | None) -> int:
    """Bytes that may be in this pipe, unread, so that writing to it never waits."""
    size = SMALL_PIPE
    if sys.platform == "linux" and pipe is not None:
        with contextlib.suppress(OSError):
            size = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
    return size // 2
