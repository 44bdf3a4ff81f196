"""Codes of the wings, in the words of the register."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_locale
from flask_babel import lazy_gettext as _l

from portal.adapters.contract import Scalar
from portal.consent.sources import (
    BY_LINK,
    BY_ONE_CLICK,
    BY_SIGNAL,
    GIVEN_AGAIN,
    OBJECTED,
    PAUSE_OVER,
    SOURCE,
    STOPPED_WITH,
    SUBSCRIBER,
    TAKEN_BACK,
    UNDONE,
    Method,
)
from portal.domain.register import FieldEntry, in_language
from portal.rights.correcting.typed import Around
from portal.rights.held.values import DAY, shown
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


SOURCES = {
    SOURCE: _l("on this page"),
    OBJECTED: _l("by your objection to all of it"),
    BY_LINK: _l("by the link in an e-mail"),
    BY_ONE_CLICK: _l("by the button of a mail program"),
    UNDONE: _l("put back on the page of the link"),
    TAKEN_BACK: _l("put back on this page"),
    BY_SIGNAL: _l("by a setting of your browser"),
    PAUSE_OVER: _l("when your break was over"),
    STOPPED_WITH: _l("with the deletion of your data"),
    GIVEN_AGAIN: _l("with a deletion that you took back"),
}
METHODS = {
    Method.PAGE: _l("on this page"),
    Method.FOOTER_LINK: _l("by the link in an e-mail"),
    Method.ONE_CLICK: _l("by the button of a mail program"),
    Method.UNDO: _l("taken back within ten minutes"),
    Method.ERASURE: _l("with the deletion of your data"),
    Method.GPC: _l("by a setting of your browser (Global Privacy Control)"),
    Method.PAUSE: _l("by itself, when your break was over"),
    Method.OPERATOR: _l("by our staff"),
    Method.RESTORED: _l("known from our journal, after our system was restored"),
}
ACTORS = {
    SUBSCRIBER: _l("you"),
    "link": _l("whoever has the e-mail with the link"),
    "browser": _l("your browser"),
    "operator": _l("one of us"),
}


def source_in_words(source: str) -> str:
    """By which channel; what a CRM calls one is told as it stands there."""
    return str(SOURCES[source]) if source in SOURCES else f"“{source}”"


def method_in_words(method: Method) -> str:
    """How a decision was made."""
    return str(METHODS[method])


def actor_in_words(actor: str) -> str:
    """By whom; an operator has a name."""
    return str(ACTORS.get(actor, actor))
