"""A copy as contact cards (vCard 4.0, RFC 6350): one a record, for an address book."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from portal.domain.countries import countries, country_code
from portal.domain.register import Kind
from portal.rights.copies.telling import Told

FOLD = 75  # octets of a line, without its end (§3.2)
BY_KIND = {
    Kind.EMAIL: "email",
    Kind.PHONE: "tel",
    Kind.POSTAL_CODE: "postal_code",
    Kind.COUNTRY: "country",
}
"""What a field is on a card when the register does not say."""
NAME = ("family", "given", "additional", "prefix", "suffix")  # §6.2.2
ADDRESS = ("street", "locality", "region", "postal_code", "country")  # §6.3.1, after two empty ones
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
CONTROLS = re.compile(r"[\0-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]")
ESCAPED = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})  # §3.4


def cards(told: Told) -> bytes:
    """All cards, one after the other. A record of which nothing belongs on a card has none."""
    made_at = datetime.fromisoformat(told["made_at"])
    return "".join(
        _card(parts, told["email"], made_at)
        for system in told["systems"]
        for record in system["records"]
        if (parts := _parts(record["fields"], told["language"]))
    ).encode(errors="replace")


def folded(line: str) -> str:
    """A content line as it is sent: no line of more than 75 octets, and no letter in two."""
    lines, length = [""], 0
    for char in line:
        octets = len(char.encode(errors="replace"))
        if length + octets > FOLD:
            lines.append(" ")
            length = 1
        lines[-1] += char
        length += octets
    return "\r\n".join(lines) + "\r\n"


def text(value: str) -> str:
    """A text value: nothing in it ends it, or begins another."""
    return CONTROLS.sub("", value).translate(ESCAPED)


def _parts(fields: Sequence[Mapping[str, Any]], locale: str) -> dict[str, list[str]]:
    """Part of the card → its values; under ``""`` the words of all fields of kind name."""
    parts: dict[str, list[str]] = {}
    for field in fields:
        value = field.get("value")
        kind = Kind(field["kind"])
        part = field.get("card") or BY_KIND.get(kind)
        if value is None or isinstance(value, bool):
            continue
        shown = CONTROLS.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n"))
        if not shown.strip():
            continue
        if part == "country":
            shown = countries(locale).get(country_code(shown), shown)
        if kind is Kind.NAME:
            parts.setdefault("", []).append(shown)
        if part:
            parts.setdefault(part, []).append(shown)
    return parts


def _card(parts: Mapping[str, Sequence[str]], address: str, made_at: datetime) -> str:
    return "".join(map(folded, _content(parts, address, made_at)))


def _content(parts: Mapping[str, Sequence[str]], address: str, made_at: datetime) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield "KIND:individual"
    names = parts.get("") or parts.get("org") or [address]  # §6.2.1: every card has one
    yield f"FN:{text(' '.join(names))}"
    if any(part in parts for part in NAME):
        yield f"N:{_structured(parts, NAME)}"
    yield from (f"NICKNAME:{text(one)}" for one in parts.get("nickname", ()))
    yield from (f"EMAIL:{text(one)}" for one in parts.get("email", ()))
    yield from (f"TEL:{text(one)}" for one in parts.get("tel", ()))
    if any(part in parts for part in ADDRESS):
        yield f"ADR:;;{_structured(parts, ADDRESS)}"
    yield from (f"ORG:{text(one)}" for one in parts.get("org", ()))
    yield from (f"TITLE:{text(one)}" for one in parts.get("title", ()))
    yield from map(_birthday, parts.get("bday", ())[:1])  # §6.2.5: one at most
    yield from (f"LANG:{one}" for one in parts.get("lang", ()) if LANGUAGE_TAG.fullmatch(one))
    yield f"REV:{made_at:%Y%m%dT%H%M%SZ}"
    yield "END:VCARD"


def _structured(parts: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    return ";".join(text(" ".join(parts.get(name, ()))) for name in names)


def _birthday(value: str) -> str:
    try:
        return f"BDAY:{date.fromisoformat(value[:10]):%Y%m%d}"
    except ValueError:
        return f"BDAY;VALUE=text:{text(value)}"
