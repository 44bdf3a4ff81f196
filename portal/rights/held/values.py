"""Values of a CRM: how they are compared, sealed, put into a form and shown."""

import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from portal.adapters.contract import Row, Scalar, Value
from portal.domain.countries import countries, country_code
from portal.domain.phones import NotAPhoneNumber, national
from portal.domain.register import FieldEntry, Kind, in_language
from portal.domain.tongues import tongue_code, tongue_name

T = TypeVar("T")

DAY = "d MMMM y"
"""Day, month, year: also in English, as Europe writes it."""
YES_AND_NO = ("yes", "no")
"""How a form says it."""


def same(one: Scalar, other: Scalar) -> bool:
    """Do two values mean the same, whatever type a CRM gives them back in?

    Nothing and an empty text are one; trailing blanks are a matter of column types.
    """
    return _plain(one) == _plain(other)


def _plain(value: Scalar) -> str | Decimal | bool:
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return unicodedata.normalize("NFC", value).rstrip()


def form_text(value: Value, field: FieldEntry, country: str = "") -> str:
    """A value as it stands in the input of this field; ``country``: whose numbers are national."""
    if value is None or not isinstance(value, str | int | float | Decimal | date):
        return ""
    if isinstance(value, bool) or (field.kind is Kind.BOOLEAN and value in {0, 1}):
        return YES_AND_NO[0] if value else YES_AND_NO[1]
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    match field.kind:
        case Kind.PHONE:
            return _phone_shown(text, country)
        case Kind.EMAIL:
            return email_shown(text)
        case Kind.COUNTRY:
            # What stands there otherwise is offered as it is, beside the list.
            return text.upper() if text.upper() in countries("en") else text
        case Kind.LANGUAGE:
            return code if (code := tongue_code(text)) in field.languages else text
        case _:
            return text


def shown(value: Scalar, field: FieldEntry, locale: str, country: str = "") -> str | bool | None:
    """A value of a field as a page shows it. True and False stay, for the page to say in words.

    What does not fit the field's kind is shown as it stands.
    """
    if value is None or value == "":
        return None
    if field.kind is Kind.BOOLEAN and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return _text_shown(value, field, locale, country)
    if isinstance(value, bool | int):
        by_name = field.kind in {Kind.CHOICE, Kind.COUNTRY} and not isinstance(value, bool)
        return _text_shown(str(value), field, locale, country) if by_name else _plainly(value)
    if field.kind is Kind.DATE and isinstance(value, datetime):
        return format_date(value.date(), DAY, locale=locale)
    return cell(value, locale)


def cell(value: Scalar, locale: str) -> str | bool | None:
    """A value that no kind is known of, such as one cell of a row."""
    if value is None or value == "":
        return None
    value = dated(value)
    if isinstance(value, datetime):
        has_time = (value.hour, value.minute) != (0, 0)
        return (
            format_datetime(value, f"{DAY}, HH:mm", locale=locale)
            if has_time
            else format_date(value.date(), DAY, locale=locale)
        )
    if isinstance(value, date):
        return format_date(value, DAY, locale=locale)
    if isinstance(value, float | Decimal):
        return _number_shown(value, locale)
    return _plainly(value)


def dated(value: T) -> T | date:
    """A day or a moment that is held, or was told, as text in its one form (ISO 8601)."""
    if isinstance(value, str):
        for kind in (date, datetime):
            with suppress(ValueError):
                found = kind.fromisoformat(value)
                if found.isoformat() == value:
                    return found
    return value


def _plainly(value: str | int) -> str | bool:
    return value if isinstance(value, bool) else str(value)


def _text_shown(text: str, field: FieldEntry, locale: str, country: str) -> str:
    match field.kind:
        case Kind.DATE:
            with suppress(ValueError):
                return format_date(date.fromisoformat(text[:10]), DAY, locale=locale)
        case Kind.COUNTRY:
            return countries(locale).get(country_code(text), text)
        case Kind.LANGUAGE:
            return tongue_name(text, locale) or text
        case Kind.CHOICE if text in field.options:
            return in_language(field.options[text], locale)
        case Kind.PHONE:
            return _phone_shown(text, country)
        case Kind.EMAIL:
            return email_shown(text)
    return text


def _phone_shown(text: str, country: str) -> str:
    """A number in the portal's own form as it is read; any other as whoever wrote it meant it."""
    try:
        return national(text, country)
    except NotAPhoneNumber:
        return text


def email_shown(address: str) -> str:
    """An address with its domain in its own letters: ``bücher.example``."""
    local, at, domain = address.rpartition("@")
    with suppress(UnicodeError):
        letters = domain.encode("ascii").decode("idna")
        if letters.encode("idna").decode() == domain.lower():
            return f"{local}{at}{letters}"
    return address


def _number_shown(value: float | Decimal, locale: str) -> str:
    """With the decimals that it is kept with: half a euro is 0,50."""
    with suppress(InvalidOperation):  # more digits than are counted with: as it stands
        if isinstance(value, Decimal) and value.is_finite():
            decimals = "0" * -min(0, int(value.as_tuple().exponent))
            return format_decimal(value, f"#,##0.{decimals}".rstrip("."), locale=locale)
        return format_decimal(value, locale=locale, decimal_quantization=False)
    return str(value)


def rows_of(value: Value) -> Sequence[Row]:
    """The rows of a value of kind ``rows``; none for anything else."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    return ()


def scalar_of(value: Value) -> Scalar:
    """The value, if it is a single one."""
    return None if isinstance(value, Sequence) and not isinstance(value, str) else value


def to_json(value: Scalar) -> Any:
    """A value as JSON holds it, so that `from_json` gives the very same back."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def from_json(stored: Any) -> Scalar:
    """The value that `to_json` was given."""
    if not isinstance(stored, Mapping):
        scalar: Scalar = stored
        return scalar
    ((kind, text),) = stored.items()
    if kind == "decimal":
        return Decimal(text)
    return datetime.fromisoformat(text) if kind == "datetime" else date.fromisoformat(text)
