"""Notices: mails that tell somebody of something that was done, with nothing to prove in them.

Written down in the very unit of work that they tell of; sent by the worker, at least once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Lane
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Mailer, MailRefused, MailUnavailable
from portal.store.database import Unit
from portal.sync.gates import MAIL_SERVER, UNANSWERED
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Result, Task, Verdict
from portal.sync.outbox import Outbox

JOB = "notice"


class Notices:
    """Writes notices down."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def put(
        self,
        unit: Unit,
        name: str,
        *,
        to: Email,
        site: str,
        locale: str,
        at: datetime,
        words: Mapping[str, Any],
        until: datetime | None = None,
    ) -> None:
        """Have a letter sent once this unit is committed.

        Args:
            unit: The unit of work that does what the letter tells of.
            name: The templates ``mail/<name>.txt`` and ``.html``.
            to: Where it goes: an address as a CRM has it, or one that was just proven.
            site: Whose website it is about; the letter knows its ``site_name``.
            locale: The language of the letter.
            at: When it happened (UTC); the letter knows it as ``asked_at``, a time of the day.
            words: What else the templates say; sealed with the job.
            until: Not sent any more after this moment (UTC).
        """
        payload = notice(name, to=to, site=site, locale=locale, at=at, words=words, until=until)
        self._outbox.put(unit, JOB, payload, lane=Lane.MAIL, adapter=MAIL_SERVER)


def notice(
    name: str,
    *,
    to: Email,
    site: str,
    locale: str,
    at: datetime,
    words: Mapping[str, Any],
    until: datetime | None = None,
) -> dict[str, Any]:
    """What a job holds that sends a letter; see `Notices.put` for each of it."""
    return {
        "name": name,
        "to": to.address,
        "site": site,
        "locale": locale,
        "at": at.isoformat(),
        "words": dict(words),
        "until": until.isoformat() if until else None,
    }


class NoticeMail(Handler):
    """Handler of the job that `Notices` writes down."""

    def __init__(
        self,
        writer: LetterWriter,
        mailer: Mailer,
        site_names: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._mailer = mailer
        self._site_names = site_names
        self._clock = clock

    def run(self, task: Task) -> Result:
        """Send it."""
        told = task.payload
        if told["until"] and self._clock() >= datetime.fromisoformat(told["until"]):
            return GaveUp("too_late", replayable=False)
        if told["site"] not in self._site_names:
            return GaveUp("no_site", replayable=False)
        letter = self._writer.write(
            told["name"],
            to=Email.parse(told["to"]),
            locale=told["locale"],
            asked_at=datetime.fromisoformat(told["at"]),
            words={"site_name": self._site_names[told["site"]], **told["words"]},
        )
        try:
            self._mailer.send(letter)
        except MailUnavailable:
            return Again(UNANSWERED, verdict=Verdict.UNANSWERED)
        except MailRefused:
            return GaveUp("mail_refused", replayable=False)
        return Finished()
