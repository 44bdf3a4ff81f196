"""Take a copy along: made once, ready for a day, to read, to print and to save in any form."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, make_response, render_template
from flask_babel import force_locale, get_locale
from markupsafe import Markup
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from portal.domain.rights import Goal
from portal.rights.copies.keeping import DoesNotOpen, Form, Lying, NoCopy, Over, Withheld
from portal.rights.copies.telling import CopyKind, Told
from portal.web.context import has_fresh_proof, me, services
from portal.web.forms import GoalForm, PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import go, render


class MakeForm(PortalForm):
    """Make a copy: of everything, or of what another service may have."""

    kind = StringField(default=CopyKind.COPY)


class TakeForm(PortalForm):
    """Take a copy along in this form."""

    form = HiddenField(validators=[InputRequired()])


@blueprint.get("/export", endpoint="export")
def ask() -> Response:
    """What lies ready and what can be made; or, first, a fresh proof of the mailbox."""
    ready = services().rights.exporting.ready(me())
    if not has_fresh_proof(Goal.COPY):
        return _prove(ready=ready)
    return render("me/export.html", form=MakeForm(formdata=None), held=held_or_503(), ready=ready)


@blueprint.post("/export", endpoint="make_copy")
def make() -> Response:
    """Make a copy, and go where it lies ready."""
    form = MakeForm.posted()
    if form.kind.data not in set(CopyKind):
        abort(400)
    if not has_fresh_proof(Goal.COPY):
        abort(403)
    signed_in, rights = me(), services().rights
    held = held_or_503()
    if held.several_people:
        abort(403)
    standings = rights.deciding.standings(signed_in, held)
    kind = CopyKind(form.kind.data or CopyKind.COPY)
    reference = rights.exporting.make(signed_in, kind, held, standings, str(get_locale()))
    return go("me.copy", reference=reference)


@blueprint.get("/export/<reference>", endpoint="copy")
def show(reference: str) -> Response:
    """One copy: the ways to take it along."""
    try:
        lying, told = services().rights.exporting.open(me(), reference)
    except DoesNotOpen as error:
        return _instead(error)
    return render("me/copy.html", copy=lying, told=told, form=TakeForm(formdata=None))


@blueprint.get("/export/<reference>/read", endpoint="read_copy")
def read(reference: str) -> Response:
    """The same to read and print: a page like others, so that a tablet needs nothing more."""
    try:
        lying, told = services().rights.exporting.open(me(), reference)
    except DoesNotOpen as error:
        return _instead(error)
    return render("me/copy_read.html", copy=lying, told=told, document=_document(told))


@blueprint.post("/export/<reference>", endpoint="take_copy")
def take(reference: str) -> Response:
    """Hand it over as a file, as often as she likes within its day."""
    form = TakeForm.posted()
    if form.form.data not in set(Form):
        abort(400)
    try:
        file = services().rights.exporting.take(me(), reference, Form(form.form.data), _page)
    except DoesNotOpen as error:
        return _instead(error)
    response = make_response(file.content)
    response.content_type = file.type
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _instead(error: DoesNotOpen) -> Response:
    """What there is to see in place of a copy."""
    if isinstance(error, NoCopy):
        abort(404)
    if isinstance(error, Withheld):
        return go("me.export")
    return render("me/copy_over.html", 410) if isinstance(error, Over) else _prove(403)


def _prove(status: int = 200, ready: list[Lying] | None = None) -> Response:
    form = GoalForm(formdata=None)
    return render("me/prove.html", status, goal=Goal.COPY, form=form, ready=ready)


def _document(told: Told) -> Markup:
    """What is read, in the language in which the copy was made."""
    with force_locale(told["language"]):
        return Markup(render_template("export/document.html", copy=told))  # noqa: S704  a template's


def _page(told: Mapping[str, Any]) -> str:
    """The same as a file of its own."""
    with force_locale(told["language"]):
        return render_template("export/copy.html", copy=told, document=_document(told))
