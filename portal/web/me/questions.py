"""Somebody else changed the same: what she saw, what stands there now, what she typed; she chooses.

The same questions on two pages: when a correction is saved, and when one met another change on its
way.
"""

from collections.abc import Collection, Iterable
from typing import Any, Literal

from flask import request
from flask_babel import get_locale

from portal.domain.register import in_language
from portal.rights.held.holdings import may_see
from portal.rights.held.seen import Collision, Seen
from portal.web.context import me, services
from portal.web.me.words import shown_here
from portal.web.pages import adapter_label

Answer = Literal["now", "mine"]


def inputs_for(fields: Iterable[str]) -> list[str]:
    """The names of the inputs that ask about these fields."""
    return [_input(name) for name in fields]


def answers(seen: Seen) -> dict[str, str]:
    """Field id → what she chose, of the fields that she was asked about."""
    given = {name: request.form.get(_input(name), "") for name in seen.asked}
    return {name: answer for name, answer in given.items() if answer in {"now", "mine"}}


def in_words(
    collisions: Iterable[Collision], missing: Collection[str] = (), country: str = ""
) -> list[dict[str, Any]]:
    """The questions, ready for a page. ``missing``: fields that were not answered.

    Of a field that she may not see, only what she typed herself is told.
    """
    locale, register = str(get_locale()), services().register
    told = []
    for one in collisions:
        field = register.field(one.field)
        unseen = not may_see(field, me().tier)
        told.append(
            {
                "input": _input(one.field),
                "label": in_language(field.label, locale),
                "unseen": unseen,
                "together": field.together,
                "saw": None if unseen else shown_here(field, one.saw, country),
                "now": [
                    (adapter_label(name), shown_here(field, value, country))
                    for name, value in (() if unseen else one.now)
                ],
                "wanted": shown_here(field, one.wanted, country),
                "given": request.form.get(_input(one.field)),
                "missing": one.field in missing,
            }
        )
    return told


def _input(field: str) -> str:
    """No id of a field holds a hyphen."""
    return f"use-{field}"
