"""What we send you, and stopping it."""

from flask import Response, abort
from flask_babel import get_locale
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.domain.register import in_language
from portal.rights.decide import STOPPABLE, Standing
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.pages import go, render


class DecideForm(PortalForm):
    """Stop this, or start it again."""

    purpose = HiddenField(validators=[InputRequired()])
    granted = HiddenField(validators=[InputRequired()])


@blueprint.get("/consents", endpoint="consents")
def show() -> Response:
    """Every purpose that can be stopped, and how it stands."""
    rights, signed_in = services().rights, me()
    held = rights.reading.of(signed_in)
    standings = rights.deciding.standings(signed_in, held)
    return render(
        "me/consents.html",
        standings=[(standing, _told(standing)) for standing in standings],
        form=DecideForm(formdata=None),
        held=held,
    )


@blueprint.post("/consents", endpoint="decide")
def decide() -> Response:
    """Take the decision down."""
    form = DecideForm.posted()
    try:
        purpose = services().register.purpose(form.purpose.data or "")
        granted = {"yes": True, "no": False}[form.granted.data or ""]
    except KeyError:
        abort(400)
    if purpose.ground not in STOPPABLE:
        abort(400)
    if granted and services().rights.reading.of(me()).several_people:
        abort(403)  # either may stop for both; neither may consent for the other
    locale = str(get_locale())
    request_id = services().rights.deciding.decide(me(), purpose, granted, locale)
    return go("me.request", request_id=request_id)


def _told(standing: Standing) -> dict[str, str]:
    locale, purpose = str(get_locale()), standing.purpose
    return {
        "label": in_language(purpose.label, locale),
        "description": in_language(purpose.description, locale),
        "wording": in_language(purpose.wording, locale),
    }
