"""Another e-mail address: ask for it, and see how far that is."""

from flask import Response, abort
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import Length

from portal.access.ask import TooMany
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.rights import Goal
from portal.rights.held.holdings import Holdings
from portal.web.context import has_fresh_proof, me, services
from portal.web.forms import LONGEST, GoalForm, PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import go, render
from portal.web.remembered import remember


class AddressForm(PortalForm):
    """The new address."""

    email = StringField(validators=[Length(max=LONGEST)])


@blueprint.get("/address", endpoint="address")
def ask() -> Response:
    """Where the new address goes; first a fresh proof of the old mailbox."""
    return _page(AddressForm(formdata=None), held_or_503())


@blueprint.post("/address", endpoint="change_address")
def send() -> Response:
    """Have a code sent to the new address; the page is the same for one that others have."""
    form = AddressForm.posted()
    if not has_fresh_proof(Goal.ADDRESS):
        abort(403)
    held, signed_in = held_or_503(), me()
    asking = services().rights.changing.asking
    if asking.hindrance(signed_in, held) is not None:
        return _page(form, held, 409)
    try:
        new = Email.parse(form.email.data or "")
    except InvalidEmail:
        form.email.errors = [_("Enter your e-mail address, like name@example.com.")]
        return _page(form, held, 422)
    if new.same_mailbox(signed_in.email.address):
        form.email.errors = [_("This is the e-mail address that we have already.")]
        return _page(form, held, 422)
    try:
        asked = asking.ask(signed_in, new, str(get_locale()))
    except TooMany:
        form.email.errors = [_("We have sent as many e-mails as we send in one hour. Try later.")]
        return _page(form, held, 429)
    remember(asked)
    return go("address.new", t=asked.reference)


def _page(form: AddressForm, held: Holdings, status: int = 200) -> Response:
    asking = services().rights.changing.asking
    limits = services().settings.limits
    return render(
        "me/address.html",
        status,
        form=form,
        goal_form=GoalForm(formdata=None),
        goal=Goal.ADDRESS,
        held=held,
        hindrance=asking.hindrance(me(), held),
        pending=asking.pending(me()),
        fresh=has_fresh_proof(Goal.ADDRESS),
        email=me().email.address,
        hours=hours_of(limits.address_wait),
        days=days_of(limits.address_back),
        mails_per_hour=limits.change_mails_hour,
    )


def hours_of(seconds: int) -> str:
    """So many hours, in words."""
    return str(ngettext("%(num)s hour", "%(num)s hours", seconds // 3600))


def days_of(seconds: int) -> str:
    """So many days, in words."""
    return str(ngettext("%(num)s day", "%(num)s days", seconds // 86_400))
