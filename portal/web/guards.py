"""What stands before every page: the host, the origin of a write, the form token."""

from urllib.parse import urlsplit

from flask import Flask, abort, request
from flask_wtf.csrf import CSRFProtect

from portal.web.context import by_api, current_site, framed, services, who

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
STOP_BY_LINK = "footer.stop"
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Guard every request of the app."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # `guard` decides when
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    csrf.init_app(app)
    app.before_request(guard)


def guard() -> None:
    """Refuse a write that another origin caused.

    Every write must come from the portal's own pages; one that a cookie signs in must carry the
    session's form token as well, since a sibling subdomain counts as the same site. A bearer token
    needs none: no browser sends it by itself.
    """
    if request.endpoint != "static":
        current_site()  # one that does not exist is 404, before any page is made
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    if by_api():
        return  # `portal.web.api.callers` lets no browser in at all
    if not came_from_here() and not is_one_click():
        abort(403)
    if who() and not framed():
        csrf.protect()


def is_one_click() -> bool:
    """Does a mail program press "unsubscribe" for its user (RFC 8058 §3.2)?

    It comes from the provider's servers or out of a webmail's page, with no cookie, and may have no
    origin or any. The token alone says what may be done, and that can only be to stop.
    """
    return request.endpoint == STOP_BY_LINK and request.form.get("List-Unsubscribe") == "One-Click"


def came_from_here() -> bool:
    """Did a page of this portal cause the request? Neither header: refused."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    own = urlsplit(services().settings.public_url)
    return origin == f"{own.scheme}://{own.netloc}"
