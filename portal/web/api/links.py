"""Footer links, for who writes the mail: the same as `portal links` makes."""

from flask import Response, abort

from portal.access.api_keys import Caller, Scope
from portal.adapters.contract import AdapterError, Ref
from portal.consent.links import NoLinkKey
from portal.consent.minting import Minting
from portal.rights.mailings.mailable import NoSuchSystem
from portal.web.api.blueprint import blueprint
from portal.web.api.callers import needs
from portal.web.api.consents import subject_asked
from portal.web.api.shapes import LinkAsked, LinksAsked, LinksTold, LinkTold, sent, told
from portal.web.context import services
from portal.web.problems import problem


@blueprint.post("/links")
@needs(Scope.LINKS_MINT)
def links(caller: Caller) -> Response:
    """One link for each that is asked for. What is wrong with one is told in its own answer."""
    asked = sent(LinksAsked).links
    mailings = {
        one.id for one in services().rights.mailable.purposes_of(caller.site) if one.mailing
    }
    away: set[str] = set()
    try:
        made = [_link(caller.site, one, mailings, away) for one in asked]
    except NoLinkKey:
        abort(problem(503, "no_link_key", "There is no key for footer links yet."))
    return told(LinksTold(links=made))


def _link(site: str, asked: LinkAsked, mailings: set[str], away: set[str]) -> LinkTold:
    if asked.purpose not in mailings:
        return LinkTold(error="no_such_mailing", url=None)
    whose = subject_asked(asked)
    if isinstance(whose, Ref):
        try:
            email = services().rights.mailable.address_of(site, whose, away)
        except NoSuchSystem:
            return LinkTold(error="no_such_system", url=None)
        except AdapterError:
            return LinkTold(error="away", url=None)
        if email is None:
            return LinkTold(error="unknown", url=None)
    elif whose is None:
        return LinkTold(error="not_an_address", url=None)
    else:
        email = whose
    base = f"{services().settings.public_url}/u/"
    minting = Minting(services().links, site, asked.purpose, base)
    return LinkTold(error=None, url=minting.link(email))
