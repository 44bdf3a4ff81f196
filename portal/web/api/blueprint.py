"""Where the routes of the API are hung up."""

from flask import Blueprint

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
