"""See more than a mailbox alone opens: an operator makes sure who she is."""

from flask import Response
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import StringField

from portal.access.ask import TooMany
from portal.access.subjects import MAILBOX_TIER
from portal.rights.cases.casebook import LONGEST_CONTACT, CaseKind
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.messages import fault_of
from portal.web.pages import go, render


class MoreForm(PortalForm):
    """How one of us reaches her to make sure who she is."""

    contact = StringField()


@blueprint.get("/more", endpoint="more")
def ask() -> Response:
    """What it needs; whoever sees everything already goes on."""
    if me().tier > MAILBOX_TIER:
        return go("me.overview")
    return _page(MoreForm(formdata=None))


@blueprint.post("/more", endpoint="ask_more")
def send() -> Response:
    """Take it: a request of hers, which a person answers."""
    form = MoreForm.posted()
    contact = (form.contact.data or "").strip()
    if fault := fault_of(contact, LONGEST_CONTACT):
        form.contact.errors = [fault]
        return _page(form, 422)
    try:
        request_id = services().rights.asking_us.as_subscriber(
            me(), "", str(get_locale()), kind=CaseKind.RELEASE, contact=contact
        )
    except TooMany:
        form.contact.errors = [_("You asked several questions already. Wait an hour, or call us.")]
        return _page(form, 429)
    return go("me.request", request_id=request_id)


def _page(form: MoreForm, status: int = 200) -> Response:
    return render("me/more.html", status, form=form)
