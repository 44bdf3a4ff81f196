"""Who sits at the desk: a cookie of its own, and a form token that belongs to it."""

import hashlib
import hmac

from flask import Response, abort, g, request

from portal.desk.sessions import ABSOLUTE, AtTheDesk
from portal.web.context import services


def cookie_name() -> str:
    """``__Host-`` binds it to this host; plain http on loopback cannot have that."""
    return "__Host-operator" if services().settings.secure_cookies else "operator"


def at_the_desk() -> AtTheDesk | None:
    """Who is signed in at the desk, or None. No subscriber ever is."""
    if "at_the_desk" not in g:
        g.at_the_desk = None  # while it is being found out, nobody is
        token = request.cookies.get(cookie_name(), "")
        touch = "Portal-Poll" not in request.headers  # a page that looks by itself is nobody
        g.at_the_desk = services().desk.sessions.current(token, touch=touch) if token else None
    found: AtTheDesk | None = g.at_the_desk
    return found


def operator() -> AtTheDesk:
    """Who is signed in at the desk; answers 401 when nobody is."""
    return at_the_desk() or abort(401)


def form_token() -> str:
    """What a form of this session carries; worked out from the cookie, which no page can read."""
    token = request.cookies.get(cookie_name(), "")
    return hashlib.sha256(b"desk form\x00" + token.encode()).hexdigest()


def carries_form_token() -> bool:
    """Does this write come from a form that this session was given?"""
    return hmac.compare_digest(request.form.get("csrf_token", "").encode(), form_token().encode())


def give_cookie(response: Response, token: str) -> None:
    """Let the browser keep this session's token; never for longer than the session may last."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=ABSOLUTE,
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Strict",
    )


def take_cookie(response: Response) -> None:
    """Let the browser forget it."""
    response.delete_cookie(
        cookie_name(),
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Strict",
    )
