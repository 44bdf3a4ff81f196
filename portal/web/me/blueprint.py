"""The blueprint that all of this folder's pages belong to."""

from flask import Blueprint

blueprint = Blueprint("me", __name__, url_prefix="/me")
