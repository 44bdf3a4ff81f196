"""What a person types, as it is to be written: one form for each value, and faults in codes.

``written(typed)`` is the normal form; what `values.form_text` makes of a normal form and is typed
again is that normal form.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.adapters.contract import Scalar
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.countries import countries
from portal.domain.days import OLDEST, NoSuchDay, NotADay, ShortYear, day_of
from portal.domain.phones import NotAPhoneNumber, WhichCountry, e164
from portal.domain.postcodes import NotAPostcode, postcode
from portal.domain.register import FieldEntry, Kind
from portal.rights.held.values import YES_AND_NO, email_shown

CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}  # some scripts cannot be written without them
NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,](?![0-9]{3}$)[0-9]{1,6})?")


class Fault(StrEnum):
    """Why a typed value is not accepted; the page has the words."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    BAD_CHARACTER = "bad_character"
    NOT_A_PHONE = "not_a_phone"
    WHICH_COUNTRY = "which_country"
    NOT_A_DATE = "not_a_date"
    NO_SUCH_DAY = "no_such_day"
    SHORT_YEAR = "short_year"
    NOT_YET = "not_yet"
    TOO_LONG_AGO = "too_long_ago"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_COUNTRY = "not_a_country"
    NOT_A_POSTCODE = "not_a_postcode"
    NOT_AN_EMAIL = "not_an_email"
    NOT_IN_THE_LIST = "not_in_the_list"
    NOT_YES_OR_NO = "not_yes_or_no"
    ALL_OF_IT = "all_of_it"
    """Of what is replaced together only a part was typed."""


class Unacceptable(ValueError):
    """A typed value that is not accepted. Holds the fault, never the value."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Around:
    """What a typed value means depends on more than its field."""

    today: date
    locale: str = "en"
    country: str = ""
    """Two letters: in the same form, else in the record, else the site's; empty where unknown."""


def clean(field: FieldEntry, typed: str, around: Around) -> Scalar:
    """What was typed, as it is to be written.

    Raises:
        Unacceptable: With the fault; nothing is guessed and nothing is cut off.
    """
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip()
    if not text:
        if field.required:
            raise Unacceptable(Fault.REQUIRED)
        return None
    allowed = {"\n", *JOINERS} if field.kind is Kind.LONG_TEXT else JOINERS
    if any(unicodedata.category(char) in CONTROL and char not in allowed for char in text):
        raise Unacceptable(Fault.BAD_CHARACTER)
    if len(text) > field.max_length:
        raise Unacceptable(Fault.TOO_LONG)
    value = _of_kind(field, text, around)
    if isinstance(value, str) and len(value) > field.max_length:
        raise Unacceptable(Fault.TOO_LONG)
    return value


def _of_kind(field: FieldEntry, text: str, around: Around) -> Scalar:
    match field.kind:
        case Kind.PHONE:
            return _phone(text, around.country)
        case Kind.DATE:
            return _date(text, around, past=field.past)
        case Kind.NUMBER:
            return _number(text)
        case Kind.COUNTRY:
            return _among(countries("en"), text.upper(), Fault.NOT_A_COUNTRY)
        case Kind.POSTAL_CODE:
            return _postcode(text, around.country)
        case Kind.LANGUAGE:
            return _among(field.languages, text, Fault.NOT_IN_THE_LIST)
        case Kind.CHOICE:
            return _among(field.options, text, Fault.NOT_IN_THE_LIST)
        case Kind.BOOLEAN:
            return _truth(text)
        case Kind.EMAIL:
            return _email(text)
        case _:
            return text


def _phone(text: str, country: str) -> str:
    try:
        return e164(text, country)
    except WhichCountry:
        raise Unacceptable(Fault.WHICH_COUNTRY) from None
    except NotAPhoneNumber:
        raise Unacceptable(Fault.NOT_A_PHONE) from None


def _date(text: str, around: Around, *, past: bool) -> date:
    try:
        day = day_of(text, around.locale)
    except ShortYear:
        raise Unacceptable(Fault.SHORT_YEAR) from None
    except NoSuchDay:
        raise Unacceptable(Fault.NO_SUCH_DAY) from None
    except NotADay:
        raise Unacceptable(Fault.NOT_A_DATE) from None
    if past and day > around.today:
        raise Unacceptable(Fault.NOT_YET)
    if past and day.year < around.today.year - OLDEST:
        raise Unacceptable(Fault.TOO_LONG_AGO)
    return day


def _number(text: str) -> Decimal:
    """Digits and one sign for the fraction. "1.000" is a thousand to some and one to others."""
    if not NUMBER.fullmatch(text):
        raise Unacceptable(Fault.NOT_A_NUMBER)
    return Decimal(text.replace(",", "."))


def _postcode(text: str, country: str) -> str:
    try:
        return postcode(text, country)
    except NotAPostcode:
        raise Unacceptable(Fault.NOT_A_POSTCODE) from None


def _email(text: str) -> str:
    """With the domain in its own letters, as people read it; `Email` compares both forms as one."""
    try:
        return email_shown(Email.parse(text).address)
    except InvalidEmail:
        raise Unacceptable(Fault.NOT_AN_EMAIL) from None


def _truth(text: str) -> bool:
    if text not in YES_AND_NO:
        raise Unacceptable(Fault.NOT_YES_OR_NO)
    return text == YES_AND_NO[0]


def _among(known: object, text: str, fault: Fault) -> str:
    if text not in known:  # type: ignore[operator]  # a list or a mapping
        raise Unacceptable(fault)
    return text
