"""The erasure journal: what must not be forgotten when the database is restored from a back-up.

A file of lines outside the database and outside its back-ups, to which lines are only added. It
names nobody: subjects by their random ids, addresses by their keyed hashes. Each line has a number
and a code made with the portal's keys over itself and the code of the line before, so that a line
that was changed, left out or slipped in is found. The first line names the journal.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from portal.faults import fault
from portal.store.durable import sync_folder
from portal.store.journal_file import (
    JournalDamaged,
    beside,
    last_line,
    lock,
    name_too,
    opened,
    reason,
    tail,
    whole,
)
from portal.store.vault import Vault, new_reference

__all__ = ["Journal", "JournalAway", "JournalDamaged", "Line"]

PURPOSE = "journal"


class JournalAway(Exception):
    """The journal is not where it should be, or cannot be read or written there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request, as the journal holds it. Ids, codes and hashes; no address."""

    request: str
    subject: str
    right: str
    purposes: Sequence[str]
    adapters: Sequence[str]
    site: str
    locale: str
    at: str
    """When it was received: ISO 8601, UTC."""
    aliases: Sequence[tuple[int, str]]
    """(version of the key, digest in hexadecimal digits) of each address of the subject."""
    wordings: Sequence[str] = ()
    """The version of the words that each decision was about."""
    due: str = ""
    """Of an erasure that waits: not before this moment. ISO 8601, UTC; empty: at once."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the request says of itself, in codes: which one it came with, or takes back."""
    number: int = 0
    """Its place, from 1; 0 while it has none."""


class Journal:
    """The file. Safe for several threads and processes, of several machines where its disk is."""

    def __init__(self, path: Path, vault: Vault) -> None:
        # Where it really lies: its lock lies beside it, by whatever name it is known.
        self.path = path.resolve()
        self.vault = vault

    def exists(self) -> bool:
        """Is there one? One whose first line was cut off by a crash is none yet."""
        return self.id() is not None

    def id(self) -> str | None:
        """Its name; None when there is no journal.

        Raises:
            JournalAway: It cannot be read.
            JournalDamaged: It begins with something else.
        """
        try:
            with self.path.open("rb") as file:
                first = file.readline()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalAway(reason(error)) from None
        return self._named_by(first)

    def try_to_write(self) -> None:
        """Could a line be added? None is.

        Raises:
            JournalAway: No; why.
        """
        with self._alone():
            if self.path.exists():
                opened(self.path).close()

    def begin(self, lines: Iterable[Line] = ()) -> tuple[str, int] | None:
        """Make a journal that holds these lines: it is there whole, or not at all.

        Returns:
            Its name and its last number; None when there is one already, which stays as it is.

        Raises:
            JournalAway: It cannot be written.
            JournalDamaged: There is something else in its place.
        """
        with self._alone():
            return None if self.exists() else self._made(lines, None)

    def replace(self, lines: Iterable[Line], old: Path) -> tuple[str, int]:
        """Make a new one in the place of whatever is there, which is kept as ``old``.

        Raises:
            JournalAway: It cannot be written.
        """
        with self._alone():
            return self._made(lines, old)

    def append(self, lines: Sequence[Line], *, unless_there: bool = False) -> tuple[str, int]:
        """Add lines, and return when they are on disk: (the journal's name, the last number).

        Args:
            lines: Their numbers are made here.
            unless_there: Leave out those whose request is in it already.

        Raises:
            JournalAway: There is none, or it cannot be written.
            JournalDamaged: Its last line is not as it was written.
        """
        with self._alone(), opened(self.path) as file:
            end = self._end(file)
            known = {line.request for line in self._all(file)} if unless_there else set()
            number, _ = self._add(file, (one for one in lines if one.request not in known), end)
            file.seek(0)
            return self._named_by(file.readline()) or "", number

    def after(self, number: int) -> list[Line]:
        """The lines after this one, which are few: the file is read from its end.

        Raises:
            JournalAway: It cannot be read.
            JournalDamaged: One of them is not as it was written.
        """
        try:
            with self.path.open("rb") as file:
                return [*self._checked(tail(file, number), number)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalAway(reason(error)) from None

    # --- lines ---------------------------------------------------------------------------------

    def _made(self, lines: Iterable[Line], old: Path | None) -> tuple[str, int]:
        """Write it beside its place, whole and synced, and only then put it there."""
        name, new = new_reference(), beside(self.path, "new")
        new.unlink(missing_ok=True)
        with self._made_beside(new, os.O_EXCL) as file:
            mac = self._write(file, {"journal": name, "number": 0, "version": 1}, "")
            number, _ = self._add(file, lines, (0, mac))
        if old is not None and self.path.exists():
            name_too(self.path, old)
        fault("journal: between the old one and the new one")
        new.replace(self.path)
        sync_folder(self.path.parent)
        return name, number

    def _add(self, file: BinaryIO, lines: Iterable[Line], end: tuple[int, str]) -> tuple[int, str]:
        """Write lines after the one that ends the file, and see them on disk; (number, code)."""
        number, mac = end
        for line in lines:
            number += 1
            mac = self._write(file, {**asdict(line), "number": number}, mac)
        file.flush()
        fault("journal: before the sync")
        os.fsync(file.fileno())
        fault("journal: after the sync")
        return number, mac

    def _write(self, file: BinaryIO, told: dict[str, Any], before: str) -> str:
        text = json.dumps(told, sort_keys=True, separators=(",", ":"))
        mac = self.vault.mac(PURPOSE, before + text)
        file.write(json.dumps({"mac": mac, "of": told}, separators=(",", ":")).encode() + b"\n")
        return mac

    def _named_by(self, first: bytes) -> str | None:
        """The journal's name, as its first line says; None while that is not whole."""
        return str(self._told_by(first, "", 0)["journal"]) if first.endswith(b"\n") else None

    def _told_by(self, raw: bytes, before: str, number: int) -> dict[str, Any]:
        """What a line holds, once its code has been checked against the line before it."""
        try:
            line = json.loads(raw)
            told, mac = dict(line["of"]), str(line["mac"])
        except (ValueError, KeyError, TypeError):
            raise JournalDamaged(f"line {number} cannot be read") from None
        text = json.dumps(told, sort_keys=True, separators=(",", ":"))
        if not self.vault.check_mac(PURPOSE, before + text, mac) or told.get("number") != number:
            raise JournalDamaged(f"line {number} was not written by this portal, or was changed")
        return told

    def _checked(self, lines: Sequence[bytes], number: int) -> Iterator[Line]:
        """Lines of which the first is the one before those that are wanted."""
        if not lines:
            raise JournalDamaged(f"it ends before line {number}")
        before = str(json.loads(lines[0])["mac"])
        for place, raw in enumerate(lines[1:], number + 1):
            told = self._told_by(raw, before, place)
            before = str(json.loads(raw)["mac"])
            yield Line(**{**told, "aliases": [(int(v), str(d)) for v, d in told["aliases"]]})

    def _all(self, file: BinaryIO) -> Iterator[Line]:
        file.seek(0)
        yield from self._checked(whole(file.read()), 0)
        file.seek(0, os.SEEK_END)

    def _end(self, file: BinaryIO) -> tuple[int, str]:
        """(number, code) of the last line, after which the file ends: a torn line is cut off."""
        last, size = last_line(file)
        file.truncate(size)
        file.seek(0, os.SEEK_END)
        try:
            line = json.loads(last)
            return int(line["of"]["number"]), str(line["mac"])
        except (ValueError, KeyError, TypeError):
            raise JournalDamaged("its last line cannot be read") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes. The lock is a file of its own: the journal's may be replaced."""
        try:
            with self._made_beside(beside(self.path, "lock")) as held:
                lock(held)
                yield  # closing it lets go of the lock
        except OSError as error:
            raise JournalAway(reason(error)) from None

    def _made_beside(self, path: Path, flags: int = 0) -> BinaryIO:
        """A file beside the journal. What root makes belongs to whoever owns that."""
        file = opened(path, os.O_CREAT | flags)
        if sys.platform != "win32" and os.geteuid() == 0:
            owner = (self.path if self.path.exists() else self.path.parent).stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        return file
