"""Keep my data and do not use it; and use it again."""

from flask import Response, abort
from flask_babel import get_locale
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import adapter_label, go, render


class RestrictForm(PortalForm):
    """One button: stop using it, or use it again."""

    on = HiddenField(validators=[InputRequired()])


@blueprint.get("/restrict", endpoint="restrict")
def ask() -> Response:
    """What it means, and one button."""
    held = held_or_503()
    by_hand = [
        adapter_label(name)
        for name, adapter in held.adapters.items()
        if (held.records.get(name) or name in held.away) and not adapter.capabilities.restrict
    ]
    return render("me/restrict.html", held=held, by_hand=by_hand, form=RestrictForm(formdata=None))


@blueprint.post("/restrict", endpoint="do_restrict")
def restrict() -> Response:
    """Take it down, or take it back."""
    form = RestrictForm.posted()
    restricting, locale = services().rights.restricting, str(get_locale())
    if form.on.data == "no":
        request_id = restricting.take_back(me(), locale)
        return go("me.request", request_id=request_id) if request_id else go("me.restrict")
    if form.on.data != "yes":
        abort(400)
    held = held_or_503()
    if held.several_people:
        abort(403)  # what one does not want used, the other may
    if not held.anything and not held.away:
        return go("me.restrict")
    return go("me.request", request_id=restricting.restrict(me(), held, locale))
