"""The one calm screen: what needs a person, and how every system is doing."""

from flask import Response, request

from portal.desk.health import Health
from portal.rights.requests.shadowed import WouldDo
from portal.web.context import services
from portal.web.me.words import category_label, names_in_details
from portal.web.operator.blueprint import blueprint
from portal.web.pages import render

LOOKS_AGAIN = 10
"""Seconds after which the page looks again by itself."""
DONE = ("replayed", "paused", "resumed", "cleared", "answered", "closed", "gone")
"""What an act may say of itself when it has led back here."""
OFTEN = 0.5
"""From this share of failed attempts on, a system is said to fail often"""
AT_LEAST = 3
"""if there were so many failures: one proves nothing."""


@blueprint.get("", strict_slashes=False, endpoint="queue")
def show() -> Response:
    """What is open now."""
    view = services().desk.queue.look()
    done = request.args.get("done")
    return render(
        "operator/queue.html",
        view=view,
        systems=[(one, _standing(one)) for one in view.systems],
        would_do=[(one, _about(one)) for one in view.would_do],
        done=done if done in DONE else None,
        request_id=request.args.get("request"),
        looks_again=0 if request.args.get("still") else LOOKS_AGAIN,
    )


def _about(one: WouldDo) -> list[str]:
    """The fields, purposes or categories that a write in shadow would be about."""
    labels: list[str] = []
    for call in one.calls:
        purposes = [call["purpose"]] if "purpose" in call else []
        labels += names_in_details({"fields": call.get("fields", ()), "purposes": purposes})
        labels += [category_label(id) for id in call.get("removed", ())]
    return list(dict.fromkeys(labels))


def _standing(system: Health) -> str:
    """One word for how a system is doing; the worst that is true of it."""
    often = (system.error_rate or 0) >= OFTEN and system.failures >= AT_LEAST
    if system.paused_at:
        return "paused"
    if system.held_until:
        return "held"
    if often:
        return "fails"
    if system.shadow:
        return "shadow"
    return "well" if system.last_success else "unused"
