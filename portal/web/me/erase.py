"""What we delete, what we must keep; then delete, now or later."""

from datetime import timedelta

from flask import Response, abort
from flask_babel import get_locale
from wtforms import StringField

from portal.domain.register import in_language
from portal.domain.rights import Goal
from portal.rights.erasing.erase import Plan
from portal.rights.held.holdings import Holdings
from portal.web.context import current_site, has_fresh_proof, me, services
from portal.web.forms import GoalForm, PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503, meanwhile
from portal.web.me.words import category_label, retained_in_words
from portal.web.pages import go, render


class EraseForm(PortalForm):
    """When: now, or later, with time to take it back. Neither is chosen beforehand."""

    when = StringField()


@blueprint.get("/erase", endpoint="erase")
def review() -> Response:
    """The review; the button on it needs a fresh proof of the mailbox."""
    return _page(held_or_503())


@blueprint.post("/erase", endpoint="do_erase")
def erase() -> Response:
    """Take the erasure down."""
    form = EraseForm.posted()
    if not has_fresh_proof(Goal.ERASE):
        abort(403)
    held = held_or_503()
    if held.several_people:
        abort(403)
    if not held.anything and not held.away:
        return go("me.erase")
    rights, signed_in, locale = services().rights, me(), str(get_locale())
    match form.when.data:
        case "now":
            request_id = rights.erasing.erase(signed_in, held, locale)
        case "later" if _window():
            standings = rights.deciding.standings(signed_in, held)
            request_id = rights.planning.plan(signed_in, held, standings, locale, _window())
        case None | "":
            return _page(held, missing=True)
        case _:
            abort(400)
    return go("me.request", request_id=request_id)


def _window() -> timedelta:
    """How long it waits that is done later; none: later is not offered."""
    return timedelta(hours=current_site().erase_after_hours)


def _page(held: Holdings, *, missing: bool = False) -> Response:
    plans = [] if held.several_people else services().rights.erasing.review(held)
    hours = current_site().erase_after_hours
    return render(
        "me/erase.html",
        422 if missing else 200,
        held=held,
        plans=[(plan, _told(plan, held)) for plan in plans],
        fresh=has_fresh_proof(Goal.ERASE),
        planned=services().rights.planning.planned(me()),
        meanwhile=meanwhile(plan.adapter for plan in plans),
        missing=missing,
        hours=hours,
        days=hours // 24 if hours > 48 and hours % 24 == 0 else None,
        form=EraseForm(formdata=None),
        goal_form=GoalForm(formdata=None),
        goal=Goal.ERASE,
    )


def _told(plan: Plan, held: Holdings) -> dict[str, object]:
    return {
        "label": in_language(held.adapters[plan.adapter].settings.label, str(get_locale())),
        "removed": [category_label(id) for id in plan.removed],
        "retained": retained_in_words(plan.retained),
    }
