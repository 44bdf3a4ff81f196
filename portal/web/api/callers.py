"""Who may ask: programs with a key of their own, and no browser."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Response, abort, request

from portal.access.api_keys import Caller, Scope
from portal.web.api.blueprint import blueprint
from portal.web.context import services
from portal.web.problems import problem

P = ParamSpec("P")
LARGEST = 200 * 1024
"""Bytes of a body."""
OPEN_TO_BROWSERS = "api.document"
"""A description, without anything of anybody."""


@blueprint.before_request
def no_browser() -> Response | None:
    """Refuse what a browser sends: it would have the key, and so would whoever looks into it.

    So no page of another origin can make one ask either; there are no CORS headers.
    """
    request.max_content_length = LARGEST
    browser = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
    if browser and request.endpoint != OPEN_TO_BROWSERS:
        return problem(403, "browser", "This is for servers: a key does not belong in a browser.")
    return None


def needs(
    scope: Scope,
) -> Callable[[Callable[Concatenate[Caller, P], Response]], Callable[P, Response]]:
    """The route answers who has a key of this scope, and gives it the caller."""

    def around(view: Callable[Concatenate[Caller, P], Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            caller = _caller()
            if scope not in caller.scopes:
                detail = f"This key has not the scope {scope}."
                if caller.has_unknown:  # made by a later version, which was gone back from
                    detail += " One that it has is unknown to this version of the portal."
                abort(problem(403, "scope", detail))
            wait = services().api_keys.count(caller)
            if wait is not None:
                seconds = max(1, math.ceil(wait.total_seconds()))
                detail = "That was often enough for this minute."
                abort(problem(429, "too_many_calls", detail, {"Retry-After": str(seconds)}))
            return view(caller, *args, **kwargs)

        return guarded

    return around


def _caller() -> Caller:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    found = services().api_keys.caller(key.strip()) if kind.lower() == "bearer" else None
    if found is None or found.site not in {site.id for site in services().settings.sites}:
        detail = "Send Authorization: Bearer, with a key that `portal api-key add` made."
        abort(problem(401, "key", detail, {"WWW-Authenticate": "Bearer"}))
    return found
