"""Values of a CRM: how they are read from a form, compared, sealed and shown."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from portal.adapters.contract import Row, Scalar, Value
from portal.domain.register import FieldEntry, Kind

DAY = "d MMMM y"
"""Day, month, year: also in English, as Europe writes it."""
CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}  # some scripts cannot be written without them
ISO_COUNTRY = re.compile(r"(?!EU|EZ|UN|QO|ZZ|XA|XB)[A-Z]{2}")
"""Codes that the locale data has for countries, without its groups and its code for "unknown"."""
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,](?![0-9]{3}$)[0-9]{1,6})?")
PHONE = re.compile(r"\+?[0-9 ()./\-]{5,40}")


class Fault(StrEnum):
    """Why a typed value is not accepted; the page has the words."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    BAD_CHARACTER = "bad_character"
    NOT_A_PHONE = "not_a_phone"
    NOT_A_DATE = "not_a_date"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_COUNTRY = "not_a_country"
    NOT_YES_OR_NO = "not_yes_or_no"


class Unacceptable(ValueError):
    """A typed value that is not accepted. Holds the fault, never the value."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def clean(field: FieldEntry, typed: str) -> Scalar:
    """What was typed, as it is to be written.

    Raises:
        Unacceptable: With the fault; nothing is guessed and nothing is cut off.
    """
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip()
    if not text:
        if field.required:
            raise Unacceptable(Fault.REQUIRED)
        return None
    if len(text) > field.max_length:
        raise Unacceptable(Fault.TOO_LONG)
    allowed = {"\n", *JOINERS} if field.kind is Kind.LONG_TEXT else JOINERS
    if any(unicodedata.category(char) in CONTROL and char not in allowed for char in text):
        raise Unacceptable(Fault.BAD_CHARACTER)
    match field.kind:
        case Kind.PHONE:
            return _phone(text)
        case Kind.DATE:
            return _date(text)
        case Kind.NUMBER:
            return _number(text)
        case Kind.COUNTRY:
            return _country(text)
        case Kind.BOOLEAN:
            return _truth(text)
        case _:
            return text


def _phone(text: str) -> str:
    """As typed, if it can be a number at all: people know how they write their own."""
    if not PHONE.fullmatch(text):
        raise Unacceptable(Fault.NOT_A_PHONE)
    if text.startswith("+"):
        try:
            # "(0)" between country and area code is common in writing and never dialled
            number = phonenumbers.parse(text.replace("(0)", ""))
        except phonenumbers.NumberParseException:
            raise Unacceptable(Fault.NOT_A_PHONE) from None
        if not phonenumbers.is_possible_number(number):
            raise Unacceptable(Fault.NOT_A_PHONE)
    elif not 6 <= sum(char.isdigit() for char in text) <= 15:  # ITU-T E.164: fifteen at most
        raise Unacceptable(Fault.NOT_A_PHONE)
    return text


def _date(text: str) -> date:
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    raise Unacceptable(Fault.NOT_A_DATE)


def _number(text: str) -> Decimal:
    """Digits and one sign for the fraction. "1.000" is a thousand to some and one to others."""
    if not NUMBER.fullmatch(text):
        raise Unacceptable(Fault.NOT_A_NUMBER)
    return Decimal(text.replace(",", "."))


def _truth(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise Unacceptable(Fault.NOT_YES_OR_NO)
    return text == "yes"


def _country(text: str) -> str:
    if text.upper() not in countries("en"):
        raise Unacceptable(Fault.NOT_A_COUNTRY)
    return text.upper()


@cache
def countries(locale: str) -> Mapping[str, str]:
    """ISO 3166-1 code → name in that language, in the order of the names."""
    names = Locale.parse(locale.replace("-", "_")).territories
    found = {code: name for code, name in names.items() if ISO_COUNTRY.fullmatch(code)}
    return dict(sorted(found.items(), key=lambda item: unaccented(item[1])))


def unaccented(text: str) -> str:
    """The text without its accents and case, to sort by: Åland stands with the A."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()


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


def form_text(value: Value, kind: Kind) -> str:
    """A value as it stands in the input of a field of this kind."""
    if value is None or not isinstance(value, str | int | float | Decimal | date):
        return ""
    if isinstance(value, bool) or (kind is Kind.BOOLEAN and value in {0, 1}):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def shown(value: Scalar, kind: Kind, locale: str) -> str | bool | None:
    """A value as a page shows it. True and False stay, for the page to say in words."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if kind is Kind.BOOLEAN and value in {0, 1}:
        return bool(value)
    if isinstance(value, datetime):
        has_time = (value.hour, value.minute) != (0, 0)
        return (
            format_datetime(value, f"{DAY}, HH:mm", locale=locale)
            if has_time and kind is not Kind.DATE
            else format_date(value.date(), DAY, locale=locale)
        )
    if isinstance(value, date):
        return format_date(value, DAY, locale=locale)
    if isinstance(value, float | Decimal):
        return _number_shown(value, locale)
    if kind is Kind.DATE:
        try:
            return format_date(date.fromisoformat(str(value)[:10]), DAY, locale=locale)
        except ValueError:
            return str(value)
    if kind is Kind.COUNTRY and len(str(value)) == 2:
        return countries(locale).get(str(value).upper(), str(value))
    return str(value)


def _number_shown(value: float | Decimal, locale: str) -> str:
    """With the decimals that it is kept with: half a euro is 0,50."""
    if isinstance(value, Decimal) and value.is_finite():
        decimals = "0" * -min(0, int(value.as_tuple().exponent))
        return format_decimal(value, f"#,##0.{decimals}".rstrip("."), locale=locale)
    return format_decimal(value, locale=locale, decimal_quantization=False)


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
