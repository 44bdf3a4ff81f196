"""Is it done? Every request, and how far it is in every system."""

from flask import Response, abort

from portal.rights.requests import History, Progress
from portal.web.context import me, services
from portal.web.me.blueprint import blueprint
from portal.web.me.words import (
    category_label,
    names_in_details,
    retained_in_words,
)
from portal.web.pages import adapter_label, render


@blueprint.get("/requests", endpoint="requests")
def show_all() -> Response:
    """All requests, newest first."""
    histories = services().rights.requests.all_of(me())
    return render("me/requests.html", requests=[(one, _told(one)) for one in histories])


@blueprint.get("/requests/<request_id>", endpoint="request")
def show_one(request_id: str) -> Response:
    """One request, system by system."""
    history = services().rights.requests.one_of(me(), request_id)
    if history is None:
        abort(404)
    return render("me/request.html", history=history, told=_told(history))


def _told(history: History) -> dict[str, object]:
    return {
        "about": names_in_details(history.details),
        "progress": [(one, _told_of(one)) for one in history.progress],
    }


def _told_of(progress: Progress) -> dict[str, object]:
    return {
        "label": adapter_label(progress.adapter),
        "cause": progress.outcome.get("cause"),
        "by": progress.outcome.get("by"),
        "removed": [category_label(id) for id in progress.outcome.get("removed", ())],
        "retained": retained_in_words(progress.outcome.get("retained", ())),
    }
