"""What was asked for since a back-up was made, and what of it a restored system may lack."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Evidence
from portal.domain.rights import DeliveryState, Right
from portal.proof.ledger import Event
from portal.rights.lasting.restored import unsure
from portal.store.tables import Consent, Delivery, LedgerEntry, Request

ENDED_WELL = (DeliveryState.CONFIRMED, DeliveryState.RETAINED)


@dataclass(slots=True)
class Replayed:
    """What a replay did. All are numbers of records, where nothing else is said."""

    adapter: str
    dry_run: bool
    records: int = 0
    """That the system holds with an address."""
    erasures: int = 0
    """Put to work to be erased again."""
    withdrawals: int = 0
    """In which a consent is put to work to be withdrawn again."""
    objections: int = 0
    """In which an objection is put to work to be recorded again."""
    restrictions: int = 0
    """Put to work to be restricted again, or to be freed again."""
    already: int = 0
    """Of these people, in which nothing had to be done."""
    waiting: int = 0
    """Jobs of an earlier replay that wait still."""
    superseded: int = 0
    """Decisions that a later one of the same person has overtaken."""
    corrections_lost: int = 0
    """Corrections made since: they are not kept, and cannot be made again."""
    consents_lost: int = 0
    """Consents given on the portal since: giving is hers to do again."""

    @property
    def to_do(self) -> int:
        """What was put to work."""
        return self.erasures + self.withdrawals + self.objections + self.restrictions


@dataclass(slots=True)
class Wanted:
    """What one subject asked for, and what of it still stands."""

    subject_id: str
    is_part: bool = False
    """One of several people under her address: only a record of her name is hers."""
    erased_since: datetime | None = None
    stops: dict[str, Consent] = field(default_factory=dict)
    """Purpose id → the decision against it."""
    mark: bool | None = None
    """Are her records to be restricted, or to be free of the mark that was ours? None: neither."""
    mark_of: str = ""
    """The request that says so."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What one record lacks of what stands."""

    stops: Sequence[Consent] = ()
    mark: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.stops) or self.mark is not None


def delivered(
    db: Db,
    adapter: str,
    since: datetime,
    rights: Sequence[Right],
    redone: "Select[str | None] | None" = None,
) -> Sequence[Request]:
    """The requests of these kinds that have reached this system since, as far as is known.

    ``redone``: subjects whose requests count, however long ago they were delivered.
    """
    ids = [one.request_id for one in unsure(db, adapter, rights)]
    reached = Delivery.changed_at >= since
    if redone is not None:
        reached = or_(reached, Request.subject_id.in_(redone))
    return db.scalars(
        select(Request)
        .join(Delivery, Delivery.request_id == Request.id)
        .where(Delivery.adapter == adapter, reached)
        .where(or_(Delivery.state.in_(ENDED_WELL), Request.id.in_(ids)))
        .where(Request.right.in_(rights))
        .order_by(Request.received_at, Request.id)
    ).all()


def redone_since(adapter: str, since: datetime) -> "Select[str | None]":
    """Subjects for whom something was done once more in this system since.

    By a sweep or an earlier replay: a back-up that was made before that does not hold it, though
    the request itself had reached the system long before.
    """
    return select(LedgerEntry.subject_id).where(
        LedgerEntry.event == Event.REAPPLIED,
        LedgerEntry.at >= since,
        LedgerEntry.facts["adapter"].as_string() == adapter,
    )


def evidence_of(stop: Consent) -> Evidence:
    """The proof of a decision, as a CRM takes it once more."""
    return Evidence(stop.at, stop.source, stop.wording, stop.wording_version, stop.locale)
