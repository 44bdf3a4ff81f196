"""Is it done? Every request, and how far it is in every system."""

from flask import Response, abort

from portal.domain.deadlines import respond_by
from portal.rights.cases.casebook import CaseBrief
from portal.rights.deeds.ended import LATER
from portal.rights.requests.history import History, Progress
from portal.rights.requests.queued import one_more_until
from portal.rights.restricting.objecting import BY, MARKETING
from portal.web.context import me, services
from portal.web.forms import NoFields
from portal.web.me.blueprint import blueprint
from portal.web.me.held import meanwhile
from portal.web.me.words import (
    category_label,
    gone_later_in_words,
    names_in_details,
    retained_in_words,
)
from portal.web.pages import adapter_label, render, zone
from portal.web.privacy import RECALLED


@blueprint.get("/requests", endpoint="requests")
def show_all() -> Response:
    """All requests, newest first."""
    histories = services().rights.requests.all_of(me())
    own = services().rights.own.of(me())
    return render(
        "me/requests.html",
        requests=[(one, _told(one)) for one in histories],
        own=own,
        remembered=[(one, RECALLED[one.purpose]) for one in own.remembered],
    )


@blueprint.get("/requests/<request_id>", endpoint="request")
def show_one(request_id: str) -> Response:
    """One request, system by system; of an erasure that waits also what was stopped with it."""
    rights, signed_in = services().rights, me()
    history = rights.requests.one_of(signed_in, request_id)
    if history is None:
        abort(404)
    along = rights.requests.that_came_with(signed_in, request_id)
    moving = [one for one in along if one.moves]
    if history.moves and not (history.planned_for or history.lifts_at):
        moving.append(history)
    again = rights.planning.given_again(signed_in, request_id) if history.planned_for else []
    return render(
        "me/request.html",
        history=history,
        told=_told(history),
        along=[(one, names_in_details(one.details)) for one in along],
        is_moving=bool(moving),
        undo=next(
            (one for one in rights.undoing.offered(signed_in) if one.request_id == request_id), None
        ),
        one_more_until=one_more_until((history, *along), services().adapters, services().clock()),
        given_again=again,
        meanwhile=meanwhile(one.adapter for one in history.progress)
        if history.planned_for
        else None,
        goes_on=rights.objecting.goes_on() if history.details.get(BY) == MARKETING else (),
        respond_by=respond_by(history.received_at, zone()),
        recipients=[] if history.was_let_go else _recipients(history),
        form=NoFields(formdata=None),
    )


def _recipients(history: History) -> list[tuple[str, CaseBrief | None]]:
    """Whom we tell by hand, by name, and how far that is."""
    named = services().rights.recipients.named
    return [(found.name if (found := named(id)) else id, case) for id, case in history.recipients]


def _told(history: History) -> dict[str, object]:
    return {
        "about": names_in_details(history.details),
        "progress": [(one, _told_of(one, history)) for one in history.progress],
    }


def _told_of(progress: Progress, history: History) -> dict[str, object]:
    # Once its moment has come, it is as any other that was received.
    cause = progress.cause
    if cause == LATER and not history.planned_for:
        cause = "lifted_later" if history.lifts_at else None
    return {
        "label": adapter_label(progress.adapter),
        "cause": cause,
        "by": progress.outcome.get("by"),
        "removed": [category_label(id) for id in progress.outcome.get("removed", ())],
        "retained": retained_in_words(progress.outcome.get("retained", ())),
        "later": gone_later_in_words(progress.outcome.get("later", ())),
    }
