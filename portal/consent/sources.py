"""Where decisions come from: the sources as they are recorded; by which way, and by whom."""

from enum import StrEnum

SOURCE = "portal"
OVERTAKEN = "superseded"
"""The cause of a delivery that was not done: a later decision had overtaken it."""
RESTORED = "restored"
"""The cause of one that was written down again from the journal, after the portal was restored."""
BY_LINK = "footer-link"
"""Stopped by a footer link: by whoever holds the mail, without a session."""
BY_ONE_CLICK = "one-click"
"""The same by the button of a mail program (RFC 8058)."""
OBJECTED = "portal:objection"
"""Stopped with all other direct marketing, by one objection (Art. 21(2) and (3) GDPR)."""
UNDONE = "footer-undo"
"""Put back within minutes, from the very page that said that it was stopped."""
TAKEN_BACK = "portal:undo"
"""The same by whoever is signed in."""
BY_SIGNAL = "gpc"
"""Stopped because the browser says so on each request (Global Privacy Control)."""
STOPPED_WITH = "portal:erasure"
"""Source of a decision that came with an erasure that waits."""
GIVEN_AGAIN = "portal:erasure-taken-back"
"""Source of a consent that came with taking one back. She read its words on that page."""
PAUSE_OVER = "portal:break-over"
"""Given back when a break was over, as she had chosen when it began."""
NO_OPT_IN = frozenset({UNDONE, TAKEN_BACK, PAUSE_OVER})
"""What was put back had been given before: it is no new "yes"."""
SUBSCRIBER = "subscriber"


class Method(StrEnum):
    """How a decision was made."""

    PAGE = "page"
    FOOTER_LINK = "footer_link"
    ONE_CLICK = "one_click"
    UNDO = "undo"
    ERASURE = "erasure"
    GPC = "gpc"
    PAUSE = "pause"
    """By itself, on the day that she had chosen."""
    OPERATOR = "operator"
    RESTORED = "restored"
    """By whichever way: it is known from the journal alone."""


METHODS = {
    SOURCE: Method.PAGE,
    OBJECTED: Method.PAGE,
    BY_LINK: Method.FOOTER_LINK,
    BY_ONE_CLICK: Method.ONE_CLICK,
    UNDONE: Method.UNDO,
    TAKEN_BACK: Method.UNDO,
    BY_SIGNAL: Method.GPC,
    PAUSE_OVER: Method.PAUSE,
    STOPPED_WITH: Method.ERASURE,
    GIVEN_AGAIN: Method.ERASURE,
    RESTORED: Method.RESTORED,
}
"""Source → how. What another part of the house brings in as a source was done by a person there."""
ACTORS = {
    Method.FOOTER_LINK: "link",
    Method.ONE_CLICK: "link",
    Method.GPC: "browser",
    Method.OPERATOR: "operator",
}
"""How → by whom: whoever holds the mail, her browser, an operator. Else she herself."""
