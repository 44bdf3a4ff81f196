"""Where things stand in a TOML text, so that a fault can be shown with its line.

The standard library's reader says what a file holds and not where. This one says where and not
what: it follows headers, keys, lists and strings (TOML 1.0) of a text that `tomllib` has accepted.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

Path = tuple[str | int, ...]
"""Keys and positions in lists, from the outside in: ``("fields", 3, "label", "nl")``."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_SPACE = re.compile(r"[ \t]*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")


class TomlError(Exception):
    """The text is not TOML; ``line`` counts from 1. The message never holds a value."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def read(text: str) -> tuple[dict[str, Any], dict[Path, int]]:
    """What the text holds, and the line on which each part of it stands.

    :raises TomlError: it is not TOML.
    """
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise TomlError(1, "lists or tables are nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one; a number of 5,000 digits is another
        raise _explained(str(error), text) from None
    return data, lines_of(text)


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and item of a valid TOML text."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    # As far as it came: `line_at` falls back on what stands around.
    with suppress(IndexError, ValueError, RecursionError):
        scanner.document()
    return scanner.lines


def line_at(lines: Mapping[Path, int], path: Path) -> int:
    """The line of this part or, when it is not there, of what it would stand in."""
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, 1)


def _explained(message: str, text: str) -> TomlError:
    last = max(1, len(text.splitlines()))
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", message)
    if not found:
        return TomlError(1, "this is not TOML: a number or date in it cannot be read")
    line = min(int(found[1]), last) if found[1] else last
    return TomlError(line, f"this is not TOML: {message[: found.start()]}")


class _Scanner:
    """Walks the text once. Leniency is harmless: only accepted texts come here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {(): 1}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[Path, int] = {}  # how many [[of.these]] there were

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *outer, name = self._key()
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        path: Path = ()
        for part in outer:
            path = self._newest((*path, part))
        path = (*path, name)
        self._note(path, start)
        if many:
            self._tables[path] = self._tables.get(path, 0) + 1
        path = self._newest(path)
        self._note(path, start)
        return path

    def _newest(self, path: Path) -> Path:
        """A name of [[many]] means the latest of them."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            if quoted := _STRING.match(self.text, self.at):
                parts.append(str(tomllib.loads(f"key = {quoted[0]}")["key"]))
                self.at = quoted.end()
            else:
                parts.append(self._skip(_BARE_KEY))
            if not self._skip(_DOT):
                return parts

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path, start)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        opening = self.text[self.at]
        if opening == "[":
            self._many(path, "]")
        elif opening == "{":
            self._many(path, "}")
        elif not self._skip(_STRING):
            self._skip(_BARE_VALUE)

    def _many(self, path: Path, closing: str) -> None:
        self.at += 1
        count = 0
        self._skip(_BLANK)
        while self.text[self.at] != closing:
            if closing == "]":
                self._note((*path, count), self.at)
                self._value((*path, count))
                count += 1
            else:
                self._pair(path)
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def _note(self, path: Path, start: int) -> None:
        self.lines.setdefault(path, bisect_right(self._ends, start) + 1)
