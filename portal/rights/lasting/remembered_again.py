"""After a replay of the journal: what erasures had to keep, and that goes when its time is over."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Adapter, Ref, Registry
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState, Right
from portal.rights.deeds.ended import Again
from portal.rights.deeds.outcomes import again_for, as_outcome
from portal.rights.erasing.second import SecondErasures
from portal.rights.lasting.restored import CAUSE
from portal.rights.requests.journaling import RECORDS
from portal.rights.requests.kept_records import KeptRecords
from portal.rights.requests.planned import is_planned
from portal.store.database import Database
from portal.store.journal import Line
from portal.store.tables import Delivery, Request
from portal.store.vault import CannotUnseal

log = logging.getLogger(__name__)


class RememberingAgain:
    """Puts the due rows down again that a restored database has forgotten."""

    def __init__(
        self,
        database: Database,
        adapters: Registry,
        second: SecondErasures,
        records: KeptRecords,
        clock: Clock,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._second = second
        self._records = records
        self._clock = clock

    def remember(self, lines: Iterable[Line]) -> int:
        """Look into the records of these lines' erasures; how many due rows there are for them now.

        Until when each part is kept, the systems say themselves: the lines hold keys alone. A
        second time, it is the same rows.

        Raises:
            AdapterError: A system could not be asked.
        """
        count = 0
        for line in lines:
            if line.right != Right.ERASE or RECORDS not in line.more:
                continue
            try:
                keys = self._records.opened(str(line.more[RECORDS]))
            except CannotUnseal:  # by a key that was destroyed since
                log.warning("the records of an erasure cannot be read out of the journal any more")
                continue
            count += self._remember(line, keys)
        return count

    def _remember(self, line: Line, keys: Mapping[str, Sequence[str]]) -> int:
        with self._database.reading() as db:
            request = db.get(Request, line.request)
            if request is None or request.dropped_at is not None:
                return 0  # she took it back
            if is_planned(request, self._clock()):
                return 0
        found = {
            name: kept
            for name, refs in keys.items()
            if name in self._adapters and (kept := _kept_in(self._adapters[name], refs))
        }
        if found:
            with self._database.unit("second erasures remembered again") as unit:
                for name, (again, outcome) in found.items():
                    self._second.remember(unit, request.subject_id, name, again)
                    _tell(unit.session, line.request, name, outcome)
                unit.commit()
        return len(found)


def _kept_in(adapter: Adapter, keys: Sequence[str]) -> tuple[Again, Mapping[str, Any]] | None:
    """What is kept for a time in those of these records that are as an erasure leaves them."""
    if adapter.capabilities.erase is None:
        return None
    refs = [Ref(adapter.name, key) for key in keys]
    left = {ref: adapter.erasure_plan(ref) for ref in refs if adapter.erased(ref)}
    again = again_for(adapter, left)
    return None if again is None else (again, as_outcome([*left.values()]))


def _tell(db: Db, request_id: str, adapter: str, outcome: Mapping[str, Any]) -> None:
    """On her page: what is kept, and until when. What was removed then nobody knows any more."""
    hers = select(Delivery).where(Delivery.request_id == request_id, Delivery.adapter == adapter)
    for one in db.scalars(hers):
        if one.outcome.get("cause") == CAUSE:
            one.state = DeliveryState.RETAINED
            one.outcome = {"cause": CAUSE, "retained": outcome["retained"]}
