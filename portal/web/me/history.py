"""Every decision about what we send: when, how, by whom, and to which words."""

from collections.abc import Collection

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
    """All that concern this site, newest first.

    What was decided on another site about something that this one has too stands here as well. How
    far that is, only the other site tells.
    """
    rights, signed_in = services().rights, me()
    with services().database.reading() as db:
        entries = history_of(db, signed_in.subject_id, signed_in.mailbox_id)
    here = {one.id for one in rights.requests.all_of(signed_in)}
    return render(
        "me/consents_history.html",
        entries=[
            (one, _told(one, here))
            for one in entries
            if rights.deciding.concerns(signed_in, one.purpose)
        ],
    )


def _told(entry: Entry, here: Collection[str]) -> dict[str, object]:
    return {
        "label": _label(entry.purpose),
        "method": method_in_words(entry.method),
        "actor": actor_in_words(entry.actor),
        "can_be_followed": entry.request_id in here,
    }


def _label(id: str) -> str:
    try:
        return in_language(services().register.purpose(id).label, str(get_locale()))
    except KeyError:
        return id  # of a purpose that is no more
