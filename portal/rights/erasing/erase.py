"""Erasing: first what would go and what must stay, then the doing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.access.sessions import Sessions, SignedIn
from portal.access.subjects import take_turns
from portal.adapters.contract import AdapterError, ErasureKind
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.proof.ledger import Ledger
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.doing import erasure
from portal.rights.deeds.ended import SOONER
from portal.rights.deeds.outcomes import as_outcome
from portal.rights.held.holdings import Holdings
from portal.rights.requests.planned import let_go, planned_of
from portal.rights.requests.receiving import Requests
from portal.store.database import Unit


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing would do in one system."""

    adapter: str
    kind: ErasureKind | None
    """What this system's erasure really is; None: a person has to do it."""
    removed: Sequence[str]
    """Ids of categories."""
    retained: Sequence[Mapping[str, Any]]
    """As in the outcome of a delivery: category, ground, law, until, count."""
    known: bool
    """False: the system does not answer now; it will be erased there when it does."""


class Erasing:
    """Reviews and takes erasures."""

    def __init__(
        self,
        requests: Requests,
        sessions: Sessions,
        recipients: Recipients,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._recipients = recipients
        self._requests = requests
        self._sessions = sessions
        self._ledger = ledger
        self._clock = clock

    def review(self, held: Holdings) -> list[Plan]:
        """What would go and what must stay, system by system. Changes nothing."""
        plans = []
        for name, adapter in held.adapters.items():
            records = held.records.get(name, ())
            kind = adapter.capabilities.erase
            if kind is None:
                if records or name in held.away:
                    plans.append(Plan(name, None, (), (), known=True))
                continue
            if name in held.away:
                plans.append(Plan(name, kind, (), (), known=False))
                continue
            try:
                outcome = as_outcome([adapter.erasure_plan(record.ref) for record in records])
            except AdapterError:
                plans.append(Plan(name, kind, (), (), known=False))
                continue
            if records:
                plans.append(Plan(name, kind, outcome["removed"], outcome["retained"], known=True))
        return plans

    def erase(self, signed_in: SignedIn, held: Holdings, locale: str) -> str:
        """Take the erasure down for every system that holds anything or cannot say; its id.

        Every other session of this subscriber ends with it, and an erasure of hers that waits gives
        way to it.
        """
        return self._requests.receive(
            signed_in,
            Right.ERASE,
            deliveries_of(signed_in, held),
            locale=locale,
            first=lambda unit: take_turns(unit.session, signed_in.subject_id),
            along=self._along(signed_in, self._recipients.of_held(held), locale),
        )

    def _along(
        self, signed_in: SignedIn, recipients: Sequence[str], locale: str
    ) -> Callable[[Unit, str], None]:
        def along(unit: Unit, request_id: str) -> None:
            db, now = unit.session, self._clock()
            self._recipients.tell(unit, signed_in, request_id, recipients, locale)
            self._sessions.end_others(db, signed_in)
            waits = planned_of(db, signed_in.subject_id, now, site=signed_in.site)
            if waits is not None:  # if its moment has come just now, both are done: once is enough
                let_go(db, self._ledger, waits, SOONER, request_id, now)

        return along


def deliveries_of(signed_in: SignedIn, held: Holdings) -> dict[str, Mapping[str, Any]]:
    """What is to be erased, in every system that holds anything or cannot say."""
    deliveries: dict[str, Mapping[str, Any]] = {}
    for name in held.adapters:
        refs = [record.ref for record in held.records.get(name, ())]
        if refs:
            deliveries[name] = erasure(signed_in.email, refs, (), (), held.opened)
        elif name in held.away:
            names = sorted(held.names)
            deliveries[name] = erasure(signed_in.email, None, held.name_fields, names, held.opened)
    return deliveries
