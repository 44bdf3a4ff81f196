"""I object: to all advertising, at once; to other use, for a person to weigh."""

from collections.abc import Sequence

from flask import Response, abort, request
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from portal.access.ask import TooMany
from portal.domain.register import in_language
from portal.rights.cases.casebook import LONGEST
from portal.rights.restricting.objecting import Use
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.messages import fault_of_more
from portal.web.pages import go, render


class ObjectForm(PortalForm):
    """Which of the two; of the second, her reasons, and whether to restrict meanwhile.

    There is one more input for each processing that she may choose.
    """

    what = HiddenField(validators=[InputRequired()])
    why = StringField()
    meanwhile = StringField()


@blueprint.get("/object", endpoint="object")
def ask() -> Response:
    """Advertising first: one button."""
    return _page(ObjectForm(formdata=None))


@blueprint.post("/object", endpoint="do_object")
def take() -> Response:
    """Take it down."""
    activities = [one.id for one in services().register.activities]
    form = ObjectForm.posted(also=[_input(id) for id in activities])
    objecting, locale = services().rights.objecting, str(get_locale())
    if form.what.data == "marketing":
        return go("me.request", request_id=objecting.stop_marketing(me(), locale))
    if form.what.data != "other":
        abort(400)
    held = held_or_503()
    offered = objecting.other_use(held)
    chosen = [one.activity.id for one in offered if request.form.get(_input(one.activity.id))]
    why = (form.why.data or "").strip()
    if not chosen:
        return _page(form, 422, none_chosen=True)
    if fault := fault_of_more(why, LONGEST):
        form.why.errors = [fault]
        return _page(form, 422)
    try:
        request_id = objecting.object(
            me(), held, chosen, why, locale, restrict=form.meanwhile.data == "yes"
        )
    except TooMany:
        form.why.errors = [_("You asked several things already. Wait an hour, or call us.")]
        return _page(form, 429)
    return go("me.request", request_id=request_id)


def _page(form: ObjectForm, status: int = 200, *, none_chosen: bool = False) -> Response:
    objecting = services().rights.objecting
    held = services().rights.reading.of(me())
    return render(
        "me/object.html",
        status,
        form=form,
        held=held,
        marketing=objecting.marketing(),
        goes_on=objecting.goes_on(),
        stopped_by=objecting.stands(me()),
        uses=_told(objecting.other_use(held)),
        none_chosen=none_chosen,
        longest=LONGEST,
    )


def _told(uses: Sequence[Use]) -> list[dict[str, object]]:
    locale, register = str(get_locale()), services().register
    return [
        {
            "input": _input(use.activity.id),
            "label": in_language(use.activity.name, locale),
            "fields": [
                {
                    "label": in_language(field.label, locale),
                    "why": in_language(register.explain(field).why or use.activity.why, locale),
                }
                for field in use.fields
            ],
            "chosen": bool(request.form.get(_input(use.activity.id))),
        }
        for use in uses
    ]


def _input(activity: str) -> str:
    """No id of the register holds a hyphen."""
    return f"about-{activity}"
