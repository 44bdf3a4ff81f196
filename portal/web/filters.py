"""Filters of the templates: texts of the register, days and countries in the page's language."""

from datetime import date, datetime

from babel import Locale
from flask import Flask
from flask_babel import format_date, format_datetime, get_locale

from portal.adapters.contract import Scalar
from portal.domain.register import Kind, Text, in_language
from portal.rights.held.values import DAY, cell, dated
from portal.web.context import services
from portal.web.me.words import shown_here


def init_app(app: Flask) -> None:
    """Give the templates their filters."""
    app.add_template_filter(words)
    app.add_template_filter(country)
    app.add_template_filter(day)
    app.add_template_filter(moment)
    app.add_template_filter(short_moment)
    app.add_template_filter(readable)
    app.add_template_filter(in_a_row)


def words(text: Text) -> str:
    """A text of the register, in the page's language."""
    return in_language(text, str(get_locale()))


def country(code: str) -> str:
    """A country by its name."""
    return str(Locale.parse(str(get_locale())).territories.get(code, code))


def day(at: date) -> str:
    """A day: 23 November 2026."""
    return str(format_date(at, DAY))


def moment(at: datetime | str) -> str:
    """A day and a time of day, in the portal's time zone."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return str(format_datetime(at, f"{DAY} HH:mm"))


def short_moment(at: datetime) -> str:
    """The same without the year, for what is of these days: 23 Nov 14:03."""
    return str(format_datetime(at, "d MMM HH:mm"))


def readable(value: Scalar, field: str) -> str | bool | None:
    """A value of this field of the register, as it is read in the page's language."""
    try:
        entry = services().register.field(field)
    except KeyError:  # it left the register after the copy was made
        return value if value is None or isinstance(value, bool) else str(value)
    # A copy holds days and moments as text; of a kind of its own a value is read by that.
    return shown_here(entry, dated(value) if entry.kind in {Kind.TEXT, Kind.LONG_TEXT} else value)


def in_a_row(value: Scalar) -> str | bool | None:
    """A cell of a field of rows, in the page's language."""
    return cell(value, str(get_locale()))
