"""The blueprint that all of the desk's pages belong to."""

from flask import Blueprint

from portal.web.context import DESK

blueprint = Blueprint("operator", __name__, url_prefix=f"/{DESK}")
