"""The nursery's newsletter, as its mailing program sends it: with the link that the CRM holds.

The program knows the CRM and nothing of the portal: it reads the field for the link, prints it at
the foot of the mail, and puts it into the headers that mail programs look for (RFC 2369, RFC 8058).
"""

import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from portal.demo.rows import CrmRows

FIELD = "stop_newsletter"
"""The column of the CRM with the link."""
MAILING = "newsletter"
TIMEOUT = 10.0
"""Seconds."""
SUBJECT = {"nl": "Juni in de tuin", "en": "June in the garden"}
TEXT = {
    "nl": (
        "De lavendel bloeit, en dat hoort u: de hommels zijn er al.",
        "Snoei uitgebloeide rozen tot op het eerste blad met vijf blaadjes.",
        "Geef in droge weken liever één keer veel water dan elke dag een beetje.",
    ),
    "en": (
        "The lavender is in bloom, and you can hear it: the bumblebees are here.",
        "Cut faded roses back to the first leaf of five.",
        "In dry weeks give a lot of water once rather than a little each day.",
    ),
}
FOOT = {
    "nl": (
        "U krijgt deze mail omdat u daarom gevraagd hebt.",
        "Stop deze mail, of kijk wat wij van u hebben",
    ),
    "en": (
        "You get this mail because you asked for it.",
        "Stop this mail, or see what we hold about you",
    ),
}


class Sending(StrEnum):
    """What became of it."""

    SENT = "sent"
    STOPPED = "stopped"
    """The CRM says that she does not want it, or may not be mailed."""
    NOBODY = "nobody"
    """The CRM has no record of this address."""
    NO_LINK = "no_link"
    """Her field holds no link yet: without one this nursery sends nothing."""


@dataclass(frozen=True, slots=True)
class Newsletter:
    """Sends one copy, on demand.

    Args:
        rows: What the CRM holds of an address, past the portal.
        fill: Has the portal bring the CRM's fields for links up to date, as each night.
        host: Of the mail server.
        port: And its port.
        sender: Whose mail it is.
    """

    rows: CrmRows
    fill: Callable[[], None]
    host: str
    port: int
    sender: Address

    def send(self, email: str) -> Sending:
        """Send it to this address, if the CRM says that it may be."""
        self.fill()
        records = [one for one in self.rows(email) if FIELD in one["row"]]
        if not records:
            return Sending.NOBODY
        wanting = [one for one in records if _wants_it(one)]
        if not wanting:
            return Sending.STOPPED
        row = next((one["row"] for one in wanting if one["row"][FIELD]), None)
        if row is None:
            return Sending.NO_LINK
        with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT) as server:
            server.send_message(self.letter(row))
        return Sending.SENT

    def letter(self, row: Mapping[str, Any]) -> EmailMessage:
        """The mail to whose row this is, with her own link at its foot."""
        language = "nl" if row["language"] == "nl" else "en"
        link, (why, stop) = str(row[FIELD]), FOOT[language]
        hello = f"{'Dag' if language == 'nl' else 'Hello'} {row['first_name']},"
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = str(row["email"])
        message["Subject"] = SUBJECT[language]
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid(domain=self.sender.domain)
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        parts = (hello, *TEXT[language], self.sender.display_name)
        message.set_content("\n\n".join((*parts, "-- ", f"{why} {stop}:\n{link}", "")))
        message.add_alternative(_page(language, parts, why, stop, link), subtype="html")
        return message


def _wants_it(record: Mapping[str, Any]) -> bool:
    if record["row"].get("restricted"):
        return False
    lists = record["related"].get("subscriptions", ())
    return any(one["mailing"] == MAILING and one["active"] for one in lists)


def _page(language: str, parts: tuple[str, ...], why: str, stop: str, link: str) -> str:
    paragraphs = Markup().join(Markup("<p>{}</p>").format(one) for one in parts)
    return Markup(
        '<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{subject}</title>'
        '<body style="font:16px/1.6 Georgia,serif;max-width:34rem;margin:2rem auto;padding:0 1rem">'
        "<h1>{subject}</h1>{paragraphs}<hr>"
        '<p style="font:14px/1.5 sans-serif">{why} <a href="{link}">{stop}</a></p></body></html>'
    ).format(
        language=language,
        subject=SUBJECT[language],
        paragraphs=paragraphs,
        why=why,
        stop=stop,
        link=link,
    )
