"""A break: a mailing is stopped now, and given back on a day that she chose when she began it.

It is a stop like any other, with its own evidence, and can be taken back like one. What it turned
off, and where, is a recall, and a due row gives exactly that back: only if nothing was decided
since, on the portal or in the system, and never more than was on. Whatever ends a break (a stop, an
erasure, an undo, a restored database that knows of either) leaves the mailing stopped.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo

from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import Mailbox, Named, Whose, subject_of, take_turns
from portal.consent.links import Link
from portal.consent.record import ConsentRecord
from portal.consent.sources import BY_LINK, SOURCE
from portal.domain.clock import Clock
from portal.domain.deadlines import months_after
from portal.domain.register import Purpose
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.mailings.decide import holders_of
from portal.rights.mailings.stop import Stopped, Stopping, can_be_put_back
from portal.rights.mailings.undo import Part, Undoing, asked_to_erase_since
from portal.rights.requests.receiving import acknowledged
from portal.store.database import Database, Unit
from portal.store.recalls import Purpose as KeptFor
from portal.store.recalls import Recalled, Recalls
from portal.store.vault import Vault
from portal.sync.outbox import Outbox

JOB = "pause"
MONTHS = (1, 2, 3)
"""How long a break can be."""
EARLY = time(4)
"""On its day, in the portal's zone, before anybody works."""
GRACE = timedelta(days=30)
"""So long after its day a system that is away is waited for."""


class NotNow(Exception):
    """What is on is not known, or nothing is: a break cannot be taken of it. It can be stopped."""


class Pausing:
    """Begins breaks, and forgets those that were ended."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        reading: Reading,
        stopping: Stopping,
        undoing: Undoing,
        recalls: Recalls,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbox = outbox
        self._reading = reading
        self._stopping = stopping
        self._undoing = undoing
        self._recalls = recalls
        self._zone = zone
        self._clock = clock

    @staticmethod
    def can_be_paused(purpose: Purpose) -> bool:
        """It sends something that can wait."""
        return purpose.mailing and not purpose.third_party

    def asks_first(self, mailbox: Mailbox, purpose: Purpose) -> bool:
        """Does a system want her own word before it starts again?"""
        adapters = self._reading.adapters_of(mailbox)
        return any(
            adapters[name].settings.restart == "ask" for name in holders_of(purpose, adapters)
        )

    # --- beginning -----------------------------------------------------------------------------

    def pause(self, signed_in: SignedIn, purpose: Purpose, months: int, locale: str) -> str:
        """Begin a break; the id of its request.

        :raises NotNow: see there; nothing was written.
        """
        asked_at = self._clock()
        held, whose = self._reading.everywhere(signed_in), signed_in.as_mailbox
        with self._database.unit("break begun") as unit:
            take_turns(unit.session, whose.subject_id)
            part = self._begin(unit, whose, purpose, held, asked_at, months, locale, SOURCE)
            self._undoing.keep(unit, signed_in, [part], part.request_id)
            unit.commit()
        acknowledged()
        return part.request_id

    def by_link(self, link: Link, purpose: Purpose, months: int, locale: str) -> Stopped:
        """The same for whoever holds the mail.

        :raises NotNow: see there; nothing was written.
        """
        asked_at = self._clock()
        held = self._reading.everywhere(link)
        with self._database.unit("break begun by a link") as unit:
            subject_id = subject_of(unit.session, self._vault, link.email, self._clock())
            take_turns(unit.session, subject_id)
            whose = Named(subject_id, link.email, link.site)
            part = self._begin(unit, whose, purpose, held, asked_at, months, locale, BY_LINK)
            unit.commit()
        acknowledged()
        return Stopped(part.request_id, self._undoing.offer(whose, [part]), [purpose])

    def _begin(
        self,
        unit: Unit,
        whose: Whose,
        purpose: Purpose,
        held: Holdings,
        asked_at: datetime,
        months: int,
        locale: str,
        source: str,
    ) -> Part:
        db = unit.session
        day = months_after(self._clock().astimezone(self._zone).date(), months)
        until = datetime.combine(day, EARLY, self._zone).astimezone(UTC)
        standing = self._stopping.standing(db, whose.subject_id, purpose, held)
        last = ConsentRecord.last(db, whose.subject_id, purpose.id)
        # What was stopped while the systems were read may look on still: no break gives it back.
        stopped_meanwhile = last is not None and not last.granted and last.at > asked_at
        if not standing.certain or stopped_meanwhile:
            raise NotNow
        part = self._stopping.within(unit, whose, standing, held, locale, source, until=until)
        if not can_be_put_back(standing, part):
            raise NotNow
        told = {
            "email": whose.email.address,
            "site": whose.site,
            "purpose": purpose.id,
            "on": {name: list(keys) for name, keys in part.on.items()},
            "locale": locale,
        }
        kept = self._recalls.keep(
            db, KeptFor.PAUSE, whose.subject_id, told, until + GRACE, part.request_id
        )
        self._outbox.put(
            unit,
            JOB,
            {"recall": kept},
            key=f"{JOB}:{part.request_id}",
            subject_id=whose.subject_id,
            due_at=until,
        )
        return part

    # --- being ended ---------------------------------------------------------------------------

    def forget(self) -> None:
        """A chore: what a break that was ended kept is forgotten; its due row finds nothing."""
        with self._database.unit("ended breaks forgotten") as unit:
            for kept in self._recalls.all_of(unit.session, KeptFor.PAUSE):
                if not stands(unit.session, kept):
                    self._recalls.drop(unit.session, kept.id)
            unit.commit()


def stands(db: Db, kept: Recalled) -> bool:
    """Is the break that this belongs to her last word still?

    Not after any later decision about it, nor after an erasure, whether that waits, was done or was
    taken back.
    """
    last = ConsentRecord.last(db, kept.subject_id, kept.told["purpose"])
    if last is None or last.granted or last.request_id != kept.request_id:
        return False
    return not asked_to_erase_since(db, kept.subject_id, last.at)
