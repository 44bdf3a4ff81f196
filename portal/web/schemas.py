"""The published shapes of what subscribers take along: stable addresses, for every origin."""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, make_response

import portal

FOLDER = Path(portal.__file__).parent / "schemas"

blueprint = Blueprint("schemas", __name__, url_prefix="/schemas")


@blueprint.get("/<name>.json")
def show(name: str) -> Response:
    """A shape as JSON Schema (2020-12). Never changed: another shape has another number."""
    if f"{blueprint.url_prefix}/{name}.json" not in published():
        abort(404)
    response = make_response(published()[f"{blueprint.url_prefix}/{name}.json"])
    response.content_type = "application/schema+json"
    response.headers["Cache-Control"] = "public, max-age=86400"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@cache
def published() -> dict[str, bytes]:
    """Address → shape."""
    return {f"/schemas/{file.name}": file.read_bytes() for file in FOLDER.glob("*.json")}
