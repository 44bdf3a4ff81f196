"""The file of lines under the erasure journal: read from its end, locked, and put in its place."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BLOCK = 64 * 1024
"""Bytes that are read at once, from the end backwards."""


class JournalDamaged(Exception):
    """A line of the journal is not as it was written. The message says which."""


def beside(path: Path, what: str) -> Path:
    """Another file for the sake of this one, in the same folder."""
    return path.with_name(f"{path.name}.{what}")


def opened(path: Path, flags: int = 0) -> BinaryIO:
    """A file to read and write, for its owner alone."""
    return os.fdopen(os.open(path, os.O_RDWR | flags, 0o600), "r+b")


def name_too(path: Path, other: Path) -> None:
    """Give a file another name. It keeps its own, where that can be, until another takes it."""
    try:
        os.link(path, other)
    except FileExistsError:
        raise
    except OSError:  # a folder, or a disk that knows no second names
        path.rename(other)


def whole(data: bytes) -> list[bytes]:
    """The lines that were written to their end."""
    return data.split(b"\n")[:-1]


def tail(file: BinaryIO, number: int) -> list[bytes]:
    """The line of this number and all after it, read backwards."""
    start, data = file.seek(0, os.SEEK_END), b""
    while True:
        lines = whole(data)
        if start > 0:
            lines = lines[1:]  # the first may have been cut by the block
        if lines and _number_of(lines[0]) <= number:
            return [line for line in lines if _number_of(line) >= number]
        if start == 0:
            return []
        size = min(BLOCK, start)
        start -= size
        file.seek(start)
        data = file.read(size) + data


def _number_of(raw: bytes) -> int:
    with suppress(ValueError, KeyError, TypeError):
        return int(json.loads(raw)["of"]["number"])
    raise JournalDamaged("a line cannot be read")


def last_line(file: BinaryIO) -> tuple[bytes, int]:
    """The last line that was written to its end, and where it ends."""
    end = start = file.seek(0, os.SEEK_END)
    data = b""
    while start > 0:
        size = min(BLOCK, start)
        start -= size
        file.seek(start)
        data = file.read(size) + data
        lines, newline, torn = data.rpartition(b"\n")
        if newline and (b"\n" in lines or start == 0):
            return lines.rpartition(b"\n")[2], end - len(torn)
    return b"", 0


def lock(file: BinaryIO) -> None:
    """Hold a file against other processes, until it is closed."""
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)


def reason(error: OSError) -> str:
    """Why, without the name of the file."""
    return error.strerror or "it cannot be used"
