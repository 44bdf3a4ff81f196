"""What goes wrong: a page that says what to do, and a log line without a personal value."""

import logging
import traceback

from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from portal.store.database import DatabaseAway
from portal.web.context import by_api
from portal.web.pages import render
from portal.web.problems import problem

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Answer every error of the app with a page."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(DBAPIError, database_away)
    app.register_error_handler(DatabaseAway, database_away)
    app.register_error_handler(Exception, fault)


def http_error(error: HTTPException) -> Response:
    """An error with a status code of its own."""
    status = error.code or 500
    if isinstance(error.response, Response):
        return error.response  # what `abort` was given is the answer
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect of the router's
    if isinstance(error, InternalServerError):
        return fault(error.original_exception or error)
    if isinstance(error, SecurityError):
        return untrusted_host()
    if status not in {401, 404}:
        log.warning("%s %s answered %d", request.method, request.url_rule, status)
    if by_api():
        return problem(status, headers=_allowed(error))
    title, advice = _words(status)
    response = render("errors/error.html", status, title=title, advice=advice, status=status)
    response.headers.update(_allowed(error))
    return response


def _allowed(error: HTTPException) -> dict[str, str]:
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(methods)} if methods else {}


def untrusted_host() -> Response:
    """A name that is not ours: no page, since no address can be built for it."""
    log.warning("%s answered 400: for another host", request.method)
    if by_api():
        return problem(400, "host", "This portal has another name.")
    response = Response("This portal has another name.\n", 400)
    response.content_type = "text/plain; charset=utf-8"
    return response


def csrf_error(_error: CSRFError) -> Response:
    """The form token is missing or of another session."""
    log.warning("%s %s answered 400: form token", request.method, request.url_rule)
    title = _("This page was open too long")
    advice = _("Nothing was changed. Go back, load the page again, and try once more.")
    return render("errors/error.html", 400, title=title, advice=advice, status=400)


def database_away(error: Exception) -> Response:
    """The portal's own database is away: nothing was acknowledged, nothing is half done."""
    log.error("%s %s: database away: %s", request.method, request.url_rule, type(error).__name__)
    if by_api():
        return problem(503, headers={"Retry-After": "60"})
    title, advice = _words(503)
    return render("errors/error.html", 503, title=title, advice=advice, status=503)


def fault(error: BaseException) -> Response:
    """A mistake of ours. Its message may hold a value, so only its place is logged."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    log.error("%s %s: %s in %s", request.method, request.url_rule, type(error).__name__, places)
    if by_api():
        return problem(500)
    title, advice = _words(500)
    return render("errors/error.html", 500, title=title, advice=advice, status=500)


def _words(status: int) -> tuple[str, str]:
    """(title, what to do) for a status code."""
    nothing = _("Nothing was changed.")
    match status:
        case 400:
            return _("We could not read that form"), " ".join(
                (nothing, _("Go back, load the page again, and try once more."))
            )
        case 401:
            return _("Please ask for a new code"), _(
                "You are not signed in, or it was too long ago. "
                "That keeps your data safe if you walk away."
            )
        case 403:
            return _("That did not come from our own page"), " ".join(
                (nothing, _("Open the page again and try once more."))
            )
        case 404:
            return _("This page does not exist"), _("Check the address, or start again.")
        case 405:
            return _("This page cannot do that"), " ".join((nothing, _("Start again.")))
        case 410:
            return _("This code or link no longer works"), _(
                "It was used already, or it is too old. Ask for a new one."
            )
        case 413:
            return _("That was too much at once"), " ".join(
                (nothing, _("Make the text shorter and try once more."))
            )
        case 429:
            return _("That was often enough for now"), _(
                "You asked for many e-mails in a short time. Try again in an hour."
            )
        case 503:
            return _("This does not work just now"), " ".join(
                (nothing, _("Try again in a few minutes."))
            )
        case _:
            return _("Something went wrong on our side"), " ".join(
                (nothing, _("Try again in a few minutes. If it keeps happening, contact us."))
            )
