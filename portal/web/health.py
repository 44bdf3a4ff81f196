"""For machines: is it alive, is it ready?"""

from flask import Blueprint, Response, jsonify, make_response

from portal.rights.lasting.recovery import State
from portal.store.database import DatabaseAway
from portal.web.context import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> Response:
    """The portal's own database answers too, and is not an older one out of a back-up."""
    try:
        services().database.ping()
    except DatabaseAway:
        return make_response(jsonify(status="database away"), 503)
    state = services().recovery.look()
    if state is not State.OPEN:
        return make_response(jsonify(status=f"journal {state}"), 503)
    return jsonify(status="ok")
