"""What stands before every page of the desk."""

from typing import Any

from flask import Response, request
from flask_wtf.csrf import CSRFError

from portal.web.guards import SAFE_METHODS
from portal.web.operator.blueprint import blueprint
from portal.web.operator.signin import sign_in_page
from portal.web.operator.who import at_the_desk, carries_form_token, form_token

OPEN = frozenset({"operator.signin", "operator.sign_in"})
"""The only addresses that a stranger may use."""


@blueprint.before_request
def guard() -> Response | None:
    """Nobody but an operator gets further, and nothing is done without her form token.

    That the write comes from the portal's own pages was seen to before
    (`portal.web.guards`). Whoever is not signed in gets the form for it, at the address asked for.
    """
    somebody = at_the_desk()  # asked first: a page that tells of a fault must not have to ask
    if request.endpoint in OPEN:
        return None
    if somebody is None:
        return sign_in_page(401)
    if request.method not in SAFE_METHODS and not carries_form_token():
        raise CSRFError
    return None


@blueprint.context_processor
def everywhere() -> dict[str, Any]:
    """What every template of the desk may use."""
    return {"operator": at_the_desk(), "form_token": form_token}
