"""The blueprint that all of this folder's pages belong to."""

from flask import Blueprint, Response, request

from portal.access.subjects import HISTORY_TIER
from portal.rights.held.holdings import Doubtful
from portal.web.context import who
from portal.web.pages import go, render
from portal.web.signal import heed

blueprint = Blueprint("me", __name__, url_prefix="/me")

WITHOUT_A_RECORD = frozenset({"requests", "request", "questions", "ask_question"})
"""What somebody can do of whom no CRM holds anything: see what she asked for, and ask a person."""


@blueprint.before_request
def only_her_requests() -> Response | None:
    """A session that shows her own requests shows nothing else, whatever a CRM holds by now."""
    signed_in = who()
    if signed_in is None or signed_in.tier != HISTORY_TIER:
        return None
    endpoint = (request.endpoint or "").removeprefix(f"{blueprint.name}.")
    return None if endpoint in WITHOUT_A_RECORD else go("me.requests")


@blueprint.before_request
def heed_what_the_browser_says() -> None:
    """With any write of hers, once a session; a look changes nothing."""
    signed_in = who()
    if request.method == "POST" and signed_in is not None:
        heed(signed_in)


@blueprint.errorhandler(Doubtful)
def a_person_does_it(_error: Doubtful) -> Response:
    """Her address was changed a short while ago: what gives more goes to a person."""
    return render("me/doubtful.html", 403)
