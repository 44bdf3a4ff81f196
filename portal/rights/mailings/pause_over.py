"""The day on which a break is over: what it turned off is given back, or she is asked first."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session as Db

from portal.access.notices import Notices
from portal.access.subjects import Named, known_subject, parts_of, take_turns
from portal.adapters.contract import Adapter, AdapterError, RateLimited, Record, Ref
from portal.consent.record import ConsentRecord
from portal.consent.sources import PAUSE_OVER
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register, in_language
from portal.domain.rights import Goal, Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.deciding import A_DAY
from portal.rights.deeds.doing import consent
from portal.rights.held.holdings import Reading
from portal.rights.mailings.decide import holders_of
from portal.rights.mailings.pause import stands
from portal.rights.requests.not_to_be_used import is_being_restricted
from portal.rights.requests.receiving import Requests
from portal.store.database import Database, Unit
from portal.store.recalls import Purpose as KeptFor
from portal.store.recalls import Recalled, Recalls
from portal.store.tables import Consent
from portal.store.vault import Vault
from portal.sync.jobs import Again, Finished, Handler, Later, Recording, Result, Task

log = logging.getLogger(__name__)

LETTER = "break_over"
AWAY = timedelta(hours=1)
"""So long after a system did not answer, or while her data is not to be used, it is tried again,
until what the break kept is swept."""
SAME_MOMENT = timedelta(seconds=2)
"""Systems keep a time by the second, and one that keeps a history makes each row a later one."""


class PauseOver(Handler):
    """Handler of the due rows of breaks."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        reading: Reading,
        requests: Requests,
        record: ConsentRecord,
        recalls: Recalls,
        notices: Notices,
        ledger: Ledger,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._reading = reading
        self._requests = requests
        self._record = record
        self._recalls = recalls
        self._notices = notices
        self._ledger = ledger
        self._public_url = public_url
        self._clock = clock

    def run(self, task: Task) -> Result:
        """Look whether the break stands still, here and in every system, and only then end it."""
        with self._database.reading() as db:
            kept = self._recalls.get(db, KeptFor.PAUSE, task.payload["recall"])
            if kept is None:  # it was ended, or waited for too long
                return Finished()
            pause = self._record.last(db, kept.subject_id, kept.told["purpose"])
            if pause is None or not stands(db, kept):
                return Finished(self._over(kept, "overtaken"))
            if self._is_not_to_be_used(db, kept):
                return Later(self._clock() + AWAY)
        whose = Named(kept.subject_id, Email.parse(kept.told["email"]), kept.told["site"])
        try:
            purpose = self._register.purpose(kept.told["purpose"])
            adapters = self._reading.adapters_of(whose)
        except KeyError:  # the mailing or the site is no more
            return Finished(self._over(kept, "overtaken"))
        holders = {name: adapters[name] for name in holders_of(purpose, adapters)}
        try:
            left = {
                name: found
                for name, adapter in holders.items()
                if (found := self._still_paused(adapter, kept, pause))
            }
        except RateLimited as busy:
            return Again("rate_limited", busy.retry_after)
        except AdapterError as error:
            log.warning("a break cannot be ended yet: %s", type(error).__name__)
            return Later(self._clock() + AWAY)
        restarts = [holders[name].settings.restart for name in left]
        return self._end(kept, whose, purpose, left, asks_first="ask" in restarts)

    # --- ways to end ---------------------------------------------------------------------------

    def _end(
        self,
        kept: Recalled,
        whose: Named,
        purpose: Purpose,
        left: Mapping[str, Sequence[Record]],
        *,
        asks_first: bool,
    ) -> Result:
        if any(record.restricted for records in left.values() for record in records):
            return Later(self._clock() + AWAY)
        if kept.told["on"] and not left:  # somebody decided in the systems themselves
            return Finished(self._over(kept, "overtaken"))
        if records := next(iter(left.values()), None):  # her address as it is now
            whose = replace(whose, email=Email.parse(records[0].email))
        if asks_first:
            return Finished(self._asked(kept, whose, purpose))
        return Finished(self._given_back(kept, whose, purpose, left))

    def _given_back(
        self,
        kept: Recalled,
        whose: Named,
        purpose: Purpose,
        left: Mapping[str, Sequence[Record]],
    ) -> Recording:
        locale = kept.told["locale"]

        def record(db: Db) -> None:
            if not self._is_hers_to_end(db, kept):
                return
            unit = Unit(db, "job ended")
            evidence = self._record.evidence(purpose, locale, PAUSE_OVER)
            deliveries = {
                name: consent(
                    Email.parse(records[0].email),
                    purpose.id,
                    True,
                    evidence,
                    [record.ref.key for record in records],
                )
                for name, records in left.items()
            }
            details = {"purposes": [purpose.id], "by": PAUSE_OVER}
            request_id = self._requests.write(
                unit, whose, Right.CONSENT, deliveries, locale, details
            )
            self._record.write(
                db,
                subject_id=whose.subject_id,
                purpose=purpose,
                granted=True,
                evidence=evidence,
                request_id=request_id,
            )
            self._over(kept, "given_back")(db)

        return record

    def _asked(self, kept: Recalled, whose: Named, purpose: Purpose) -> Recording:
        """One mail, and no more: whoever does not answer stays stopped."""
        told = {"site": whose.site, "goal": Goal.LESS}

        def record(db: Db) -> None:
            if not self._is_hers_to_end(db, kept):
                return
            self._notices.put(
                Unit(db, "job ended"),
                LETTER,
                to=whose.email,
                site=whose.site,
                locale=kept.told["locale"],
                at=self._clock(),
                words={
                    "label": in_language(purpose.label, kept.told["locale"]),
                    "link": f"{self._public_url}/?{urlencode(told)}",
                },
            )
            self._over(kept, "asked")(db)

        return record

    def _is_hers_to_end(self, db: Db, kept: Recalled) -> bool:
        """In her turn: does it stand still, in the very transaction that ends it?"""
        take_turns(db, kept.subject_id)
        if stands(db, kept):
            return True
        self._over(kept, "overtaken")(db)
        return False

    def _is_not_to_be_used(self, db: Db, kept: Recalled) -> bool:
        """Has she restricted the use of her data, or one of those who use her address?

        While that stands nothing begins again, and she is not even asked (Art. 18(2) GDPR).
        """
        return any(
            is_being_restricted(db, one, {kept.told["site"]}, self._clock())
            for one in (kept.subject_id, *parts_of(db, kept.subject_id))
        )

    def _over(self, kept: Recalled, how: str) -> Recording:
        def record(db: Db) -> None:
            self._recalls.drop(db, kept.id)
            self._ledger.note(
                db,
                Event.BREAK_OVER,
                subject_id=kept.subject_id,
                request_id=kept.request_id,
                facts={"purpose": kept.told["purpose"], "how": how},
            )

        return record

    def _still_paused(self, adapter: Adapter, kept: Recalled, pause: Consent) -> list[Record]:
        """Of the records that the break turned off: hers in which nobody has decided since.

        She may have another address by now, and a key may be somebody else's: whose a record is,
        its own address says.
        """
        found = []
        by_itself = kept.told.get("by_itself", {}).get(adapter.name, ())
        for key in kept.told["on"].get(adapter.name, ()):
            record = adapter.read(Ref(adapter.name, key))
            if record is None or not self._is_hers(record, kept):
                continue
            is_as_left = _goes_on if key in by_itself else _is_as_paused
            if is_as_left(record, pause):
                found.append(record)
        return found

    def _is_hers(self, record: Record, kept: Recalled) -> bool:
        try:
            email = Email.parse(record.email)
        except InvalidEmail:
            return False
        with self._database.reading() as db:
            return known_subject(db, self._vault, email) == kept.subject_id


def _is_as_paused(record: Record, pause: Consent) -> bool:
    state = record.consents.get(pause.purpose)
    if state is None or state.granted is None:  # a stop leaves no trace there
        return True
    later = state.at is not None and state.at > pause.at + SAME_MOMENT
    hers = pause.source.startswith(state.source or "")  # perhaps cut
    return not state.granted and not later and hers


def _goes_on(record: Record, pause: Consent) -> bool:
    """Of a system that ends a break by itself: is it on again, or about to be?

    What is off there and not paused was turned off by somebody; or by the portal, which stopped it
    when a back-up had brought back that it was on. Where somebody has made the break longer there,
    it goes on until then.
    """
    state = record.consents.get(pause.purpose)
    if state is not None and state.paused_until is not None:
        return pause.until is not None and state.paused_until - pause.until < A_DAY
    if state is not None and state.granted:
        return True
    return bool(state and state.source) and _is_as_paused(record, pause)
