"""Days as people type them: in the order of their language, the month by number or name."""

import re
from datetime import date
from functools import cache
from typing import Literal

from babel import Locale

from portal.domain.countries import unaccented

Part = Literal["day", "month", "year"]
KNOWN = ("nl", "de", "fr", "en")
"""Languages whose months are known on every page: people mix them."""
OLDEST = 130
"""Years that nobody has lived."""


class NotADay(ValueError):
    """The text is no day. The message never holds the text."""


class ShortYear(NotADay):
    """The year has not four digits: 58 may be 1958 or 2058."""


class NoSuchDay(NotADay):
    """Day, month and year are there, and there is no such day: 30 February."""


@cache
def order(locale: str) -> tuple[Part, Part, Part]:
    """The order in which the language writes a day. English too has the day first: this is Europe.

    The year is first where a language has it there, such as Swedish and Hungarian.
    """
    pattern = str(Locale.parse(locale.replace("-", "_")).date_formats["short"].pattern)
    year_first = pattern.lstrip("'").startswith("y")
    return ("year", "month", "day") if year_first else ("day", "month", "year")


def day_of(text: str, locale: str = "en") -> date:
    """The day that is meant: ``27-3-1958``, ``27 maart 1958``, ``1958-03-27``.

    Raises:
        ShortYear: See there.
        NoSuchDay: See there.
        NotADay: It is none.
    """
    parts = [part for part in re.split(r"[\s./,\-]+", text.strip()) if part]
    if len(parts) != 3:
        raise NotADay("not a day")
    year_first = order(locale)[0] == "year" or re.fullmatch(r"\d{4}", parts[0], re.ASCII)
    year, month, day = parts if year_first else reversed(parts)
    counted = re.fullmatch(r"(\d{1,2})(?:er|e|st|nd|rd|th)?", day, re.ASCII | re.IGNORECASE)
    if counted is None or not re.fullmatch(r"\d+", year, re.ASCII):
        raise NotADay("not a day")
    number = _month(month, locale)
    if len(year) != 4:
        raise ShortYear("a year of four digits, please")
    try:
        return date(int(year), number, int(counted[1]))
    except ValueError:
        raise NoSuchDay("there is no such day") from None


def _month(text: str, locale: str) -> int:
    if re.fullmatch(r"\d{1,2}", text, re.ASCII):
        return int(text)
    found = _months(locale).get(unaccented(text).rstrip("."))
    if found is None:
        raise NotADay("not a month")
    return found


@cache
def _months(locale: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for one in (*KNOWN, locale):
        months = Locale.parse(one.replace("-", "_")).months["format"]
        for width in ("wide", "abbreviated"):
            names |= {unaccented(name).rstrip("."): nr for nr, name in months[width].items()}
    return names
