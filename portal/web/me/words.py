"""Codes of the wings, in the words of the register."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_locale

from portal.adapters.contract import Scalar
from portal.domain.register import FieldEntry, in_language
from portal.rights.typed import Around
from portal.rights.values import DAY, shown
from portal.web.context import current_site, services


def shown_here(field: FieldEntry, value: Scalar, country: str = "") -> str | bool | None:
    """A value as this page shows it; ``country``: whose phone numbers are read nationally."""
    return shown(value, field, str(get_locale()), country or current_site().country)


def around() -> Around:
    """What a value means that is typed on this page."""
    zone = ZoneInfo(services().settings.timezone)
    today = services().clock().astimezone(zone).date()
    return Around(today, str(get_locale()), current_site().country)


def category_label(id: str) -> str:
    """What the register calls a category of data."""
    try:
        category = services().register.category(id)
    except KeyError:
        return id  # an adapter's own word, from before the register was changed
    return in_language(category.label, str(get_locale()))


def retained_in_words(retained: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is kept: category, count, ground, law and the last day, ready for a page."""
    locale = str(get_locale())
    return [
        {
            "label": category_label(kept["category"]),
            "count": kept["count"],
            "ground": kept["ground"],
            "law": in_language(kept["law"], locale),
            "until": _day(kept["until"]),
            "first": _day(kept.get("first")),
        }
        for kept in retained
    ]


def gone_later_in_words(later: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was kept at first and has gone since: the categories, and on which day."""
    return [
        {"labels": [category_label(id) for id in one["categories"]], "on": _day(one["on"])}
        for one in later
    ]


def _day(text: str | None) -> str | None:
    return format_date(date.fromisoformat(text), DAY) if text else None


def names_in_details(details: Mapping[str, Any]) -> list[str]:
    """The fields or purposes that a request was about, by their labels."""
    register, locale = services().register, str(get_locale())
    labels = {field.id: field.label for field in register.fields}
    labels |= {purpose.id: purpose.label for purpose in register.purposes}
    labels |= {activity.id: activity.name for activity in register.activities}
    ids = [id for part in ("fields", "purposes", "activities") for id in details.get(part, ())]
    return [in_language(labels[id], locale) if id in labels else id for id in ids]
