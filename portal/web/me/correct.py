"""Is this right? Change it, look at it once more, save."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, request
from flask_babel import get_locale
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.domain.register import in_language
from portal.rights.correcting.correct import Difference
from portal.rights.correcting.typed import Fault
from portal.rights.held.holdings import Holdings
from portal.rights.held.seen import NotHers, NotRead, Seen
from portal.web import drafts
from portal.web.context import me, services, who
from portal.web.errors import csrf_error
from portal.web.forms import PortalForm
from portal.web.me import questions
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.me.inputs import inputs_of, names_of, typed_in, words_of
from portal.web.me.words import around, shown_here
from portal.web.pages import go, render


class CorrectForm(PortalForm):
    """What was seen, the step, and the inputs of each field that can be corrected."""

    longest = {"seen": 200_000}  # noqa: RUF012  a ClassVar of the base; every value that was seen
    seen = HiddenField(validators=[InputRequired()])
    step = HiddenField()


@blueprint.get("/correct", endpoint="correct")
def ask() -> Response:
    """The fields that may be corrected, as they are now; and what she typed before, if she did."""
    held = held_or_503()
    typed = drafts.brought()
    return _form_page(services().rights.correcting.begin(held), typed, held=held, back=bool(typed))


@blueprint.post("/correct", endpoint="save_correction")
def save() -> Response:
    """First check the answers; from there, save them or change them.

    Before that the CRM is read once more: what was changed there meanwhile is hers to choose about.
    A system that is away is not waited for, since the delivery compares as well; but what she
    replaces without having seen it is saved over nothing that was not read now.
    """
    if who() is None and "seen" not in request.form:
        abort(401)
    form, typed = _posted()
    if who() is None:
        return _sign_in_again(form.seen.data or "", typed)
    return drafts.forget(_step(form, typed))


def _posted() -> tuple[CorrectForm, dict[str, str]]:
    fields = services().register.editable
    asked = questions.inputs_for(field.id for field in fields)
    form = CorrectForm.posted(also=[*names_of(fields), *asked])
    return form, typed_in(fields)


def _step(form: CorrectForm, typed: dict[str, str]) -> Response:
    signed_in, rights = me(), services().rights
    try:
        seen = rights.correcting.seals.open(signed_in, form.seen.data or "")
    except NotHers:
        abort(400)
    answers = questions.answers(seen)
    if unanswered := [name for name in seen.asked if name in typed and name not in answers]:
        differences, _faults = rights.correcting.compare(seen, typed, around())
        return _conflict_page(seen, differences, typed, unanswered)
    seen = seen.answered(name for name, answer in answers.items() if answer == "mine")
    typed = {name: text for name, text in typed.items() if answers.get(name) != "now"}
    differences, faults = rights.correcting.compare(seen, typed, around())
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
    if form.step.data != "save":
        return _check_page(seen, differences, typed)
    try:
        read = seen.read(held, wanted)
    except NotRead:
        return _check_page(seen, differences, typed, held)
    request_id = rights.correcting.save(signed_in, read, wanted, str(get_locale()))
    return go("me.request", request_id=request_id)


@blueprint.errorhandler(CSRFError)
def open_too_long(error: CSRFError) -> Response:
    """A form of a session before this one: hers again, with what she typed; nothing was saved."""
    signed_in = who()
    if request.endpoint != "me.save_correction" or signed_in is None:
        return csrf_error(error)
    try:
        form, typed = _posted()
        seen = services().rights.correcting.seals.open(signed_in, form.seen.data or "")
    except (NotHers, HTTPException):
        return csrf_error(error)
    return _form_page(seen.afresh(), typed, back=True, answered=400)


def _sign_in_again(sealed: str, typed: Mapping[str, str]) -> Response:
    """The session ended while she typed: what she changed waits until she is back."""
    correcting = services().rights.correcting
    try:
        subject_id, seen = correcting.seals.unowned(sealed)
    except NotHers:
        abort(401)
    stood = correcting.inputs(seen, around())
    changed = {name: text for name, text in typed.items() if text != stood.get(name, "")}
    register, locale = services().register, str(get_locale())
    told = {in_language(register.field(name).label, locale): text for name, text in changed.items()}
    return drafts.sign_in_again(subject_id, changed, told)


def _form_page(
    seen: Seen,
    typed: Mapping[str, str],
    faults: Mapping[str, Fault] | None = None,
    held: Holdings | None = None,
    *,
    back: bool = False,
    answered: int = 200,
) -> Response:
    """``back``: what was typed was brought back from before, and is to be looked at again."""
    correcting, fields, faults = (
        services().rights.correcting,
        services().register.editable,
        faults or {},
    )
    errors = {
        field.id: words_of(
            faults[field.id], correcting.around(field, seen, typed, around()).country
        )
        for field in fields
        if field.id in faults
    }
    inputs = list(inputs_of(fields, correcting.inputs(seen, around()), typed, errors, seen.hidden))
    return render(
        "me/correct.html",
        422 if faults else answered,
        seen=correcting.seals.seal(me(), seen),
        inputs=[one for one in inputs if not one.unseen],
        replaced=_together([one for one in inputs if one.unseen]),
        held=held,
        back=back,
    )


def _together(inputs: list[Any]) -> list[list[Any]]:
    """What is replaced together stands together, in the register's order."""
    groups: dict[str, list[Any]] = {}
    for one in inputs:
        groups.setdefault(one.field.together or f"-{one.field.id}", []).append(one)
    return list(groups.values())


def _check_page(
    seen: Seen,
    differences: list[Difference],
    typed: Mapping[str, str],
    held: Holdings | None = None,
) -> Response:
    """``held``: with systems that are away, so that it could not be saved just now."""
    return render(
        "me/correct_check.html",
        200 if held is None else 503,
        seen=services().rights.correcting.seals.seal(me(), seen),
        typed=typed,
        differences=_told(seen, differences),
        held=held,
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
        questions=questions.in_words(seen.questions(wanted), unanswered or (), seen.country),
    )


def _told(seen: Seen, differences: list[Difference]) -> list[dict[str, Any]]:
    locale = str(get_locale())
    return [
        {
            "label": in_language(one.field.label, locale),
            "unseen": one.unseen,
            "before": shown_here(one.field, one.before, seen.country),
            "after": shown_here(one.field, one.after, seen.country),
        }
        for one in differences
    ]
