"""Which language a page speaks, without a cookie.

It is what ``?lang=`` says, else that of the question whose code or link is on the page, else the
session's, else what the browser prefers.
"""

from flask import Flask, g, request, url_for
from flask_babel import Babel

from portal.web.context import asked_in, at_desk, current_site, who

NAMES = {"nl": "Nederlands", "en": "English", "de": "Deutsch", "fr": "Français"}


def init_app(app: Flask, zone: str) -> None:
    """Let Flask-Babel ask `current_locale`, and let links carry a chosen language along."""
    app.config["BABEL_DEFAULT_TIMEZONE"] = zone
    Babel(app, locale_selector=current_locale)

    @app.url_defaults
    def carry_language(endpoint: str, values: dict[str, object]) -> None:
        chosen = _chosen()
        if chosen and "lang" not in values and not endpoint.startswith(("static", "embed.")):
            values["lang"] = chosen


def current_locale() -> str:
    """The language of this page, one of the site's."""
    languages = current_site().languages
    if chosen := _chosen():
        return chosen
    if (asked := asked_in()) in languages:
        return asked
    signed_in = who()
    if signed_in and signed_in.locale in languages:
        return signed_in.locale
    return _preferred(languages)


def _preferred(languages: tuple[str, ...]) -> str:
    """The first that the browser names: who prefers ``en-GB`` to ``nl`` reads English."""
    for tag, quality in request.accept_languages:
        code = tag.partition("-")[0].lower()
        if quality > 0 and code in languages:
            return code
    return languages[0]


KEPT = ("site", "goal", "t")
"""What of a page's address belongs to it, whatever the language."""


def choices() -> list[tuple[str, str, str]]:
    """(code, its own name, address of this page in it) for each language of the site.

    A page that answers a form has no address of its own to come back to; then the first page.
    """
    here = request.method == "GET" and request.endpoint
    kept = {name: request.args[name] for name in KEPT if name in request.args}
    if here:
        arguments, endpoint = (
            {**(request.view_args or {}), **kept},
            request.endpoint or "signin.ask",
        )
    elif at_desk():
        arguments, endpoint = {}, "operator.queue"
    else:
        arguments, endpoint = {"site": current_site().id}, "signin.ask"
    return [
        (code, NAMES.get(code, code), url_for(endpoint, **{**arguments, "lang": code}))
        for code in current_site().languages
    ]


def _chosen() -> str | None:
    if "chosen_language" not in g:
        asked = request.args.get("lang", "")
        g.chosen_language = asked if asked in current_site().languages else None
    chosen: str | None = g.chosen_language
    return chosen
