"""For machines: is it alive, is it ready?"""

from flask import Blueprint, Response, jsonify, make_response

from portal.store.database import DatabaseAway
from portal.web.context import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> Response:
    """The portal's own database answers too."""
    try:
        services().database.ping()
    except DatabaseAway:
        return make_response(jsonify(status="database away"), 503)
    return jsonify(status="ok")
