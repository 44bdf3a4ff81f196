"""Heeding what a browser says with each request: "do not pass my data on" (Global Privacy Control).

It stops the purposes that the register calls ``third_party``, where they are on; once a session,
and never by a GET. Whoever turns one on again by hand has chosen knowing of it, and that choice
holds against the signal from then on (https://www.w3.org/TR/gpc/).
"""

from sqlalchemy import update
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.access.subjects import take_turns
from portal.consent.record import history_of
from portal.consent.sources import BY_SIGNAL, Method
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.rights.held.holdings import Reading
from portal.rights.mailings.decide import STOPPABLE
from portal.rights.mailings.stop import Stopping
from portal.rights.requests.receiving import acknowledged
from portal.store.database import Database, rows_changed
from portal.store.tables import Session


class Heeding:
    """Does what the signal asks for."""

    def __init__(
        self,
        database: Database,
        register: Register,
        reading: Reading,
        stopping: Stopping,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reading = reading
        self._stopping = stopping
        self._clock = clock
        self._passed_on = [
            purpose
            for purpose in register.purposes
            if purpose.third_party and purpose.ground in STOPPABLE
        ]

    def heed(self, signed_in: SignedIn, locale: str) -> list[str]:
        """Stop what is passed on to others; the ids of the requests, of which there may be none."""
        if not self._passed_on or self._was_heeded(signed_in):
            return []
        held, whose = self._reading.everywhere(signed_in), signed_in.as_mailbox
        stopped: list[str] = []
        with self._database.unit("signal heeded") as unit:
            db = unit.session
            take_turns(db, whose.subject_id)
            if not self._is_first(db, signed_in):
                return []
            for purpose in self._passed_on:
                standing = self._stopping.standing(db, whose.subject_id, purpose, held)
                if not standing.can_be_stopped or self._is_chosen_anyway(db, signed_in, purpose):
                    continue
                if self._stopping.is_under_way(db, whose.subject_id, standing):
                    continue
                along = stopped[0] if stopped else None
                part = self._stopping.within(unit, whose, standing, held, locale, BY_SIGNAL, along)
                stopped.append(part.request_id)
            unit.commit()
        if stopped:
            acknowledged()
        return stopped

    def _was_heeded(self, signed_in: SignedIn) -> bool:
        with self._database.reading() as db:
            row = db.get(Session, signed_in.session_id)
            return row is None or row.heeded_at is not None

    def _is_first(self, db: Db, signed_in: SignedIn) -> bool:
        """Of two requests of one session, the one that comes first."""
        marked = db.execute(
            update(Session)
            .where(Session.id == signed_in.session_id, Session.heeded_at.is_(None))
            .values(heeded_at=self._clock())
        )
        return rows_changed(marked) > 0

    @staticmethod
    def _is_chosen_anyway(db: Db, signed_in: SignedIn, purpose: Purpose) -> bool:
        """Did she turn it on herself after the signal had stopped it once?"""
        both = history_of(db, signed_in.subject_id, signed_in.mailbox_id)
        hers = [one for one in both if one.purpose == purpose.id]
        return bool(hers) and hers[0].granted and any(one.method is Method.GPC for one in hers)
