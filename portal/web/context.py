"""What one request is about: the services, the site, the frame, and who is signed in."""

from dataclasses import dataclass
from datetime import date

from flask import abort, current_app, g, request, session

from portal.access.api_keys import ApiKeys
from portal.access.ask import Asking
from portal.access.handoff import HandingOver
from portal.access.redeem import Redeeming
from portal.access.sessions import Sessions, SignedIn
from portal.adapters.contract import Registry
from portal.config import Settings
from portal.config.parts import Site
from portal.consent.links import FooterLinks
from portal.desk.services import Desk
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.domain.rights import Goal
from portal.rights.lasting.recovery import Recovery
from portal.rights.services import Rights
from portal.store.database import Database

EXTENSION = "portal.services"
DESK = "operator"
"""What the operators' addresses begin with; there nobody is signed in as a subscriber."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that the pages call."""

    settings: Settings
    register: Register
    database: Database
    adapters: Registry
    asking: Asking
    redeeming: Redeeming
    api_keys: ApiKeys
    handing_over: HandingOver
    sessions: Sessions
    rights: Rights
    links: FooterLinks
    desk: Desk
    recovery: Recovery
    policy_since: date
    """The last change of what the register and the settings promise."""
    clock: Clock


API = "api"
"""What the addresses for programs begin with: nobody is signed in, and a key says who asks."""
LINKS = "u"
"""What footer links begin with: there nobody is signed in, and the link says which site it is."""


def services() -> Services:
    """The services of the running app."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def framed() -> bool:
    """Is this page fetched by the frame? Its script says so with every request."""
    return "Portal-Frame" in request.headers


def current_site() -> Site:
    """The site of this request: of its address, frame or session, one asked for, or the first."""
    if "site" not in g:
        # While it is being found out, and when it cannot be: the page that says so needs one.
        g.site = services().settings.sites[0]
        g.site = _find_site()
    site: Site = g.site
    return site


def _find_site() -> Site:
    sites = {site.id: site for site in services().settings.sites}
    if by_link() or by_api():
        return next(iter(sites.values()))
    signed_in = who()
    name = (request.view_args or {}).get("site_id") or request.headers.get("Portal-Frame")
    if name is None and signed_in:
        name = signed_in.site
    if name is None:
        name = request.form.get("site") or request.args.get("site") or next(iter(sites))
    return sites[name] if name in sites else abort(404)


def use_question(site: Site, locale: str = "") -> None:
    """From here on this request is about a question or a link: of its site, in its language."""
    g.site = site
    g.asked_in = locale
    g.pop("chosen_language", None)  # it was chosen among those of another site


def asked_in() -> str:
    """The language of the question that this request is about; empty when it is about none."""
    locale: str = g.get("asked_in", "")
    return locale


def who() -> SignedIn | None:
    """Who is signed in, or None.

    A bearer token counts for itself and never falls back to the cookie; the frame never uses the
    cookie; and a frame of one site cannot use a session of another.
    """
    if "signed_in" not in g:
        g.signed_in = None  # while it is being found out, nobody is
        g.signed_in = _find_signed_in()
    signed_in: SignedIn | None = g.signed_in
    return signed_in


def at_desk() -> bool:
    """Is this one of the operators' addresses? They have sessions of their own."""
    return _first_part() == DESK


def by_link() -> bool:
    """Is this a footer link's address? Its power is the token's, whoever may be signed in."""
    return _first_part() == LINKS


def by_api() -> bool:
    """Is this an address for programs, whose answers are no pages?"""
    return _first_part() == API


def _first_part() -> str:
    return request.path.split("/")[1]  # by the path: an address that does not exist is theirs, too


def _find_signed_in() -> SignedIn | None:
    if at_desk() or by_link() or by_api():
        return None
    touch = "Portal-Poll" not in request.headers
    if "Authorization" in request.headers:
        kind, _, token = request.headers["Authorization"].partition(" ")
        if kind.lower() != "bearer":
            return None
        found = services().sessions.current(token.strip(), "frame", touch=touch)
        return found if found and found.site == request.headers.get("Portal-Frame") else None
    token = session.get("token", "")
    if framed() or not token:
        return None
    return services().sessions.current(token, "tab", touch=touch)


def me() -> SignedIn:
    """Who is signed in; answers 401, with the way to sign in, when nobody is."""
    return who() or abort(401)


def has_fresh_proof(goal: Goal) -> bool:
    """May this session finish what needs the mailbox proven for just that?"""
    return me().has_fresh_proof_for(goal, services().clock())
