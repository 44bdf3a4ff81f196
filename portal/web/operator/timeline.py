"""One request's timeline."""

from flask import Response, abort, request

from portal.web.context import services
from portal.web.me.words import names_in_details
from portal.web.operator.blueprint import blueprint
from portal.web.operator.queue import DONE
from portal.web.operator.who import operator
from portal.web.pages import render


@blueprint.get("/requests/<request_id>", endpoint="request")
def show(request_id: str) -> Response:
    """What happened to it, when, and how far it is in every system."""
    again = "Portal-Poll" in request.headers
    timeline = services().desk.timelines.look(operator(), request_id, again=again)
    if timeline is None:
        abort(404)
    done = request.args.get("done")
    return render(
        "operator/request.html",
        timeline=timeline,
        about=names_in_details(timeline.details),
        done=done if done in DONE else None,
    )
