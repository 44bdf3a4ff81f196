"""Other doors: asking a person without a code, also by somebody who cannot open her mailbox.

Nothing is looked up: whoever is written about, the answer is the same.
"""

from flask import Blueprint, Response, request
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import HiddenField, StringField

from portal.access.ask import TooMany
from portal.access.limits import network_of
from portal.rights.cases.casebook import LONGEST, LONGEST_CONTACT, CaseKind
from portal.web.context import current_site, services
from portal.web.forms import PortalForm
from portal.web.messages import fault_of, fault_of_more
from portal.web.pages import go, render

blueprint = Blueprint("doors", __name__)


class DoorForm(PortalForm):
    """What she wants, and how she can be reached."""

    site = HiddenField()
    name = StringField()
    contact = StringField()
    message = StringField()


class NoMailboxForm(DoorForm):
    """The same, and the address that she cannot read any more."""

    address = StringField()


@blueprint.get("/question")
def question() -> Response:
    """Ask anything, without signing in."""
    return question_page(DoorForm(formdata=None))


@blueprint.post("/question", endpoint="ask_question")
def send_question() -> Response:
    """Take the question."""
    form = DoorForm.posted()
    if _has_faults(form):
        return question_page(form, 422)
    return _open(form, CaseKind.QUESTION, "") or question_page(form, 429)


@blueprint.get("/no-mailbox")
def no_mailbox() -> Response:
    """I cannot open that mailbox."""
    return _no_mailbox_page(NoMailboxForm(formdata=None))


@blueprint.post("/no-mailbox", endpoint="tell_no_mailbox")
def send_no_mailbox() -> Response:
    """Take it; a person finds out, with her, what can be done."""
    form = NoMailboxForm.posted()
    address = (form.address.data or "").strip()
    fault = fault_of(address, LONGEST_CONTACT)
    form.address.errors = [fault] if fault else []
    if _has_faults(form) or fault:
        return _no_mailbox_page(form, 422)
    return _open(form, CaseKind.NO_MAILBOX, address) or _no_mailbox_page(form, 429)


def question_page(form: DoorForm | None = None, status: int = 200) -> Response:
    """The form, and how to reach the company otherwise."""
    form = form or DoorForm(formdata=None)
    return render(
        "signin/question.html", status, form=form, longest=LONGEST, too_many=status == 429
    )


def _no_mailbox_page(form: NoMailboxForm, status: int = 200) -> Response:
    return render(
        "signin/no_mailbox.html", status, form=form, longest=LONGEST, too_many=status == 429
    )


def _has_faults(form: DoorForm) -> bool:
    contact, name = (form.contact.data or "").strip(), (form.name.data or "").strip()
    faults = {
        form.contact: fault_of(contact, LONGEST_CONTACT)
        if contact
        else _("Tell us an e-mail address or a phone number where we can reach you."),
        form.name: fault_of_more(name, LONGEST_CONTACT),
        form.message: fault_of((form.message.data or "").strip()),
    }
    for field, fault in faults.items():
        field.errors = [fault] if fault else []
    return any(faults.values())


def _open(form: DoorForm, kind: CaseKind, address: str) -> Response | None:
    """On to the receipt; None: that was often enough for now."""
    name, contact = (form.name.data or "").strip(), (form.contact.data or "").strip()
    try:
        reference = services().rights.asking_us.as_stranger(
            kind,
            site=current_site().id,
            locale=str(get_locale()),
            network=network_of(request.remote_addr),
            message=(form.message.data or "").strip(),
            contact=f"{name}, {contact}" if name else contact,
            address=address,
        )
    except TooMany:
        return None
    return go("receipt.show", reference=reference, site=current_site().id)
