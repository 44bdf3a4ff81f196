"""Keyed hashes of plain addresses, and the second process that makes them.

This file is also a program: `portal.store.search` starts it by its path, and it begins its work
at once, since it needs nothing but the standard library. The portal itself would take a second to
load, in which a hundred thousand records are read.
"""

import hashlib
import json
import re
import signal
import struct
import sys
from array import array
from collections.abc import Sequence
from typing import BinaryIO

LENGTH = 32
"""Bytes of one digest."""
NOBODY = bytes(LENGTH)
"""The digest of a text that is no address."""
LONGEST = 254
"""Characters; a longer text is no plain address, not even if most of it are spaces."""
SEPARATOR = "\0"
"""Stands between the addresses that are sent."""
FEW = 500
"""Places that are answered at once: so an answer always fits into what a pipe holds."""
TOO_MANY = b"?"
SIZE = struct.Struct("<I")

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

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def plain_forms(texts: Sequence[str]) -> list[bytes | None]:
    """What each text is compared by, where it is certainly a plain address; else None."""
    texts = [text.strip() if len(text) <= LONGEST else text for text in texts]
    page = "".join(f"{text}\n" for text in texts)
    if page.count("\n") != len(texts):  # a text with a line's end in it is no line
        texts = [text if "\n" not in text else "" for text in texts]
        page = "".join(f"{text}\n" for text in texts)
    lines: list[bytes | None] = [*page.lower().encode(errors="replace").split(b"\n")[:-1]]
    at, end = 0, len(page)
    while (at := _plain_until(page, at)) < end:
        lines[page.count("\n", 0, at)] = None
        at = page.index("\n", at) + 1
    return lines


def _plain_until(page: str, start: int) -> int:
    found = _PLAIN_LINES.match(page, start)
    return found.end() if found else start


class KeyedHash:
    """HMAC-SHA256 (RFC 2104) under one key and for one purpose.

    Its two keyed beginnings are made once: half the time of a call for each.
    """

    def __init__(self, key: str, purpose: str) -> None:
        raw = key.encode()
        raw = (hashlib.sha256(raw).digest() if len(raw) > 64 else raw).ljust(64, b"\0")
        self._inner = hashlib.sha256(raw.translate(_INNER) + f"{purpose}\0".encode())
        self._outer = hashlib.sha256(raw.translate(_OUTER))

    def all_of(self, forms: Sequence[bytes | None]) -> list[bytes]:
        """The digest of each; of None that of nobody."""
        made: list[bytes] = []
        add, inner, outer = made.append, self._inner.copy, self._outer.copy
        for form in forms:
            if form is None:
                add(NOBODY)
                continue
            first = inner()
            first.update(form)
            second = outer()
            second.update(first.digest())
            add(second.digest())
        return made


def places(texts: Sequence[str], hashes: Sequence[KeyedHash], held: frozenset[bytes]) -> bytes:
    """Where somebody is who is looked for, or may be: what is not plain is not decided here."""
    forms = plain_forms(texts)
    found = {place for place, form in enumerate(forms) if form is None} if None in forms else set()
    for one in hashes:
        digests = one.all_of(forms)
        if not held.isdisjoint(digests):
            found |= {place for place, digest in enumerate(digests) if digest in held}
    return array("I", sorted(found)).tobytes() if len(found) <= FEW else TOO_MANY


# --- the second process ---------------------------------------------------------------------------


def told(purpose: str, keys: Sequence[str], held: Sequence[bytes]) -> bytes:
    """What the second process is told first: under which keys to hash, and whom to look for."""
    header = json.dumps({"purpose": purpose, "keys": [*keys]}).encode()
    return SIZE.pack(len(header)) + header + b"".join(held)


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    first = _read(asked)
    (size,) = SIZE.unpack_from(first)
    begins = SIZE.size + size
    header, held = json.loads(first[SIZE.size : begins]), first[begins:]
    hashes = [KeyedHash(key, header["purpose"]) for key in header["keys"]]
    wanted = frozenset(held[at : at + LENGTH] for at in range(0, len(held), LENGTH))
    while page := _read(asked):
        found = places(page.decode(errors="surrogatepass").split(SEPARATOR), hashes, wanted)
        answers.write(SIZE.pack(len(found)) + found)
        answers.flush()


def _read(asked: BinaryIO) -> bytes:
    """The next message; empty when the first process has gone."""
    size = asked.read(SIZE.size)
    return asked.read(*SIZE.unpack(size)) if len(size) == SIZE.size else b""


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    _serve(sys.stdin.buffer, sys.stdout.buffer)
