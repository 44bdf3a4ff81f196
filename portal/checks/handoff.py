"""Of `portal check`: the keys with which websites sign whom they hand over."""

from collections.abc import Iterator

from portal.access.handoff_keys import KeysUnfit, read_keys
from portal.config import Settings


def look_at_handoff_keys(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    """For each site that hands people over: is it well, what is so, and what to do."""
    for site in settings.sites:
        if site.handoff_keys is None:
            continue
        path = settings.instance / site.handoff_keys
        try:
            keys = read_keys(path)
        except KeysUnfit as error:
            todo = "put the website's public keys there, as a JWKS: see docs/api.md"
            yield False, f"site {site.id}: {path}: {error}", todo
            continue
        yield True, f"site {site.id} may hand people over, by {len(keys)} key(s)", ""
