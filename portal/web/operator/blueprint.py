"""The blueprint that all of the desk's pages belong to."""

from flask import Blueprint

from portal.web.context import DESK

blueprint = Blueprint(DESK, __name__, url_prefix="/operator")
