"""Taking a stop back, within minutes and from the very page that it led to.

To start a mailing is more than a footer link may do. So this has a token of its own, sealed, which
stands in the answer to the click and nowhere else. It puts back what that click turned off, where
it was on before, and nothing else. It is used up by any later decision about the same purpose, of
which it makes one itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access.subjects import Named, take_turns
from portal.consent.record import UNDONE, ConsentRecord
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.domain.rights import Right
from portal.rights.decide import holders_of
from portal.rights.deeds import consent
from portal.rights.holdings import Reading
from portal.rights.requests import Requests, acknowledged
from portal.store.database import Database
from portal.store.vault import CannotUnseal, Vault

SEALED_FOR = "undo of a stop"
LASTS = timedelta(minutes=10)


class TooLate(Exception):
    """It is none of ours, too old, or used up. The message holds nothing of it.

    ``site`` is where it was offered, as far as that is known.
    """

    def __init__(self, message: str, site: str | None = None) -> None:
        super().__init__(message)
        self.site = site


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was put back."""

    request_id: str
    site: str
    purpose: Purpose


class Undoing:
    """Offers to take a stop back, and does it once."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        reading: Reading,
        requests: Requests,
        record: ConsentRecord,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._reading = reading
        self._requests = requests
        self._record = record
        self._clock = clock

    def offer(
        self,
        request_id: str,
        whose: Named,
        purpose: Purpose,
        was_on: Mapping[str, Sequence[str]],
    ) -> str:
        """The token that takes this stop back.

        Args:
            request_id: Of the stop.
            whose: Who is stopped being mailed.
            purpose: What was stopped.
            was_on: Adapter name → keys of the records in which it was on.
        """
        told = {
            "request": request_id,
            "subject": whose.subject_id,
            "email": whose.email.address,
            "site": whose.site,
            "purpose": purpose.id,
            "on": {name: list(keys) for name, keys in was_on.items()},
            "until": (self._clock() + LASTS).isoformat(),
        }
        return self._vault.seal(told, SEALED_FOR).decode()

    def undo(self, token: str, locale: str) -> PutBack:
        """Put it back as it was.

        :raises TooLate: it can not be taken back (any more); nothing was changed.
        """
        try:
            told = self._vault.unseal(token.encode(), SEALED_FOR)
        except (CannotUnseal, UnicodeEncodeError):
            raise TooLate("it is none of ours") from None
        if self._clock() >= datetime.fromisoformat(told["until"]):
            raise TooLate("its time is over", told["site"])
        whose = Named(told["subject"], Email.parse(told["email"]), told["site"])
        try:
            purpose = self._register.purpose(told["purpose"])
            holders = holders_of(purpose, self._reading.adapters_of(whose))
        except KeyError:
            raise TooLate("the mailing or the site is no more") from None
        evidence = self._record.evidence(purpose, locale, UNDONE)
        deliveries = {
            name: consent(whose.email, purpose.id, True, evidence, keys)
            for name, keys in told["on"].items()
            if name in holders
        }
        with self._database.unit("stop taken back") as unit:
            take_turns(unit.session, whose.subject_id)
            last = self._record.last(unit.session, whose.subject_id, purpose.id)
            if last is None or last.request_id != told["request"]:
                raise TooLate("something was decided since", told["site"])
            request_id = self._requests.write(
                unit,
                whose,
                Right.CONSENT,
                deliveries,
                locale,
                {"purposes": [purpose.id], "by": UNDONE},
            )
            self._record.write(
                unit.session,
                subject_id=whose.subject_id,
                purpose=purpose,
                granted=True,
                evidence=evidence,
                request_id=request_id,
            )
            unit.commit()
        acknowledged()
        return PutBack(request_id, whose.site, purpose)
