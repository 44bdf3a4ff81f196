"""Is this right? Change it, look at it once more, save."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, abort, request
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.domain.register import Kind, in_language
from portal.rights.correct import Difference, NotHers
from portal.rights.holdings import Holdings
from portal.rights.values import Fault, countries, shown
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import go, render


class CorrectForm(PortalForm):
    """What was seen, the step, and one input for each editable field of the register."""

    longest = {"seen": 200_000}  # noqa: RUF012  a ClassVar of the base; every value that was seen
    seen = HiddenField(validators=[InputRequired()])
    step = HiddenField()


@blueprint.get("/correct", endpoint="correct")
def ask() -> Response:
    """The fields that may be corrected, as they are now."""
    signed_in, held = me(), held_or_503()
    correctable = services().rights.correcting.begin(signed_in, held)
    form = CorrectForm(formdata=None)
    form.seen.data = correctable.seen
    return _form_page(form, correctable.values, {}, held)


@blueprint.post("/correct", endpoint="save_correction")
def save() -> Response:
    """First check the answers; from there, save them or change them."""
    signed_in = me()
    editable = [field.id for field in services().register.editable]
    form = CorrectForm.posted(also=editable)
    typed = {name: request.form[name] for name in editable if name in request.form}
    correcting = services().rights.correcting
    seen = form.seen.data or ""
    try:
        differences, faults = correcting.compare(signed_in, seen, typed)
    except NotHers:
        abort(400)
    if faults or form.step.data == "change":
        again = correcting.again(signed_in, seen, typed)
        return _form_page(form, again, {name: _words(fault) for name, fault in faults.items()})
    if not differences:
        return render("me/nothing_changed.html")
    if form.step.data == "save":
        request_id = correcting.save(signed_in, seen, differences, str(get_locale()))
        return go("me.request", request_id=request_id)
    return render("me/correct_check.html", form=form, typed=typed, differences=_told(differences))


def _form_page(
    form: CorrectForm,
    values: Mapping[str, str],
    faults: Mapping[str, str],
    held: Holdings | None = None,
) -> Response:
    register, locale = services().register, str(get_locale())
    fields = [
        {
            "field": register.field(name),
            "label": in_language(register.field(name).label, locale),
            "value": value,
            "error": faults.get(name),
            # A browser shows any other text in an input for days as nothing, and sends nothing.
            "is_day": register.field(name).kind is Kind.DATE and _is_day(value),
        }
        for name, value in values.items()
    ]
    return render(
        "me/correct.html",
        422 if faults else 200,
        form=form,
        fields=fields,
        held=held,
        countries=countries(locale),
    )


def _is_day(value: str) -> bool:
    try:
        return not value or date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _told(differences: list[Difference]) -> list[dict[str, Any]]:
    locale = str(get_locale())
    return [
        {
            "field": one.field,
            "label": in_language(one.field.label, locale),
            "before": shown(one.before, one.field.kind, locale),
            "after": shown(one.after, one.field.kind, locale),
        }
        for one in differences
    ]


def _words(fault: Fault) -> str:
    words = {
        Fault.REQUIRED: _("Fill this in; we cannot do without it."),
        Fault.TOO_LONG: _("This is longer than we can keep. Make it shorter."),
        Fault.BAD_CHARACTER: _("This holds a character that we cannot keep. Type it again."),
        Fault.NOT_A_PHONE: _("Enter a phone number, like 06 12345678 or +32 470 12 34 56."),
        Fault.NOT_A_DATE: _("Enter a date, like 27-03-1958."),
        Fault.NOT_A_NUMBER: _("Enter a number."),
        Fault.NOT_A_COUNTRY: _("Choose a country from the list."),
        Fault.NOT_YES_OR_NO: _("Choose yes or no."),
    }
    return str(words[fault])
