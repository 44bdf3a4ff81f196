"""Where a deed left its delivery, and deeds that are only rehearsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.adapters.contract import InShadow, Outcome
from portal.domain.rights import DeliveryState

GONE = "gone"
"""Cause: there is no such record under this address any more."""
NOT_CONFIRMED = "not_confirmed"
"""Cause: the CRM answered well, and still holds the old."""
SHADOW = "shadow"
"""Cause: the adapter is in shadow, so that nothing was written yet."""
LATER = "later"
"""Cause: an erasure that waits until the moment that was told, and can be taken back before it."""
CANCELLED = "cancelled"
"""Cause: she took the erasure back while it waited."""
SOONER = "sooner"
"""Cause: she asked for it at once instead, while it waited."""
PUT_BACK = "put_back"
"""Cause: the old address was put back before the new one had reached this system."""
BRAKE = "brake"
"""Cause: more erasures and withdrawals within an hour than are let through without a person."""


@dataclass(frozen=True, slots=True, repr=False)
class Again:
    """What an erasure had to keep for a time, and when a part of it is to be erased as well."""

    records: Mapping[str, str]
    """The records' keys in their CRM → a fingerprint of the address that the erasure left there."""
    first: date
    """The last day on which all of it is kept."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Where a deed left its delivery. ``outcome`` holds codes, counts and days."""

    state: DeliveryState
    outcome: Mapping[str, Any] = field(default_factory=dict)
    by_a_person: bool = False
    """Awaiting a person, not the CRM."""
    until: datetime | None = None
    """Awaiting this moment (UTC): the adapter is in shadow until then."""
    again: Again | None = None
    """Of an erasure: what of it has to be done later."""


class Rehearsal:
    """A block within which an adapter in shadow is not called, and what it would have done."""

    def __init__(self) -> None:
        self._would: list[Mapping[str, Any]] = []
        self._until: datetime | None = None

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, InShadow):
            return False
        self._would.append(error.would)
        self._until = error.until
        return True

    def ended(self) -> Ended | None:
        """Where a deed ends that was only rehearsed; None: it was done."""
        if self._until is None:
            return None
        outcome = {"cause": SHADOW, "would": self._would}
        return Ended(DeliveryState.AWAITING, outcome, until=self._until)


def by_read_back(outcomes: Sequence[Outcome], unconfirmed: Sequence[str]) -> Ended:
    """Where a write ended: ``unconfirmed`` are the ids that still read as before."""
    if Outcome.MANUAL in outcomes:
        return Ended(DeliveryState.AWAITING, by_a_person=True)
    if not unconfirmed:
        return Ended(DeliveryState.CONFIRMED)
    if Outcome.ASYNC in outcomes:
        return Ended(DeliveryState.AWAITING)
    kept = {"cause": NOT_CONFIRMED, "fields": sorted(set(unconfirmed))}
    return Ended(DeliveryState.UNCONFIRMED, kept)
