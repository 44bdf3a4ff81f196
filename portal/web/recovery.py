"""While the database is an older one out of a back-up, no page but one that says so."""

import logging

from flask import Flask, Response, g, request
from flask_babel import gettext as _

from portal.web.context import by_api, services
from portal.web.pages import render
from portal.web.problems import problem

log = logging.getLogger(__name__)

FOR_MACHINES = frozenset({"health.alive", "health.ready"})
LOOKS = frozenset({"static", "stylesheet.of_site"})
"""What the one page needs."""


def init_app(app: Flask) -> None:
    """Stand before everything else."""
    app.before_request(closed)


def closed() -> Response | None:
    """The page that says that the portal is closed, and whom to call; None while it is open."""
    if services().recovery.may_serve() or request.endpoint in FOR_MACHINES | LOOKS:
        return None
    g.signed_in = None  # a session out of the back-up may have ended since
    log.error("%s %s answered 503: see `portal check`", request.method, request.url_rule)
    if by_api():
        return problem(503, headers={"Retry-After": "600"})
    title = _("This page is closed for a moment")
    advice = _(
        "A copy of our own records was put back, and it must be brought up to date first. "
        "Until then nothing is shown or changed here. What you asked for before stays asked for."
    )
    response = render("errors/error.html", 503, title=title, advice=advice, status=503)
    response.headers["Retry-After"] = "600"
    return response
