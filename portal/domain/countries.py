"""Countries: their names in every language, and the codes of ISO 3166-1."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

_COUNTRY = re.compile(r"(?!CQ|EA|IC|EU|EZ|UN|QO|ZZ|XA|XB)[A-Z]{2}")
"""Codes that the locale data has for countries, without groups, parts and the one for "unknown"."""
_GONE = {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"}
"""Three letters of countries that are called otherwise now."""
_NAMED_IN = ("en", "nl", "de", "fr")


@cache
def countries(locale: str) -> Mapping[str, str]:
    """ISO 3166-1 code of two letters → name in that language, in the order of the names."""
    names = Locale.parse(locale.replace("-", "_")).territories
    found = {code: name for code, name in names.items() if _COUNTRY.fullmatch(code)}
    return dict(sorted(found.items(), key=lambda item: unaccented(item[1])))


@cache
def three_letters() -> Mapping[str, str]:
    """Code of two letters → code of three (ISO 3166-1 alpha-3)."""
    known = countries("en")
    return {
        new[0]: old
        for old, new in get_global("territory_aliases").items()
        if re.fullmatch("[A-Z]{3}", old) and old not in _GONE and new[0] in known
    }


def country_code(text: str) -> str:
    """The code of two letters of a country by its code or its name; empty when it is none."""
    plain = " ".join(text.split())
    if plain.upper() in countries("en"):
        return plain.upper()
    return _known_as().get(unaccented(plain), "")


@cache
def _known_as() -> Mapping[str, str]:
    known = {three.casefold(): two for two, three in three_letters().items()}
    for locale in _NAMED_IN:
        known |= {unaccented(name): code for code, name in countries(locale).items()}
    return known


def unaccented(text: str) -> str:
    """The text without its accents and case, to sort by: Åland stands with the A."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()
