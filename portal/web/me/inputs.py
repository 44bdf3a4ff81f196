"""The inputs of fields that can be corrected: their names, what came in, what stands in them."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flask import abort, request
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.domain.countries import countries
from portal.domain.days import NotADay, Part, day_of, order
from portal.domain.postcodes import example
from portal.domain.register import FieldEntry, Kind, in_language
from portal.domain.tongues import tongue_name
from portal.rights.correcting.typed import Fault


@dataclass(frozen=True, slots=True, repr=False)
class Input:
    """One field on the page."""

    field: FieldEntry
    label: str
    value: str
    error: str | None
    unseen: bool
    parts: Mapping[Part, str] = dataclasses.field(default_factory=dict)
    """A day in three inputs, in the order of the language; none: in one."""
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Value → words, of a list."""


def names_of(fields: Iterable[FieldEntry]) -> list[str]:
    """Every input that a page of ours may send for these fields. No id holds a hyphen."""
    return [name for one in fields for name in (one.id, *_part_names(one))]


def typed_in(fields: Iterable[FieldEntry]) -> dict[str, str]:
    """Field id → what was typed, of the fields that were sent."""
    found: dict[str, str] = {}
    for one in fields:
        names = _part_names(one)
        if any(name in request.form for name in names):
            if one.id in request.form:
                abort(400)  # no page of ours asks for the same twice
            found[one.id] = _joined([request.form.get(name, "").strip() for name in names])
        elif one.id in request.form:
            found[one.id] = request.form[one.id]
    return found


def inputs_of(
    fields: Iterable[FieldEntry],
    stood: Mapping[str, str],
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    hidden: frozenset[str],
) -> Iterator[Input]:
    """The inputs of a form. ``stood``: what was there before anybody typed."""
    locale = str(get_locale())
    for one in fields:
        if one.id not in stood:
            continue
        value = typed.get(one.id, stood[one.id])
        yield Input(
            one,
            in_language(one.label, locale),
            value,
            errors.get(one.id),
            one.id in hidden,
            _parts(value) if one.kind is Kind.DATE and _is_day(stood[one.id]) else {},
            _options(one, locale),
        )


def words_of(fault: Fault, country: str) -> str:
    """What is not right, and what to do. ``country``: the one that the value is of, if known."""
    words = {
        Fault.REQUIRED: _("Fill this in; we cannot do without it."),
        Fault.TOO_LONG: _("This is longer than we can keep. Make it shorter."),
        Fault.BAD_CHARACTER: _("This holds a character that we cannot keep. Type it again."),
        Fault.NOT_A_PHONE: _(
            "Enter a phone number, like 06 12345678 or +32 470 12 34 56. Is a digit missing?"
        ),
        Fault.WHICH_COUNTRY: _("Begin with + and the country, like +32 470 12 34 56."),
        Fault.NOT_A_DATE: _("Enter a date, like 27-03-1958."),
        Fault.NO_SUCH_DAY: _("There is no such day. Look at the day and the month."),
        Fault.SHORT_YEAR: _("Write the year with four digits, like 1958."),
        Fault.NOT_YET: _("This day has yet to come. Look at the year."),
        Fault.TOO_LONG_AGO: _("This day is very long ago. Look at the year."),
        Fault.NOT_A_NUMBER: _("Enter a number."),
        Fault.NOT_A_COUNTRY: _("Choose a country from the list."),
        Fault.NOT_A_POSTCODE: _("This is not a postcode. Look at it once more."),
        Fault.NOT_AN_EMAIL: _("Enter an e-mail address, like name@example.com."),
        Fault.NOT_IN_THE_LIST: _("Choose one from the list."),
        Fault.NOT_YES_OR_NO: _("Choose yes or no."),
        Fault.ALL_OF_IT: _(
            "Fill this in as well: half a new one with half an old one would be wrong."
        ),
    }
    if fault is Fault.NOT_A_POSTCODE and (like := example(country)):
        name = countries(str(get_locale())).get(country, country)
        return str(_("A postcode in %(country)s looks like %(like)s.", country=name, like=like))
    return str(words[fault])


def _part_names(one: FieldEntry) -> list[str]:
    """In the order of the language, so that what is joined reads as it does there."""
    if one.kind is not Kind.DATE:
        return []
    return [f"{one.id}-{part}" for part in order(str(get_locale()))]


def _joined(parts: list[str]) -> str:
    """One text of three inputs: the day itself, where it is one."""
    if not any(parts):
        return ""
    text = "-".join(parts)
    try:
        return day_of(text, str(get_locale())).isoformat()
    except NotADay:
        return text


def _parts(value: str) -> dict[Part, str]:
    sequence = order(str(get_locale()))
    if value and _is_day(value):
        day = date.fromisoformat(value)
        whole: dict[Part, str] = {"day": f"{day.day}", "month": f"{day.month}", "year": f"{day:%Y}"}
        return {part: whole[part] for part in sequence}
    return dict(zip(sequence, [*value.split("-", 2), "", "", ""], strict=False))


def _is_day(value: str) -> bool:
    try:
        return not value or date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _options(one: FieldEntry, locale: str) -> Mapping[str, str]:
    match one.kind:
        case Kind.COUNTRY:
            return countries(locale)
        case Kind.LANGUAGE:
            return {code: tongue_name(code, locale) or code for code in one.languages}
        case Kind.CHOICE:
            return {value: in_language(label, locale) for value, label in one.options.items()}
        case _:
            return {}
