"""``Sec-GPC: 1``: what a browser says with each request (https://www.w3.org/TR/gpc/)."""

from flask import request
from flask_babel import get_locale

from portal.access.sessions import SignedIn
from portal.web.context import services


def heed(signed_in: SignedIn) -> None:
    """Stop what is passed on to others, if her browser says so. For answers to a POST."""
    if request.headers.get("Sec-GPC") == "1":
        services().rights.heeding.heed(signed_in, str(get_locale()))
