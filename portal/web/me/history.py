"""Every decision about what we send: when, how, by whom, and to which words."""

from flask import Response
from flask_babel import get_locale

from portal.consent.record import Entry, history_of
from portal.domain.register import in_language
from portal.web.context import me, services
from portal.web.me.blueprint import blueprint
from portal.web.me.words import actor_in_words, method_in_words
from portal.web.pages import render


@blueprint.get("/consents/history", endpoint="consents_history")
def show() -> Response:
    """All of them, newest first."""
    with services().database.reading() as db:
        entries = history_of(db, me().subject_id, me().mailbox_id)
    return render("me/consents_history.html", entries=[(one, _told(one)) for one in entries])


def _told(entry: Entry) -> dict[str, str]:
    return {
        "label": _label(entry.purpose),
        "method": method_in_words(entry.method),
        "actor": actor_in_words(entry.actor),
    }


def _label(id: str) -> str:
    try:
        return in_language(services().register.purpose(id).label, str(get_locale()))
    except KeyError:
        return id  # of a purpose that is no more
