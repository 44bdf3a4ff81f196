"""The blueprint that all of this folder's pages belong to."""

from flask import Blueprint, request

from portal.web.context import who
from portal.web.signal import heed

blueprint = Blueprint("me", __name__, url_prefix="/me")


@blueprint.before_request
def heed_what_the_browser_says() -> None:
    """With any write of hers, once a session; a look changes nothing."""
    signed_in = who()
    if request.method == "POST" and signed_in is not None:
        heed(signed_in)
