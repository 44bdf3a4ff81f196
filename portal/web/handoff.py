"""Arriving from the company's website, which has said who she is. Only POST uses the link up."""

from flask import Blueprint, Response, abort, request
from flask_babel import refresh
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.access.handoff import Arriving
from portal.web.context import framed, services, use_question
from portal.web.forms import PortalForm
from portal.web.pages import render
from portal.web.signin import let_in

blueprint = Blueprint("handoff", __name__)


class HandoffForm(PortalForm):
    """The token of the link, which the page's script takes from the address."""

    t = HiddenField(validators=[InputRequired()])
    token = HiddenField(validators=[InputRequired()])


@blueprint.get("/handoff")
def arrive() -> Response:
    """The way in. Says nothing of who she is, and uses nothing up."""
    arriving = _arriving(request.args.get("t", ""))
    if arriving is None:
        return _over()
    return render("signin/handoff.html", arriving=arriving, form=HandoffForm(formdata=None))


@blueprint.post("/handoff")
def redeem() -> Response:
    """Open her session, in a tab of its own."""
    if framed():
        abort(403)
    form = HandoffForm.posted()
    reference = form.t.data or ""
    _arriving(reference)
    opened = services().handing_over.redeem(reference, form.token.data or "")
    return _over() if opened is None else let_in(opened)


def _arriving(reference: str) -> Arriving | None:
    arriving = services().handing_over.arriving(reference)
    if arriving is None:
        return None
    try:
        site = services().settings.site(arriving.site)
    except KeyError:
        return None
    use_question(site, arriving.locale)
    refresh()  # whatever was said before this spoke another language
    return arriving


def _over() -> Response:
    return render("signin/handoff_over.html", 410)
