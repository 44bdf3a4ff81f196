"""A site's own colour, as a stylesheet: an inline one would need a hole in the content policy."""

from flask import Blueprint, Response, abort, make_response

from portal.web.context import services
from portal.web.look import style_of

blueprint = Blueprint("stylesheet", __name__)


@blueprint.get("/sites/<site_id>.css")
def of_site(site_id: str) -> Response:
    """The tokens that this site sets; empty where it sets none."""
    accents = {site.id: site.accent for site in services().settings.sites}
    if site_id not in accents:
        abort(404)
    response = make_response(style_of(accents[site_id]) or "")
    response.content_type = "text/css; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
