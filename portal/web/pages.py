"""Rendering: every page through one door, with what every page has."""

from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale

from portal.domain.register import in_language
from portal.domain.rights import Goal
from portal.rights.requests.restrictions import Standing
from portal.web.context import at_desk, current_site, framed, services, who
from portal.web.headers import csp_nonce
from portal.web.language import choices

HOME = {
    Goal.VIEW: "me.overview",
    Goal.LESS: "me.consents",
    Goal.COPY: "me.export",
    Goal.ERASE: "me.erase",
    Goal.ADDRESS: "me.address",
    Goal.QUESTION: "me.questions",
}
"""Where each goal leads to, once somebody is signed in."""


def init_app(app: Flask) -> None:
    """Give the templates what every page has."""
    app.context_processor(everywhere)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def everywhere() -> dict[str, Any]:
    """What every template may use."""
    return {
        "site": current_site(),
        "contact": services().settings.contact,
        "locale": str(get_locale()),
        "languages": choices(),
        "signed_in": who(),
        "framed": framed(),
        "at_desk": at_desk(),
        "csp_nonce": csp_nonce(),
        "adapter_label": adapter_label,
        "planned_erasure": planned_erasure,
        "restriction": restriction,
        "is_doubtful": is_doubtful,
        "request_endpoint": request.endpoint,
    }


def planned_erasure() -> tuple[str, datetime] | None:
    """Her erasure that waits, and its moment: the pages on which she does other things say so."""
    signed_in = who()
    return services().rights.planning.planned(signed_in) if signed_in else None


def zone() -> tzinfo:
    """The zone that pages tell the time in, and days are counted in."""
    return ZoneInfo(services().settings.timezone)


def restriction() -> Standing | None:
    """Her restriction that stands: what she sees elsewhere is not used meanwhile."""
    signed_in = who()
    return services().rights.restricting.standing(signed_in) if signed_in else None


def is_doubtful() -> bool:
    """Was her address changed a short while ago? Then nothing that gives more is offered."""
    signed_in = who()
    return signed_in is not None and services().rights.reading.is_doubtful(signed_in)


def adapter_label(name: str) -> str:
    """What subscribers call a system."""
    adapter = services().adapters.get(name)
    return in_language(adapter.settings.label, str(get_locale())) if adapter else name


def render(template: str, answered: int = 200, /, **context: Any) -> Response:
    """A page, answered with this status code.

    Half a letter, which a system may hold and UTF-8 has no way to write, breaks no page.
    """
    page = render_template(template, **context).encode(errors="replace")
    return make_response(page, answered)


def go(endpoint: str, **values: Any) -> Response:
    """On to another page, by GET."""
    return make_response(redirect(url_for(endpoint, **values), 303))


def hand_session_to_frame(token: str, endpoint: str, **values: Any) -> Response:
    """Give the frame's script its token (empty: forget it) and the page to go on to.

    Not a redirect: fetch follows those by itself and never shows their headers.
    """
    response = make_response("", 200)
    response.headers["Portal-Session"] = token
    response.headers["Portal-Next"] = url_for(endpoint, **values)
    return response
