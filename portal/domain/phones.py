"""Phone numbers: as people write them, and as ITU-T E.164 writes them, ``+31612345678``."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

E164 = re.compile(r"\+[1-9][0-9]{5,14}")
_WRITTEN = re.compile(r"\+?[0-9 ()./\-]{5,40}")
"""No letters: what a keypad makes of them differs, and an extension has no place in E.164."""


class NotAPhoneNumber(ValueError):
    """The text is no phone number. The message never holds the text."""


class WhichCountry(NotAPhoneNumber):
    """It does not begin with + and the country's number, and there is no country to take."""


def e164(text: str, country: str = "") -> str:
    """The number in its one form; ``country`` is the one it is of where it does not say so itself.

    Taken is what can be somebody's number by its length. Whether a range is in use is not asked:
    numbering plans change faster than any list of them.

    Raises:
        WhichCountry: See there.
        NotAPhoneNumber: It is none, or too short or too long for its country.
    """
    text = " ".join(text.split())
    if not _WRITTEN.fullmatch(text):
        raise NotAPhoneNumber("not a phone number")
    if re.match(r"00\s?[1-9]", text):  # what most of Europe dials for the plus sign
        text = "+" + text[2:].lstrip()
    if text.startswith("+"):
        text = text.replace("(0)", "")  # common in writing between + and area, and never dialled
    elif not country:
        raise WhichCountry("which country's number?")
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber("not a phone number") from None
    if not _can_be_dialled(number):
        raise NotAPhoneNumber("too short or too long")
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not E164.fullmatch(found):
        raise NotAPhoneNumber("too short or too long")
    return found


def national(number: str, country: str) -> str:
    """An E.164 number as it is written within this country; others as from abroad.

    :raises NotAPhoneNumber: it is none.
    """
    parsed = _parsed(number)
    at_home = country and parsed.country_code == phonenumbers.country_code_for_region(country)
    if not at_home:
        return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    try:
        back = e164(written, country)
    except NotAPhoneNumber:
        back = ""
    # Of a number in no known range the trunk prefix may be missing: that form means another.
    return written if back == number else international(number)


def international(number: str) -> str:
    """An E.164 number with its groups: ``+31 6 12345678``.

    :raises NotAPhoneNumber: it is none.
    """
    return phonenumbers.format_number(_parsed(number), PhoneNumberFormat.INTERNATIONAL)


def _parsed(number: str) -> PhoneNumber:
    if not E164.fullmatch(number):
        raise NotAPhoneNumber("not E.164")
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber("not E.164") from None


def _can_be_dialled(number: PhoneNumber) -> bool:
    """By its length alone; short numbers of a special kind only where they are known."""
    either = PhoneNumberType.FIXED_LINE_OR_MOBILE
    return phonenumbers.is_valid_number(number) or phonenumbers.is_possible_number_for_type(
        number, either
    )
