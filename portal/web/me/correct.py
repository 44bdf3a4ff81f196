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
from portal.rights.correct import Difference
from portal.rights.holdings import Holdings
from portal.rights.seen import NotHers, Seen
from portal.rights.values import Fault, countries, shown
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me import questions
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
    held = held_or_503()
    return _form_page(services().rights.correcting.begin(held), {}, held=held)


@blueprint.post("/correct", endpoint="save_correction")
def save() -> Response:
    """First check the answers; from there, save them or change them.

    Before that the CRM is read once more: what was changed there meanwhile is hers to choose about.
    A system that is away is not waited for, since the delivery compares as well.
    """
    signed_in, rights = me(), services().rights
    editable = [field.id for field in services().register.editable]
    form = CorrectForm.posted(also=[*editable, *questions.inputs_for(editable)])
    typed = {name: request.form[name] for name in editable if name in request.form}
    try:
        seen = rights.correcting.seals.open(signed_in, form.seen.data or "")
    except NotHers:
        abort(400)
    answers = questions.answers(seen)
    if unanswered := [name for name in seen.asked if name in typed and name not in answers]:
        differences, _faults = rights.correcting.compare(seen, typed)
        return _conflict_page(seen, differences, typed, unanswered)
    seen = seen.answered(name for name, answer in answers.items() if answer == "mine")
    typed = {name: text for name, text in typed.items() if answers.get(name) != "now"}
    differences, faults = rights.correcting.compare(seen, typed)
    if faults or form.step.data == "change":
        return _form_page(seen.afresh(), typed, faults)
    held = rights.reading.of(signed_in)
    if held.several_people:
        return go("me.correct")
    wanted = {one.field.id: one.after for one in differences}
    if collisions := seen.collisions(held, wanted):
        return _conflict_page(seen.ask(held, collisions), differences, typed)
    if not differences:
        return render("me/nothing_changed.html")
    if form.step.data == "save":
        request_id = rights.correcting.save(signed_in, seen, wanted, str(get_locale()))
        return go("me.request", request_id=request_id)
    return render(
        "me/correct_check.html",
        seen=rights.correcting.seals.seal(signed_in, seen),
        typed=typed,
        differences=_told(differences),
    )


def _form_page(
    seen: Seen,
    typed: Mapping[str, str],
    faults: Mapping[str, Fault] | None = None,
    held: Holdings | None = None,
) -> Response:
    register, locale, faults = services().register, str(get_locale()), faults or {}
    correcting = services().rights.correcting
    values = {name: typed.get(name, text) for name, text in correcting.inputs(seen).items()}
    fields = [
        {
            "field": register.field(name),
            "label": in_language(register.field(name).label, locale),
            "value": value,
            "error": _words(faults[name]) if name in faults else None,
            # A browser shows any other text in an input for days as nothing, and sends nothing.
            "is_day": register.field(name).kind is Kind.DATE and _is_day(value),
        }
        for name, value in values.items()
    ]
    return render(
        "me/correct.html",
        422 if faults else 200,
        seen=correcting.seals.seal(me(), seen),
        fields=fields,
        held=held,
        countries=countries(locale),
    )


def _conflict_page(
    seen: Seen,
    differences: list[Difference],
    typed: Mapping[str, str],
    unanswered: list[str] | None = None,
) -> Response:
    """Only what she changes goes on with this form: the rest stays as it stands there now."""
    wanted = {one.field.id: one.after for one in differences}
    return render(
        "me/correct_conflict.html",
        422 if unanswered else 409,
        seen=services().rights.correcting.seals.seal(me(), seen),
        typed={name: text for name, text in typed.items() if name in wanted},
        questions=questions.in_words(seen.questions(wanted), unanswered or ()),
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
