"""What a program wrote, and what it made last: read from strace's own file.

Only files of one folder are looked at. An operation is what the kernel was told, in order.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Literal

CALLS = (
    "openat",
    "pwrite64",
    "write",
    "ftruncate",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "fsync",
    "fdatasync",
    "pwritev",
    "writev",
    "fallocate",
)
UNKNOWN = {"pwritev", "writev", "fallocate", "unlinkat"}
"""Nobody has a use for them; should somebody begin to, this test must learn them first."""
RENAMES = {"rename", "renameat", "renameat2"}
BY_NAME = {"openat", "unlink", *RENAMES}
"""Are told the file's name, and not a file that is open."""
LONGEST = 1_000_000  # bytes of one write
LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
FILE = re.compile(r"^\d+<([^>]*)>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')

Kind = Literal["create", "write", "truncate", "unlink", "rename", "sync"]


class CannotTrace(Exception):
    """There is no strace, or it may not watch."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was done to one file, or with an empty name to the folder itself."""

    kind: Kind
    name: str
    offset: int = 0
    """Of a write; -1 for what is added at the end of a file."""
    data: bytes = b""
    size: int = 0
    """Of a truncation."""
    to: str = ""
    """The new name of what is renamed."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name or 'the folder'}"


def can_trace() -> bool:
    """Is strace there, and may it watch a program?"""
    program = shutil.which("strace")
    if program is None:
        return False
    tried = subprocess.run([program, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def watch(
    command: Sequence[str], trace: Path, folder: Path, *, cwd: Path, begins: bytes = b""
) -> list[Operation]:
    """Run a program to its end and give what it did to the files of a folder.

    ``begins``: from the first write on that holds this.

    Raises:
        CannotTrace: See there.
        subprocess.CalledProcessError: The program failed.
    """
    if not can_trace():
        raise CannotTrace("strace is missing or may not watch programs")
    calls = ",".join(CALLS)
    options = ["-f", "--seccomp-bpf", "-y", "-xx", "-s", str(LONGEST), "-e", f"trace={calls}"]
    program = ["strace", *options, "-o", str(trace), *command]
    subprocess.run(program, check=True, cwd=cwd, capture_output=True)
    hexed = "".join(f"\\x{byte:02x}" for byte in begins)
    with trace.open(encoding="ascii") as lines:
        from_there = dropwhile(lambda line: hexed not in line, lines)
        return list(_operations(from_there, folder))


def _operations(lines: Iterator[str], folder: Path) -> Iterator[Operation]:
    for line in lines:
        found = LINE.match(line)
        if found is None or int(found[3]) < 0:
            if "unfinished" in line and str(folder) in line:
                raise ValueError("two threads wrote at once, and their order is not known")
            continue
        yield from _operation(found[1], found[2], int(found[3]), folder)


def _operation(call: str, told: str, answer: int, folder: Path) -> Iterator[Operation]:
    texts = [_decode(hexed) for hexed, _ in TEXT.findall(told)]
    name = _name(_path(call, told, texts), folder)
    if name is None:
        return
    if call in UNKNOWN:
        raise ValueError(f"{call} is not understood")
    match call:
        case "openat" if "O_CREAT" in told:
            yield Operation("create", name)
        case "pwrite64" | "write":
            if len(texts[0]) != answer:
                raise ValueError("a write was cut short")
            offset = _last_number(told) if call == "pwrite64" else -1
            yield Operation("write", name, offset, texts[0])
        case "ftruncate":
            yield Operation("truncate", name, size=_last_number(told))
        case "unlink":
            yield Operation("unlink", name)
        case _ if call in RENAMES:
            yield Operation("rename", name, to=texts[1].decode().removeprefix(f"{folder}/"))
        case "fsync" | "fdatasync":
            yield Operation("sync", name)


def _path(call: str, told: str, texts: Sequence[bytes]) -> str:
    if call in BY_NAME:
        return texts[0].decode()
    opened = FILE.match(told)
    return _decode(opened[1]).decode() if opened else ""


def _last_number(told: str) -> int:
    return int(told.rpartition(", ")[2])


def _name(path: str, folder: Path) -> str | None:
    """The file's name within the folder, empty for the folder itself; None: elsewhere."""
    if path == str(folder):
        return ""
    parent, _, name = path.rpartition("/")
    return name if parent == str(folder) else None


def _decode(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", "")) if hexed.startswith("\\x") else hexed.encode()
