"""Reading what is held, for pages that cannot do without it."""

from flask import abort

from portal.rights.held.holdings import Holdings
from portal.web.context import me, services


def held_or_503() -> Holdings:
    """What is held about whoever is signed in; 503 when no system at all could be asked."""
    held = services().rights.reading.of(me())
    if held.nothing_answered:
        abort(503)
    return held
