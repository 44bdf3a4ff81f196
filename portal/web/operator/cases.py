"""One case at the desk: what she wrote, what to do, and being done with it."""

from flask import Response, abort, request
from wtforms import StringField

from portal.rights.cases.casebook import Outcome
from portal.web.context import services
from portal.web.forms import StrictForm
from portal.web.operator.blueprint import blueprint
from portal.web.operator.forms import Button
from portal.web.operator.queue import DONE
from portal.web.operator.who import operator
from portal.web.pages import go, render


class CloseForm(StrictForm):
    """How it ended."""

    outcome = StringField()


@blueprint.get("/cases/<reference>", endpoint="case")
def show(reference: str) -> Response:
    """What came in. The look is in the ledger before it is on the screen."""
    return _page(reference)


@blueprint.post("/cases/<reference>/answered", endpoint="case_answered")
def answered(reference: str) -> Response:
    """Whoever it is has been answered."""
    Button.posted()
    done = services().desk.casework.answered(operator().operator_id, reference)
    return go("operator.case", reference=reference, done="answered" if done else "gone")


@blueprint.post("/cases/<reference>/close", endpoint="close_case")
def close(reference: str) -> Response:
    """It is over."""
    form = CloseForm.posted()
    if not form.outcome.data:
        return _page(reference, 422, missing=True)
    try:
        outcome = Outcome(form.outcome.data)
    except ValueError:
        abort(400)
    closed = services().desk.casework.close(operator().operator_id, reference, outcome)
    return go("operator.queue", done="closed" if closed else "gone")


def _page(reference: str, status: int = 200, *, missing: bool = False) -> Response:
    opened = services().desk.casework.look(operator().operator_id, reference)
    if opened is None:
        abort(404)
    done = request.args.get("done")
    return render(
        "operator/case.html",
        status,
        opened=opened,
        outcomes=[one.value for one in Outcome],
        missing=missing,
        done=done if done in DONE else None,
    )
