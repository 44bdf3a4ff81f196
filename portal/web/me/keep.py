"""She changed her mind: an erasure that waits is taken back."""

from flask import Response, abort
from flask_babel import get_locale

from portal.rights.erasing.later import TooLate
from portal.web.context import me, services
from portal.web.forms import NoFields
from portal.web.me.blueprint import blueprint
from portal.web.pages import go, render


@blueprint.post("/requests/<request_id>/keep", endpoint="keep")
def keep(request_id: str) -> Response:
    """Take it back, if its moment has not come; 410 with calm words if it has."""
    NoFields.posted()
    try:
        kept = services().rights.planning.keep(me(), request_id, str(get_locale()))
    except TooLate:
        return render("me/too_late.html", 410, request_id=request_id)
    return go("me.request", request_id=kept or abort(404))
