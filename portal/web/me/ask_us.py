"""Ask a person anything."""

from flask import Response
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import StringField

from portal.access.ask import TooMany
from portal.rights.cases.casebook import LONGEST
from portal.web.context import me, services
from portal.web.forms import PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.messages import fault_of
from portal.web.pages import go, render


class QuestionForm(PortalForm):
    """What she wants to ask."""

    message = StringField()


@blueprint.get("/questions", endpoint="questions")
def ask() -> Response:
    """A place to write."""
    return _page(QuestionForm(formdata=None))


@blueprint.post("/questions", endpoint="ask_question")
def send() -> Response:
    """Take the question: a request of hers, which a person answers."""
    form = QuestionForm.posted()
    message = (form.message.data or "").strip()
    if fault := fault_of(message):
        form.message.errors = [fault]
        return _page(form, 422)
    try:
        request_id = services().rights.asking_us.as_subscriber(me(), message, str(get_locale()))
    except TooMany:
        form.message.errors = [_("You asked several questions already. Wait an hour, or call us.")]
        return _page(form, 429)
    return go("me.request", request_id=request_id)


def _page(form: QuestionForm, status: int = 200) -> Response:
    return render("me/questions.html", status, form=form, longest=LONGEST)
