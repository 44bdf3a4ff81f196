"""Stopping one mailing by a footer link: without a session, and never more than that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.subjects import Named, subject_of, take_turns
from portal.adapters.contract import Record
from portal.consent.links import Link
from portal.consent.record import BY_LINK, ConsentRecord
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.domain.rights import DeliveryState
from portal.rights.decide import BY_EXCEPTION, STOPPABLE, Deciding, Standing, standing_of
from portal.rights.holdings import Holdings, Reading
from portal.rights.requests import acknowledged
from portal.rights.undo import Undoing
from portal.store.database import Database
from portal.store.tables import Delivery
from portal.store.vault import Vault


@dataclass(frozen=True, slots=True, repr=False)
class Stopped:
    """What a click has done."""

    request_id: str
    undo: str | None
    """What takes back this very click; None: how it stood before is not known anywhere."""


class Stopping:
    """Takes a stop down, as `portal.rights.decide` does for who is signed in."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        reading: Reading,
        deciding: Deciding,
        record: ConsentRecord,
        undoing: Undoing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._reading = reading
        self._deciding = deciding
        self._record = record
        self._undoing = undoing
        self._clock = clock

    def mailing(self, link: Link) -> Purpose | None:
        """The mailing that a link is about; None: it is none (any more) that can be stopped."""
        try:
            purpose = self._register.purpose(link.purpose)
        except KeyError:
            return None
        return purpose if purpose.ground in STOPPABLE else None

    def stop(self, link: Link, purpose: Purpose, locale: str) -> Stopped | None:
        """Stop it in every record of the address; None: it was off, and nothing was written.

        It goes to every system that holds the purpose, also to one that is away now. What is
        being stopped already is not stopped once more, however often the link is used.
        """
        held = self._reading.everywhere(link)
        with self._database.unit("stopped by a link") as unit:
            db = unit.session
            subject_id = subject_of(db, self._vault, link.email, self._clock())
            take_turns(db, subject_id)
            own = self._record.latest(db, subject_id).get(purpose.id)
            standing = standing_of(purpose, held, own)
            if not standing.can_be_stopped or _under_way(db, subject_id, standing):
                return None  # not even a subject is left behind
            whose = Named(subject_id, link.email, link.site)
            request_id = self._deciding.within(  # in all records of the address
                unit, whose, purpose, False, locale, source=BY_LINK, details={"by": BY_LINK}
            )
            unit.commit()
        acknowledged()
        was_on = _was_on(held, standing)
        if standing.systems and not was_on:
            return Stopped(request_id, None)
        return Stopped(request_id, self._undoing.offer(request_id, whose, purpose, was_on))


def _under_way(db: Db, subject_id: str, standing: Standing) -> bool:
    """Is it on its way to every system that holds it, by a decision that still stands?"""
    return bool(standing.systems) and all(
        _is_being_stopped(db, subject_id, standing.purpose.id, name) for name in standing.systems
    )


def _is_being_stopped(db: Db, subject_id: str, purpose: str, adapter: str) -> bool:
    latest = ConsentRecord.latest_for(db, subject_id, purpose, adapter)
    if latest is None or latest.granted:
        return False
    state = db.scalar(
        select(Delivery.state).where(
            Delivery.request_id == latest.request_id, Delivery.adapter == adapter
        )
    )
    return state is not None and not DeliveryState(state).is_final


def _was_on(held: Holdings, standing: Standing) -> Mapping[str, Sequence[str]]:
    """Adapter name → keys of the records that this stop turns off, as far as they answered."""
    found: dict[str, list[str]] = {}
    for name, record in held.each():
        if name in standing.systems and _is_on(record, standing.purpose):
            found.setdefault(name, []).append(record.ref.key)
    return found


def _is_on(record: Record, purpose: Purpose) -> bool:
    """Where nothing is said, what rests on no consent goes on."""
    state = record.consents.get(purpose.id)
    if state is None or state.granted is None:
        return purpose.ground in BY_EXCEPTION
    return state.granted
