"""The receipt of what a person answers: a number to name it by, and by when she hears."""

from flask import Blueprint, Response, abort

from portal.domain.deadlines import respond_by
from portal.web.context import services
from portal.web.pages import render, zone

blueprint = Blueprint("receipt", __name__)


@blueprint.get("/received/<reference>")
def show(reference: str) -> Response:
    """Nothing of what she wrote; whoever finds the number out learns a day."""
    case = services().rights.cases.named(reference)
    if case is None:
        abort(404)
    return render(
        "signin/received.html", case=case, respond_by=respond_by(case.received_at, zone())
    )
