"""Erasing: first what would go and what must stay, then the doing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.access.sessions import Sessions, SignedIn
from portal.adapters.contract import AdapterError, ErasureKind
from portal.domain.rights import Right
from portal.rights.deeds import as_outcome, erasure
from portal.rights.holdings import Holdings
from portal.rights.requests import Requests
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

    def __init__(self, requests: Requests, sessions: Sessions) -> None:
        self._requests = requests
        self._sessions = sessions

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

        Every other session of this subscriber ends with it.
        """
        deliveries = {}
        for name in held.adapters:
            refs = [record.ref for record in held.records.get(name, ())]
            if refs:
                deliveries[name] = erasure(signed_in.email, refs, (), ())
            elif name in held.away:
                names = sorted(held.names)
                deliveries[name] = erasure(signed_in.email, None, held.name_fields, names)
        return self._requests.receive(
            signed_in,
            Right.ERASE,
            deliveries,
            locale=locale,
            along=self._end_other_sessions(signed_in),
        )

    def _end_other_sessions(self, signed_in: SignedIn) -> Callable[[Unit, str], None]:
        def along(unit: Unit, _request_id: str) -> None:
            self._sessions.end_others(unit.session, signed_in)

        return along
