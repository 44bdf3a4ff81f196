"""Settings while they are gathered: plain data, and the place that each part of it came from."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from portal.domain.complaints import dotted
from portal.domain.toml_lines import Path

FILE = "portal.toml"
TOP = (
    "public_url",
    "database",
    "register",
    "keys",
    "journal",
    "proxy_hops",
    "worker",
    "timezone",
)
"""The keys of the table ``[portal]``."""
SECTIONS = ("contact", "authority", "mail", "sites", "limits", "retention", "adapters")
RENAMED = {"register": "register_file", "keys": "keys_file", "journal": "journal_file"}
"""Key in the file → name in the settings."""


@dataclass
class Gathered:
    """Settings as plain data, what was wrong with gathering them, and where each came from."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    lines: dict[Path, int] = field(default_factory=dict)
    """Lines of the file."""
    places: dict[Path, str] = field(default_factory=dict)
    """Places outside the file, by path in ``values``."""

    def line(self, path: Path, reason: str) -> str:
        """One line about what is wrong at this path of the settings."""
        return f"{self._place(path)}: {dotted(in_file(path))}: {reason}"

    def _place(self, path: Path) -> str:
        for place in (self.places[at] for at in self.places if at[: len(path)] == path):
            return place
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
            if in_file(path[:length]) in self.lines:
                return f"{FILE}:{self.lines[in_file(path[:length])]}"
        return f"{FILE}:{self.lines[('portal',)]}" if ("portal",) in self.lines else FILE

    def put(self, path: Path, value: Any, place: str) -> None:
        """Set one value over what earlier sources said."""
        target: Any = self.values
        for part, following in pairwise(path):
            target = _step(target, part, [] if isinstance(following, int) else {})
        last = path[-1]
        if isinstance(target, list) and last == len(target):
            target.append(value)
        elif isinstance(target, dict) or (isinstance(last, int) and last < len(target)):
            target[last] = value
        else:
            raise LookupError
        for old in [old for old in self.places if old[: len(path)] == path]:
            del self.places[old]
        self.places[path] = place


def in_layout(path: Path) -> Path:
    """A path of the settings by the names of the file, with ``[portal]`` flattened."""
    names = {name: key for key, name in RENAMED.items()}
    return (names.get(str(path[0]), path[0]), *path[1:])


def in_file(path: Path) -> Path:
    """A path of the settings as it stands in the file."""
    if not path:
        return path
    path = in_layout(path)
    return ("portal", *path) if str(path[0]).removesuffix("_file") in TOP else path


def _step(target: Any, part: str | int, empty: Any) -> Any:
    """One step inwards, making room for what was not there; LookupError where there is no way."""
    if isinstance(target, dict) and isinstance(part, str):
        if not isinstance(target.get(part), dict | list):
            target[part] = empty
        return target[part]
    if isinstance(target, list) and isinstance(part, int):
        if part == len(target):
            target.append(empty)
        return target[part]
    raise LookupError
