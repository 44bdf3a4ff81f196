"""Which browser has asked: its cookie remembers the last few questions, and proves it later."""

from flask import session

from portal.access.ask import Asked
from portal.web.context import framed

REMEMBERED = 5
"""How many questions a browser's cookie remembers."""


def remember(asked: Asked) -> None:
    """Let this browser's cookie prove, later, that it was the one that asked.

    In the frame cookies do not count, and none is set.
    """
    if framed():
        return
    remembered = list(session.get("asked", {}).items())[-(REMEMBERED - 1) :]
    session["asked"] = {**dict(remembered), asked.reference: asked.nonce}


def nonce_for(reference: str) -> str | None:
    """What this browser's cookie knows of a question; None: it has not asked it."""
    nonce: str | None = session.get("asked", {}).get(reference)
    return nonce
