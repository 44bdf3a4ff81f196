"""What we delete, what we must keep; then delete."""

from flask import Response, abort
from flask_babel import get_locale

from portal.domain.register import in_language
from portal.domain.rights import Goal
from portal.rights.erase import Plan
from portal.rights.holdings import Holdings
from portal.web.context import has_fresh_proof, me, services
from portal.web.forms import GoalForm, NoFields
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.me.words import category_label, retained_in_words
from portal.web.pages import go, render


@blueprint.get("/erase", endpoint="erase")
def review() -> Response:
    """The review; the button on it needs a fresh proof of the mailbox."""
    held = held_or_503()
    plans = [] if held.several_people else services().rights.erasing.review(held)
    return render(
        "me/erase.html",
        held=held,
        plans=[(plan, _told(plan, held)) for plan in plans],
        fresh=has_fresh_proof(Goal.ERASE),
        form=NoFields(formdata=None),
        goal_form=GoalForm(formdata=None),
        goal=Goal.ERASE,
    )


@blueprint.post("/erase", endpoint="do_erase")
def erase() -> Response:
    """Take the erasure down."""
    NoFields.posted()
    if not has_fresh_proof(Goal.ERASE):
        abort(403)
    held = held_or_503()
    if held.several_people:
        abort(403)
    if not held.anything and not held.away:
        return go("me.erase")
    request_id = services().rights.erasing.erase(me(), held, str(get_locale()))
    return go("me.request", request_id=request_id)


def _told(plan: Plan, held: Holdings) -> dict[str, object]:
    return {
        "label": in_language(held.adapters[plan.adapter].settings.label, str(get_locale())),
        "removed": [category_label(id) for id in plan.removed],
        "retained": retained_in_words(plan.retained),
    }
