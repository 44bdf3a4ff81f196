"""Take a copy along."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, make_response, render_template
from flask_babel import get_locale

from portal.domain.rights import Goal
from portal.web.context import has_fresh_proof, me, services
from portal.web.forms import GoalForm, NoFields
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import render


@blueprint.get("/export", endpoint="export")
def ask() -> Response:
    """What the copy holds; or, first, a fresh proof of the mailbox."""
    if not has_fresh_proof(Goal.COPY):
        return render("me/prove.html", goal=Goal.COPY, form=GoalForm(formdata=None))
    return render("me/export.html", form=NoFields(formdata=None), held=held_or_503())


@blueprint.post("/export", endpoint="make_copy")
def make() -> Response:
    """Make the copy and hand it over."""
    NoFields.posted()
    if not has_fresh_proof(Goal.COPY):
        abort(403)
    signed_in, rights = me(), services().rights
    held = held_or_503()
    if held.several_people:
        abort(403)
    standings = rights.deciding.standings(signed_in, held)
    copy = rights.exporting.copy(signed_in, held, standings, str(get_locale()), _page)
    response = make_response(copy.content)
    response.content_type = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{copy.name}"'
    return response


def _page(told: Mapping[str, Any]) -> str:
    return render_template("export/copy.html", copy=told)
