"""A disk that forgets: what may be on it after a power cut, by all that is promised and no more.

What was synced is there. Of what was written since, any part may be there: none of it, all of it,
the first so many writes with the last one torn, or any sectors in any order. A new or removed name
lasts for sure only once its folder has been synced; one that replaces another does so at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.crash.strace import Operation

SECTOR = 512  # bytes that a disk writes at once, or not at all

How = Literal["synced", "all", "torn", "scattered"]
HOWS: tuple[How, ...] = ("synced", "torn", "scattered", "all")


@dataclass
class _Inode:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    size: int = 0
    """With all that was written, synced or not."""

    def __post_init__(self) -> None:
        self.size = len(self.durable)

    def take(self, one: Operation) -> None:
        """Something that is not synced yet; what is appended gets its place."""
        if one.kind == "write" and one.offset < 0:
            one = Operation("write", one.name, self.size, one.data)
        end = one.offset + len(one.data)
        self.size = one.size if one.kind == "truncate" else max(self.size, end)
        self.pending.append(one)

    def sync(self) -> None:
        for one in self.pending:
            _do(self.durable, one)
        self.pending.clear()


class Disk:
    """The files of one folder. ``base``: what is safely there at the beginning."""

    def __init__(self, base: Mapping[str, bytes]) -> None:
        self._durable: dict[str, _Inode] = {
            name: _Inode(bytearray(content)) for name, content in base.items()
        }
        self._names = dict(self._durable)
        self._pending: list[_Names] = []

    def do(self, one: Operation) -> None:
        """The kernel is told this."""
        if one.kind == "sync" and not one.name:
            for change in self._pending:
                _enter(self._durable, change)
            self._pending.clear()
        elif one.kind == "create":
            if one.name not in self._names:
                self._change({one.name: _Inode()})
        elif one.kind == "unlink":
            self._change({one.name: None})
        elif one.kind == "rename":
            self._change({one.name: None, one.to: self._names[one.name]})
        elif one.kind == "sync":
            self._names[one.name].sync()
        else:
            self._names[one.name].take(one)

    def _change(self, names: "_Names") -> None:
        _enter(self._names, names)
        self._pending.append(names)

    def after_a_cut(self, how: How, chance: Random) -> dict[str, bytes]:
        """What is there when the power comes back: name → content."""
        names = dict(self._durable)
        so_many = {"synced": 0, "all": len(self._pending)}.get(
            how, chance.randint(0, len(self._pending))
        )
        for change in self._pending[:so_many]:
            _enter(names, change)
        return {name: _content(inode, how, chance) for name, inode in names.items()}

    @property
    def is_safe(self) -> bool:
        """Is everything synced, so that all cuts are the same?"""
        return not self._pending and not any(one.pending for one in self._names.values())


_Names = Mapping[str, _Inode | None]
"""One change of a folder: file by name; None: no more. All of it lasts, or nothing."""


def _enter(names: dict[str, _Inode], change: _Names) -> None:
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _content(inode: _Inode, how: How, chance: Random) -> bytes:
    content = bytearray(inode.durable)
    for one in _kept(inode.pending, how, chance):
        _do(content, one)
    return bytes(content)


def _kept(pending: list[Operation], how: How, chance: Random) -> Iterator[Operation]:
    if how == "all":
        yield from pending
    elif how == "torn":
        so_many = chance.randint(0, len(pending))
        yield from pending[:so_many]
        if so_many < len(pending) and pending[so_many].kind == "write":
            last = pending[so_many]
            part = last.data[: chance.randint(0, len(last.data))]
            yield Operation("write", last.name, last.offset, part)
    elif how == "scattered":
        for one in pending:
            if one.kind != "write":
                if chance.random() < 0.5:
                    yield one
                continue
            for start in range(0, len(one.data), SECTOR):
                if chance.random() < 0.5:
                    part = one.data[start : start + SECTOR]
                    yield Operation("write", one.name, one.offset + start, part)


def _do(content: bytearray, one: Operation) -> None:
    if one.kind == "truncate":
        if one.size < len(content):
            del content[one.size :]
        content.extend(bytes(one.size - len(content)))
        return
    content.extend(bytes(max(0, one.offset - len(content))))
    content[one.offset : one.offset + len(one.data)] = one.data
