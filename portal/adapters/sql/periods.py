"""How long something is kept."""

from datetime import date


def add_period(start: date, period: str, *, end_of_year: bool) -> date:
    """The last day of a period such as ``7 years`` that counts from a day or its year's end."""
    number, unit = period.removesuffix("s").split(" ")
    if end_of_year:
        start = date(start.year, 12, 31)
    if unit == "day":
        return date.fromordinal(start.toordinal() + int(number))
    months = start.month - 1 + int(number) * (12 if unit == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last = date.fromordinal(following.toordinal() - 1).day
    return date(year, month, min(start.day, last))
