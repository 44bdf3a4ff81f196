"""What the portal itself keeps of those who use it: what, why, and for how long.

The page stands on the list of tables: a test fails for a table that no line here speaks of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.access.releases import LONGEST as LONGEST_RELEASE
from portal.domain import terms
from portal.rights.cases.casebook import KEPT_AFTER
from portal.store.recalls import Purpose
from portal.web.context import services
from portal.web.pages import render

blueprint = Blueprint("privacy", __name__)

YEAR = 365.25
"""Days."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing that is kept. ``tables``: where it lies. The words are lazy sentences."""

    tables: Sequence[str]
    what: Any
    why: Any
    until: Any
    term: timedelta | None = None
    """Told in words where ``until`` says ``%(term)s``."""


KEPT = (
    Kept(
        ("subjects", "subject_aliases"),
        _l("A number instead of your name, and a fingerprint of your e-mail address"),
        _l(
            "So that we find your requests again when you come back. "
            "Nobody can read your e-mail address out of it."
        ),
        _l("as long as anything below is kept about you"),
    ),
    Kept(
        ("proofs", "sessions", "handoffs"),
        _l("That you asked for a code, and that you signed in"),
        _l("To let you in, and nobody else. Your e-mail address is encrypted meanwhile."),
        _l("%(term)s after it ended; your e-mail address goes when it ends"),
        terms.SESSIONS,
    ),
    Kept(
        ("quota_hits",),
        _l("How often a code was asked for, without saying by whom"),
        _l("So that nobody can flood your mailbox."),
        "%(term)s",
        terms.QUOTAS,
    ),
    Kept(
        ("requests", "deliveries"),
        _l("What you asked for, when, and how far it came in each system; not the data itself"),
        _l("To show you, and to prove that we did it."),
        "%(term)s",
    ),
    Kept(
        ("consents", "frequencies"),
        _l("What you agreed to, stopped or objected to: the words, and when"),
        _l("The law asks us to be able to prove it (article 7 GDPR)."),
        _l("as long as it holds, and %(term)s after you decided otherwise"),
    ),
    Kept(
        ("address_changes",),
        _l("That you asked for another e-mail address; both are encrypted while it waits"),
        _l("So that nobody takes over what is yours: your old mailbox can stop it."),
        _l("until it can no longer be taken back, and a day after that"),
    ),
    Kept(
        ("cases",),
        _l("What you asked a colleague of ours, and how to reach you, encrypted"),
        _l("To answer you."),
        _l("your words %(term)s after you were answered; that you asked, as long as a request"),
        KEPT_AFTER,
    ),
    Kept(
        ("copies",),
        _l("A copy of your data that you made here, encrypted"),
        _l("So that you can read, print and save it."),
        _l("24 hours, and then the key that opens it is destroyed; that you made one, %(term)s"),
        terms.WORK,
    ),
    Kept(
        ("releases",),
        _l("That one of us made sure who you are"),
        _l("So that you see what a mailbox alone does not open."),
        _l("until the day that was agreed, and at most %(term)s"),
        LONGEST_RELEASE,
    ),
    Kept(
        ("jobs",),
        _l("What still has to be done in a system, encrypted"),
        _l(
            "It is wiped as soon as it is done. Only what a system refuses waits for our "
            "colleagues."
        ),
        _l("until it is done, and at most %(term)s"),
        terms.UNDELIVERED,
    ),
    Kept(
        ("feed_entries",),
        _l("What you stopped or agreed to, for the programs that send our mail"),
        _l("So that they stop too."),
        _l("at most %(term)s"),
        terms.FEED,
    ),
    Kept(
        ("suppressions",),
        _l("If we deleted your data: that you are not to come back"),
        _l(
            "So that an old list or a restored back-up does not bring you back "
            "(articles 17 and 21 GDPR)."
        ),
        _l("until you sign up again yourself"),
    ),
    Kept(
        ("alarms",),
        _l("That something went wrong with a request"),
        _l("So that a colleague puts it right."),
        _l("%(term)s after it was put right"),
        terms.WORK,
    ),
    Kept(
        ("ledger", "ledger_links", "ledger_waiting"),
        _l("A log of what happened and when, under your number, without your data"),
        _l("To prove that nothing was changed afterwards."),
        _l("it says nothing about you any more once your number is forgotten"),
    ),
)
"""In the order told."""

NOTHING_PERSONAL = frozenset(
    {"marks", "adapter_states", "api_keys", "operators", "operator_sessions"}
)
"""Tables that hold nothing of a subscriber."""

RECALLED = {
    Purpose.ADDRESS_CHANGE: _l(
        "your old e-mail address, so that a change can be taken back, and no e-mail goes to the "
        "wrong one meanwhile"
    ),
    Purpose.OTHER_ADDRESS: _l(
        "your new e-mail address, so that links in older e-mails stop what goes there"
    ),
    Purpose.FEED: _l(
        "your e-mail address and which data is yours, to tell those who send e-mail for us what "
        "you decided"
    ),
    Purpose.PAUSE: _l("which e-mails you paused, so that exactly those begin again"),
    Purpose.UNDO: _l("where something was on that you stopped, so that you can put it back"),
    Purpose.RESTRICTION: _l(
        "your e-mail address while we may not use your data, to tell you before that ends"
    ),
    Purpose.SECOND_ERASURE: _l(
        "where the data is that we still had to keep, to delete it on its day"
    ),
}
"""What is remembered for a while, encrypted, by its purpose: ``recalls``."""


@blueprint.get("/privacy")
def show() -> Response:
    """Everything that the portal keeps, in plain words."""
    settings = services().settings
    keep = timedelta(days=settings.retention.requests_days)
    kept = [
        {"what": one.what, "why": one.why, "until": _term(one.until, one.term or keep)}
        for one in KEPT
    ]
    return render("privacy.html", kept=kept, recalled=list(RECALLED.values()))


def _term(until: Any, term: timedelta) -> str:
    text = str(until)
    return text % {"term": _in_words(term)} if "%(term)s" in text else text


def _in_words(term: timedelta) -> str:
    """Whole years where they are, else days."""
    years = round(term.days / YEAR)
    if years and abs(term.days - years * YEAR) <= 1:
        return str(ngettext("%(num)s year", "%(num)s years", years))
    return str(ngettext("%(num)s day", "%(num)s days", term.days))
