"""Subscriber Portal: the customer service page of a company's own website.

`create_app` gives the web application; `portal.composition` puts together what it stands on.
"""

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.composition import compose
from portal.composition.from_settings import relay_from
from portal.composition.whole import Portal
from portal.config import Settings
from portal.domain.clock import Clock, utc_now
from portal.web import (
    address,
    api,
    doors,
    embed,
    errors,
    filters,
    footer,
    guards,
    handoff,
    headers,
    health,
    language,
    me,
    operator,
    pages,
    privacy,
    receipt,
    recovery,
    schemas,
    signin,
    stylesheet,
    wellknown,
)
from portal.web.context import EXTENSION

__all__ = ["Portal", "compose", "create_app", "make_app", "relay_from"]

MAX_FORM = 256 * 1024
"""Bytes of any form that is sent to the portal."""


def create_app(settings: Settings, *, clock: Clock = utc_now) -> Flask:
    """The web application over a whole portal, which is its extension ``portal``.

    The worker is made and not started. Tables are brought up to date.

    Raises:
        KeysUnusable: The keys are missing or damaged.
        RegisterError: The register has faults.
        AdapterConfigError: The settings of an adapter have faults.
        DatabaseAway: The portal's own database does not answer.
        DatabaseUnfit: Its tables cannot be brought up to date.
    """
    return make_app(compose(settings, clock))


def make_app(portal: Portal) -> Flask:
    """The web application over this portal."""
    settings = portal.settings
    app = Flask(__name__, instance_path=str(settings.instance.resolve()))
    newest, older = portal.vault.cookie_keys
    app.config.update(
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        # A cookie named __Host- must be Secure, which plain http on loopback cannot give.
        SESSION_COOKIE_NAME="__Host-portal" if settings.secure_cookies else "portal",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=list(settings.hosts),
        MAX_CONTENT_LENGTH=MAX_FORM,
        MAX_FORM_MEMORY_SIZE=MAX_FORM,
        MAX_FORM_PARTS=200,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.extensions["portal"] = portal
    app.extensions[EXTENSION] = portal.services
    for part in (recovery, guards, headers, filters, pages, errors):
        part.init_app(app)
    language.init_app(app, settings.timezone)
    for part in (
        signin,
        handoff,
        address,
        doors,
        receipt,
        footer,
        me,
        api,
        operator,
        embed,
        stylesheet,
        privacy,
        health,
        wellknown,
        schemas,
    ):
        app.register_blueprint(part.blueprint)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        # The host is never taken from a proxy's word: links are built from the settings.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app
