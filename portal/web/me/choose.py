"""A correction met another change on its way: hers beside what stands there now; she chooses."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, abort
from flask_babel import get_locale
from wtforms import HiddenField
from wtforms.validators import InputRequired

from portal.adapters.contract import Scalar
from portal.domain.register import in_language
from portal.rights.correcting.choose import AlreadyChosen, Waiting
from portal.rights.held.holdings import Holdings
from portal.rights.held.seen import NotHers, NotRead, Seen
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me import questions
from portal.web.me.blueprint import blueprint
from portal.web.me.words import shown_here
from portal.web.pages import go, render


class ChooseForm(PortalForm):
    """What stands there now, as she saw it, and one choice for each field that is asked about."""

    longest = {"seen": 200_000}  # noqa: RUF012  a ClassVar of the base; every value that was seen
    seen = HiddenField(validators=[InputRequired()])


@blueprint.get("/requests/<request_id>/choose", endpoint="choose")
def ask(request_id: str) -> Response:
    """The choices; back to the request when nothing waits."""
    held = services().rights.reading.of(me())
    waiting = _waiting(request_id, held)
    if waiting is not None:
        return _page(waiting, _fresh(waiting, held), held)
    history = services().rights.requests.one_of(me(), request_id)
    if history is not None and history.needs_her:  # in a system of another site than this one
        return render("me/choose_later.html", request_id=request_id, held=held)
    return go("me.request", request_id=request_id)


@blueprint.post("/requests/<request_id>/choose", endpoint="do_choose")
def choose(request_id: str) -> Response:
    """Take the choice: a new request, with what stands there now as seen."""
    rights, signed_in = services().rights, me()
    form = ChooseForm.posted(
        also=questions.inputs_for(field.id for field in services().register.editable)
    )
    try:
        seen = rights.correcting.seals.open(signed_in, form.seen.data or "")
    except NotHers:
        abort(400)
    held = rights.reading.of(signed_in)
    waiting = _waiting(request_id, held)
    if waiting is None:
        return go("me.request", request_id=request_id)
    answers = questions.answers(seen)
    kept = _kept(name for name, answer in answers.items() if answer == "now")
    wanted = {name: one for name, one in waiting.wanted.items() if name not in kept}
    if unanswered := [name for name in seen.asked if name in wanted and name not in answers]:
        return _page(waiting, seen, held, unanswered, answered=422)
    seen = seen.answered(name for name, answer in answers.items() if answer == "mine")
    if held.several_people or seen.collisions(held, wanted):
        return _page(waiting, _fresh(waiting, held), held, answered=409)
    try:
        seen = seen.read(held, wanted)
    except NotRead:
        return _later(request_id, held, 503)
    try:
        new_id = rights.choosing.choose(signed_in, waiting, seen, wanted, str(get_locale()))
    except AlreadyChosen:
        new_id = None
    return go("me.request", request_id=new_id or request_id)


def _kept(names: Iterable[str]) -> set[str]:
    """What she keeps as it is; of what is replaced together, the rest as well: never a half."""
    fields, kept = services().register.fields, set(names)
    groups = {one.together for one in fields if one.id in kept and one.together}
    return kept | {one.id for one in fields if one.together in groups}


def _waiting(request_id: str, held: Holdings) -> Waiting | None:
    rights = services().rights
    if rights.requests.one_of(me(), request_id) is None:
        abort(404)
    return rights.choosing.waiting(me(), request_id, held.adapters)


def _fresh(waiting: Waiting, held: Holdings) -> Seen:
    """What stands there now; without the records that are gone, which no choice brings back."""
    there = waiting.seen.held_still(held)
    asked = there.ask(held, there.collisions(held, waiting.wanted))
    # Neither the page nor what is sealed in it may hold what she is not shown.
    return asked.veiled(services().rights.correcting.hidden(me().tier))


def _page(
    waiting: Waiting,
    seen: Seen,
    held: Holdings,
    unanswered: Sequence[str] = (),
    *,
    answered: int = 200,
) -> Response:
    """What needs no choice any more goes along, and is shown as well."""
    away = sorted({adapter for adapter, _key in waiting.seen.places if adapter in held.away})
    if away or held.several_people:
        return _later(waiting.request_id, held, 503 if away else 200)
    along = {
        name: one for name, one in seen.undone(waiting.wanted).items() if name not in seen.asked
    }
    return render(
        "me/choose.html",
        answered,
        request_id=waiting.request_id,
        seen=services().rights.correcting.seals.seal(me(), seen),
        questions=questions.in_words(seen.questions(waiting.wanted), unanswered, seen.country),
        along=[_told(seen, name, value) for name, value in along.items()],
    )


def _later(request_id: str, held: Holdings, answered: int) -> Response:
    return render("me/choose_later.html", answered, request_id=request_id, held=held)


def _told(seen: Seen, name: str, after: Scalar) -> dict[str, Any]:
    field = services().register.field(name)
    return {
        "label": in_language(field.label, str(get_locale())),
        "unseen": name in seen.hidden,
        "before": shown_here(field, seen.before(name, after), seen.country),
        "after": shown_here(field, after, seen.country),
    }
