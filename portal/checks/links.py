"""Do the fields for footer links fit what is put into them?"""

from collections.abc import Iterator, Mapping

from portal.adapters.contract import Adapter
from portal.config import Settings
from portal.consent.links import length
from portal.domain.register import Register
from portal.rights.mailings.decide import STOPPABLE

ADDRESS = 100
"""Characters of an address that hardly anybody's is longer than."""

Found = tuple[bool, str, str]
"""Is it well, what it is about, and what to do."""


def look_at_links(
    settings: Settings, register: Register, answering: Mapping[str, Adapter]
) -> Iterator[Found]:
    """Look at every field for links of every adapter that answers.

    :raises AdapterError: one does not answer any more.
    """
    mailings = {one.id for one in register.purposes if one.mailing and one.ground in STOPPABLE}
    base = f"{settings.public_url.rstrip('/')}/u/"
    for name, adapter in answering.items():
        if not adapter.capabilities.links:
            continue
        ids = [one.id for one in settings.sites if not one.adapters or name in one.adapters]
        site = max(ids, key=len, default="")
        room = {info.link: info.max_length for info in adapter.fields() if info.link is not None}
        before = False
        for purpose in sorted(adapter.capabilities.links):
            has, needs = room.get(purpose), length(base, site, purpose, ADDRESS)
            if purpose not in mailings:
                before = True
                todo = f"take links.{purpose} out of [adapters.{name}]"
                yield False, f"{name}: {purpose} is no mailing that can be stopped", todo
            elif has is not None and has < needs:
                before = True
                todo = f"make it {length(base, site, purpose, 254)} characters long, or a text"
                yield False, f"{name}: the field for the link of {purpose} holds {has}", todo
        if not before:
            count = len(adapter.capabilities.links)
            yield True, f"{name} has fields for {count} of them (portal links --push)", ""
