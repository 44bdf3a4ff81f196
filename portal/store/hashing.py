"""Keyed hashes of very many addresses, for walks through a whole CRM.

`Vault.alias` makes them one at a time by way of `Email.parse`, which takes its time to be careful.
Nearly every address that a CRM holds is plain, though, and the canonical form of a plain one can be
had at once. Whatever is not plain goes the careful way, so that the result is always the same.
"""

import hashlib
import logging
import multiprocessing
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, TypeVar

from portal.domain.addresses import MAX_LENGTH, Email, InvalidEmail

log = logging.getLogger(__name__)

T = TypeVar("T")

LENGTH = 32
"""Bytes of one digest."""
NOBODY = bytes(LENGTH)
"""Stands for a text that is no address: the digest of none."""
WORTH_A_PROCESS = 50_000
"""Addresses from which on a second process pays for its own start."""
AHEAD = 12
"""Batches that the second process may have before it."""
AT_MOST = 32
"""Batches that may be under way at all; so memory stays the same."""

_SPECIAL = "|".join(
    "".join(f"[{letter}{letter.upper()}]" for letter in name)
    for name in ("arpa", "invalid", "local", "localhost", "onion")
)
_PLAIN_LINES = re.compile(
    r"(?>(?=[^\n]{6,64}\n)"
    r"[A-Za-z0-9_+&'=-]++(?:\.[A-Za-z0-9_+&'=-]++)*+@"
    r"(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++"
    rf"(?!(?:{_SPECIAL})\n)[A-Za-z]{{2,}}+\n)*+"
)
"""As many lines as are certainly plain. In one of 64 characters no part can be too long."""

SEPARATOR = "\0"
"""Stands between the addresses that are sent to the second process."""

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def canonical_forms(texts: Sequence[str]) -> list[bytes | None]:
    """What each text is compared by, as `Email.parse` gives it; None: it is no address."""
    # What is too long with its spaces is no address without them either: not for `Email.parse`.
    texts = [text.strip() if len(text) <= MAX_LENGTH else text for text in texts]
    page = "\n".join(texts) + "\n"
    if page.count("\n") != len(texts):  # a text with a line's end in it is no line
        return [_carefully(text) for text in texts]
    lines: list[bytes | None] = [*page.lower().encode(errors="replace").split(b"\n")[:-1]]
    at, end = 0, len(page)
    while (at := _plain_until(page, at)) < end:
        place = page.count("\n", 0, at)
        lines[place] = _carefully(texts[place])
        at = page.index("\n", at) + 1
    return lines


def _plain_until(page: str, start: int) -> int:
    found = _PLAIN_LINES.match(page, start)
    return found.end() if found else start


def _carefully(text: str) -> bytes | None:
    try:
        return Email.parse(text).canonical.encode()
    except (InvalidEmail, UnicodeEncodeError):
        return None


class Hasher:
    """Hashes addresses under every version of the key, as `Vault.aliases` does."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        prefix = f"{purpose}\x00".encode()
        # HMAC (RFC 2104), its two keyed beginnings made once: half the time of a call for each.
        self._begun = [_beginnings(key.encode(), prefix) for key in keys]
        self._keys, self._purpose = tuple(keys), purpose

    @property
    def versions(self) -> int:
        """Digests for each address."""
        return len(self._begun)

    def digests(self, texts: Sequence[str]) -> bytes:
        """The digests of all texts, one after the other: those of a text by age of the key."""
        made: list[bytes] = []
        add, begun, nobody = made.append, self._begun, NOBODY * len(self._begun)
        for form in canonical_forms(texts):
            if form is None:
                add(nobody)
                continue
            for inner, outer in begun:
                first = inner.copy()
                first.update(form)
                second = outer.copy()
                second.update(first.digest())
                add(second.digest())
        return b"".join(made)

    def __reduce__(self) -> "tuple[type[Hasher], tuple[tuple[str, ...], str]]":
        return Hasher, (self._keys, self._purpose)  # a begun hash cannot be sent, its key can


def _beginnings(key: bytes, prefix: bytes) -> "tuple[hashlib._Hash, hashlib._Hash]":
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(key.translate(_INNER))
    inner.update(prefix)
    return inner, hashlib.sha256(key.translate(_OUTER))


_Made = bytes | Future[bytes] | None
"""The digests of a batch, or who makes them."""


class Batch(Generic[T]):
    """Some things, each with its address, and the digests of those."""

    __slots__ = ("digests", "texts", "things", "versions")

    def __init__(
        self, things: Sequence[T], texts: Sequence[str], digests: bytes, versions: int
    ) -> None:
        self.things = things
        self.texts = texts
        self.versions = versions
        self.digests = [digests[at : at + LENGTH] for at in range(0, len(digests), LENGTH)]

    def at(self, place: int) -> tuple[T, str]:
        """What the digest at this place belongs to, and its address."""
        return self.things[place // self.versions], self.texts[place // self.versions]


def hashed(
    batches: Iterable[tuple[Sequence[T], Sequence[str]]],
    hasher: Hasher,
    *,
    begin_with: int | None = None,
) -> Iterator[Batch[T]]:
    """Hash batch after batch (things, their addresses), in order, while the next ones are read.

    From `WORTH_A_PROCESS` on, or at once when that many are expected (``begin_with``), a second
    process hashes. Whenever that one has enough before it, this one hashes as well, so that neither
    waits for the other.
    """
    seen = begin_with or 0
    waiting: deque[tuple[Sequence[T], Sequence[str], _Made]] = deque()
    pool: ProcessPoolExecutor | None = None
    try:
        for things, texts in batches:
            seen += len(things) if begin_with is None else 0
            if pool is None and seen >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1:
                pool = _second_process(hasher)
            made: _Made = None
            if pool is not None and sum(not _is_done(one[2]) for one in waiting) < AHEAD:
                made = _sent(pool, texts)
            waiting.append((things, texts, hasher.digests(texts) if made is None else made))
            while waiting and (len(waiting) > AT_MOST or _is_done(waiting[0][2])):
                yield _finished(hasher, *waiting.popleft())
        while waiting:
            yield _finished(hasher, *waiting.popleft())
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _is_done(made: _Made) -> bool:
    return not isinstance(made, Future) or made.done()


def _finished(hasher: Hasher, things: Sequence[T], texts: Sequence[str], made: _Made) -> Batch[T]:
    if isinstance(made, Future):
        try:
            # What the second process has not begun with is done here.
            made = None if made.cancel() else made.result()
        except BrokenProcessPool:
            log.warning("the second process for hashing ended; this one goes on alone")
            made = None
    digests = hasher.digests(texts) if made is None else made
    return Batch(things, texts, digests, hasher.versions)


_hasher: list[Hasher] = []


def _begin(hasher: Hasher) -> None:
    _hasher.append(hasher)


def _second_process(hasher: Hasher) -> ProcessPoolExecutor:
    # Not forked: this process may have threads and connections that a copy must not have.
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(hasher,),
    )


def _sent(pool: ProcessPoolExecutor, texts: Sequence[str]) -> _Made:
    page = SEPARATOR.join(texts)  # one text is sent in a tenth of the time of many
    if page.count(SEPARATOR) != len(texts) - 1:
        return None
    try:
        return pool.submit(_digests_of, page)
    except BrokenProcessPool:
        return None


def _digests_of(page: str) -> bytes:
    return _hasher[0].digests(page.split(SEPARATOR))
