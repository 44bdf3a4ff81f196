"""Which of the records under this address are hers: by what only she has, or by asking a person."""

from flask import Response
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import StringField

from portal.access.ask import TooMany
from portal.domain.register import in_language
from portal.domain.rights import Right
from portal.rights.cases.casebook import LONGEST, LONGEST_CONTACT, CaseKind
from portal.rights.held.holdings import Barrier, Holdings
from portal.rights.held.telling_apart import TooManyTries
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.messages import fault_of
from portal.web.pages import HOME, go, render


class WhichForm(PortalForm):
    """What only she has."""

    number = StringField()


class HelpForm(PortalForm):
    """She has none: what she wants, and how she alone is reached."""

    message = StringField()
    contact = StringField()


@blueprint.get("/which", endpoint="which")
def ask() -> Response:
    """The question; whoever uses her address alone is not asked."""
    held = held_or_503()
    if held.is_doubtful:  # that has its own words, and asks for nothing
        return go("me.overview")
    return _page(held) if held.barrier else go(HOME[me().goal])


@blueprint.post("/which", endpoint="open_mine")
def open_mine() -> Response:
    """Open what is hers. A wrong number and one that nobody has are answered alike."""
    form = WhichForm.posted()
    try:
        opened = services().rights.telling_apart.open(me(), form.number.data or "")
    except TooManyTries:
        return _page(held_or_503(), 429)
    if opened:
        return go(HOME[me().goal])
    fault = _("We do not find this under your e-mail address. Check it, or ask us below.")
    return _page(held_or_503(), 422, number_fault=fault)


@blueprint.post("/which/help", endpoint="ask_which")
def ask_a_person() -> Response:
    """A person finds out, with her, what is hers; the clock runs."""
    form = HelpForm.posted()
    held = held_or_503()
    message, contact = (form.message.data or "").strip(), (form.contact.data or "").strip()
    faults = {
        "message": fault_of(message),
        "contact": fault_of(contact, LONGEST_CONTACT)
        if contact
        else _("Tell us an e-mail address or a phone number where we can reach you."),
    }
    wrong = {name: fault for name, fault in faults.items() if fault}
    if wrong:
        return _page(held, 422, form=form, wrong=wrong)
    is_role = held.barrier is Barrier.ROLE_ADDRESS
    try:
        request_id = services().rights.asking_us.as_subscriber(
            me(),
            message,
            str(get_locale()),
            kind=CaseKind.ROLE_ADDRESS if is_role else CaseKind.SEVERAL_PEOPLE,
            right=Right.QUESTION,
            contact=contact,
        )
    except TooMany:
        fault = _("You asked several questions already. Wait an hour, or call us.")
        return _page(held, 429, form=form, wrong={"message": fault})
    return go("me.request", request_id=request_id)


def _page(
    held: Holdings,
    status: int = 200,
    *,
    number_fault: str | None = None,
    form: HelpForm | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    apart, locale = services().rights.telling_apart, str(get_locale())
    asked_for = [in_language(one.label, locale) for one in apart.asked_for(held)]
    is_role = held.barrier is Barrier.ROLE_ADDRESS
    return render(
        "me/which.html",
        status,
        is_role=is_role,
        asked_for=[] if is_role else asked_for,
        may_try=not is_role and apart.may_try(me()),
        number_fault=number_fault,
        form=form or HelpForm(formdata=None),
        wrong=wrong or {},
        longest=LONGEST,
    )
