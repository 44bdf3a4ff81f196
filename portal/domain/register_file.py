"""The register as a TOML file.

Its tables are ``[[activities]]``, ``[[categories]]``, ``[[fields]]``, ``[[groups]]``,
``[[purposes]]`` and ``[[elsewhere]]``. It is read as a whole: what comes out is a register, or
every fault with its line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from pydantic import ValidationError

from portal.domain.complaints import Complaint, dotted, explain
from portal.domain.register import Register
from portal.domain.register_misfits import misfits
from portal.domain.toml_lines import Path, TomlError, line_at, read


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault: the line (from 1), the path that leads to it, and what is wrong."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.reason}" if self.path else self.reason


class RegisterError(Exception):
    """The text is not a register. ``problems`` are all its faults, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def register_text(raw: bytes) -> str:
    """A register file's bytes as text, with or without a byte order mark.

    :raises RegisterError: they are not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RegisterError([Problem(1, "", "is not UTF-8 text: save it as UTF-8")]) from None


def read_register(text: str, languages: Sequence[str]) -> Register:
    """The register that the text describes, with every text in each of these languages.

    :raises RegisterError: with every problem of the text.
    """
    try:
        data, lines = read(text)
    except TomlError as error:
        raise RegisterError([Problem(error.line, "", str(error))]) from None
    register: Register | None = None
    complaints: list[Complaint]
    try:
        register = Register.model_validate(data)
        complaints = _missing_words(register, languages)
    except ValidationError as error:
        # Twice the same complaint is told once: `misfits` finds them where shape hides the rest.
        complaints = [*explain(error, Register), *misfits(data)]
    if register is None or complaints:
        raise RegisterError(
            [Problem(line_at(lines, path), dotted(path), reason) for path, reason in complaints]
        )
    return register


def _missing_words(register: Register, languages: Sequence[str]) -> list[Complaint]:
    return [
        (_path(dots), f"no {language_name(language)} text")
        for dots, text in register.texts()
        for language in languages
        if not text.get(language)
    ]


def _path(dots: str) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in dots.split("."))


def language_name(code: str) -> str:
    """``Dutch`` for ``nl``; the code itself where it has no name."""
    try:
        return Locale.parse(code, sep="-").get_language_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code
