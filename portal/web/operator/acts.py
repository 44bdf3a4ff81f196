"""The buttons of the desk."""

from flask import Response, abort

from portal.web.context import services
from portal.web.operator.blueprint import blueprint
from portal.web.operator.forms import Button, ReplayForm
from portal.web.operator.who import operator
from portal.web.pages import go


@blueprint.post("/replay", endpoint="replay")
def replay() -> Response:
    """Do a dead letter once more."""
    form = ReplayForm.posted()
    job = form.job.data or ""
    if not (job.isascii() and job.isdecimal() and len(job) < 10):  # what the column holds
        abort(400)
    replayed = services().desk.acts.replay(operator(), int(job))
    if replayed is None:
        return go("operator.queue", done="gone")
    if form.back.data == "request" and replayed.request_id:
        return go("operator.request", request_id=replayed.request_id, done="replayed")
    return go("operator.queue", done="replayed", request=replayed.request_id)


@blueprint.post("/adapters/<name>/pause", endpoint="pause")
def pause(name: str) -> Response:
    """Leave a system alone."""
    Button.posted()
    services().desk.acts.pause(operator(), _known(name))
    return go("operator.queue", done="paused")


@blueprint.post("/adapters/<name>/resume", endpoint="resume")
def resume(name: str) -> Response:
    """Go on with it."""
    Button.posted()
    resumed = services().desk.acts.resume(operator(), _known(name))
    return go("operator.queue", done="resumed" if resumed else "gone")


@blueprint.post("/alarms/<int:alarm_id>/clear", endpoint="clear")
def clear(alarm_id: int) -> Response:
    """Seen to."""
    Button.posted()
    if alarm_id >= 2**31:  # more than the column holds
        abort(404)
    cleared = services().desk.acts.clear(operator(), alarm_id)
    return go("operator.queue", done="cleared" if cleared else "gone")


def _known(name: str) -> str:
    return name if name in services().adapters else abort(404)
