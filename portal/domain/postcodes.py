"""Postcodes: the one way in which each country writes its own.

A table of nine countries and a lenient rule for the rest. A library with the rules of all of them
would bring 250 files, of which a page needs one pattern; and a rule that is wrong about a country
nobody here knows would refuse a person her own address.
"""

import re

_LENIENT = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?")
_LETTERS = re.compile(r"(NL|BE|LU|CH|AT|DE|FR|GB|US|[ABDFL])[- ]+(?=[0-9A-Z])")
"""The letters of a country, or of its cars, that some write before it."""
_RULES = {
    "NL": (r"([1-9]\d{3}) ?((?!SA|SD|SS)[A-Z]{2})", r"\1 \2", "1234 AB"),
    "DE": (r"(\d{5})", r"\1", "10115"),
    "FR": (r"(\d{2}) ?(\d{3})", r"\1\2", "75001"),
    "BE": (r"([1-9]\d{3})", r"\1", "1000"),
    "GB": (r"(GIR|[A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})", r"\1 \2", "NR1 2AB"),
    "AT": (r"([1-9]\d{3})", r"\1", "1010"),
    "CH": (r"([1-9]\d{3})", r"\1", "8001"),
    "LU": (r"([1-9]\d{3})", r"\1", "1009"),
    "US": (r"(\d{5})(?:-?(\d{4}))?", r"\1-\2", "10001"),
}


class NotAPostcode(ValueError):
    """The text is no postcode of that country. The message never holds the text."""


def example(country: str) -> str | None:
    """How a postcode of this country looks; None where no rule of it is known."""
    return _RULES[country][2] if country in _RULES else None


def postcode(text: str, country: str = "") -> str:
    """The postcode as its country writes it; without a country, or of another, as it is.

    :raises NotAPostcode: it is none of that country.
    """
    plain = " ".join(text.upper().split())
    if country not in _RULES:
        if not _LENIENT.fullmatch(plain):
            raise NotAPostcode("not a postcode")
        return plain
    pattern, written, _ = _RULES[country]
    for candidate in (plain, _LETTERS.sub("", plain, count=1), plain.replace(" ", "")):
        if found := re.fullmatch(pattern, candidate, re.ASCII):
            return found.expand(written).rstrip("-")
    raise NotAPostcode("not a postcode of that country")
