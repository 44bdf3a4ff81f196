"""Putting links into the fields of CRMs: put together over a portal, for who starts a run."""

from portal.access.directory import Directory
from portal.adapters.contract import that_sets_link
from portal.composition.whole import Portal
from portal.consent.minting import Minting
from portal.domain.register import Ground, Kind
from portal.rights.held.naming import Naming
from portal.rights.lasting.pushing import Pushing
from portal.sync.passing import Passing


def pushing_over(portal: Portal) -> Pushing:
    """What goes through the CRMs of this portal."""
    register, services = portal.register, portal.services
    names = [field.id for field in register.fields if field.kind is Kind.NAME]
    return Pushing(
        database=portal.database,
        hasher=portal.vault.hasher,
        directory=Directory(
            portal.adapters, {site.id: site.adapters for site in portal.settings.sites}
        ),
        naming=Naming(portal.database, portal.vault, names),
        opt_ins=[one.id for one in register.purposes if one.ground is Ground.CONSENT],
        passing=Passing(portal.database, portal.gates, services.clock),
        ledger=portal.ledger,
        clock=services.clock,
    )


def minting_of(portal: Portal, site: str, purpose: str) -> Minting:
    """What makes the links of one mailing on one site."""
    base = f"{portal.settings.public_url.rstrip('/')}/u/"
    return Minting(portal.services.links, site, purpose, base)


def fill_links(portal: Portal, site: str) -> None:
    """Bring every field for links up to date, in the systems that this site looks into.

    Raises:
        LeftAlone: A system may not be called now.
        AdapterError: A system could not be asked.
    """
    pushing, seen = pushing_over(portal), portal.settings.site(site).adapters
    for adapter in portal.adapters.values():
        if that_sets_link(adapter) is not None and (not seen or adapter.name in seen):
            mintings = {one: minting_of(portal, site, one) for one in adapter.capabilities.links}
            pushing.push(
                adapter,
                site,
                mintings,
                expected=None,
                dry_run=False,
                progress=lambda _seen: None,
            )
