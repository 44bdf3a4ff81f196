"""The frame's shell, and the loader that puts the frame on a page."""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, request

import portal.web
from portal.web.context import services
from portal.web.headers import allow_framing_by
from portal.web.pages import render
from portal.web.version import VERSION

THEMES = ("auto", "light", "dark")
"""Light or dark as the visitor wants it, or as the page around the frame always is."""

blueprint = Blueprint("embed", __name__, url_prefix="/embed")


@blueprint.get("/<site_id>/")
def shell(site_id: str) -> Response:
    """The only page that may stand in a frame, and only on the origins of its site."""
    sites = {site.id: site for site in services().settings.sites}
    if site_id not in sites:
        abort(404)
    site = sites[site_id]
    allow_framing_by(site.origins)
    theme = request.args.get("theme", "auto")
    if theme not in THEMES:
        abort(400)
    return render("frame.html", frame_site=site, theme=theme)


@blueprint.get("/v1/portal.js")
def loader() -> Response:
    """The loader at its stable address: always the newest, kept for five minutes."""
    return _script("public, max-age=300")


@blueprint.get(f"/{VERSION}/portal.js")
def loader_of_version() -> Response:
    """The loader of just this version, for a page that names its hash (SRI)."""
    return _script("public, max-age=31536000, immutable")


def _script(cache_control: str) -> Response:
    response = make_response(_source())
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = cache_control
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"  # a public file; SRI asks for it
    return response


@cache
def _source() -> bytes:
    """The loader, beside the package in a checkout and inside it when installed."""
    package = Path(portal.web.__file__).parent.parent
    for folder in (package / "_embed", package.parent / "embed"):
        if (folder / "portal.js").is_file():
            return (folder / "portal.js").read_bytes()
    raise FileNotFoundError("embed/portal.js is missing from this installation")
