"""Looking again, 1, 7 and 30 days after an erasure, whether she has stayed away.

One sleeping job for each system she was erased from. What it holds, sealed, her address
and the keys of her records, is all of her that outlives the erasure, for these days.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.adapters.contract import Adapter, AdapterError, Record, Ref, Registry
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.rights.deeds.stumbling import stumbled
from portal.rights.erasing import second
from portal.rights.erasing.returned import Finding, look_at
from portal.rights.held.known import ALSO, addresses_in, records_under
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.held.parts import is_of
from portal.rights.lasting.reappeared import Reappeared
from portal.rights.requests.planned import planned_of
from portal.store.database import Database, Unit
from portal.store.tables import Delivery
from portal.sync.jobs import Finished, Handler, Later, Recording, Result, Task, nothing
from portal.sync.outbox import Outbox

JOB = "recheck"
AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""After the end of the erasure. The last one ends it."""


def recheck(
    unit: Unit,
    outbox: Outbox,
    delivery: Delivery,
    subject_id: str,
    erased: Mapping[str, Any],
    now: datetime,
) -> None:
    """Put the re-checks of one erasure down, in the transaction that ends it.

    The job is of no pair of subject and adapter: it sleeps for weeks, and nothing waits for it.

    Args:
        unit: The unit of work to write in.
        outbox: Takes the job.
        delivery: Of the erasure.
        subject_id: Who was erased.
        erased: What the erasure's job held.
        now: UTC.
    """
    outbox.put(
        unit,
        JOB,
        {
            "email": erased["email"],
            ALSO: erased.get(ALSO, []),
            "refs": erased["refs"] or [],
            "subject": subject_id,
            # Of several people under the address, by whose name to know her: not by the address.
            "who": erased.get("who"),
        },
        adapter=delivery.adapter,
        key=f"recheck:{delivery.id}",
        due_at=now + AFTER[0],
    )


class Rechecking(Handler):
    """Handler of re-checks."""

    def __init__(
        self,
        database: Database,
        adapters: Registry,
        directory: Directory,
        suppressions: Suppressions,
        others: OtherAddresses,
        reappeared: Reappeared,
        clock: Clock,
        opt_ins: Sequence[str],
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._directory = directory
        self._suppressions = suppressions
        self._others = others
        self._reappeared = reappeared
        self._clock = clock
        self._opt_ins = frozenset(opt_ins)

    def run(self, task: Task) -> Result:
        """Look once; then sleep until the next day on which to look."""
        subject_id, adapter = task.payload["subject"], self._adapters.get(task.adapter or "")
        if adapter is None:  # it is not connected any more, or not now
            return self._next(task, nothing)
        with self._database.reading() as db:
            sites = self._directory.sites_of(adapter.name)
            suppressed = self._suppressions.of(db, subject_id, sites)
            waits = planned_of(db, subject_id, self._clock())
            is_due = second.is_due(db, subject_id, adapter.name, self._clock())
        if suppressed is None:
            return Finished()
        if waits is not None or is_due:  # she has asked herself, or what was kept is to go just now
            return self._next(task, nothing)
        hers = addresses_in(self._others.without_others(task, subject_id).payload)
        try:
            found = self._look(adapter, hers, task.payload, suppressed.since)
        except AdapterError as error:
            return stumbled(error)
        if Finding.OPTED_IN in found.values():
            return Finished(self._lifted(subject_id, adapter.name))
        back = [ref for ref, finding in found.items() if finding is Finding.BACK]
        if not back:
            return self._next(task, nothing)
        return self._next(task, self._reported(subject_id, hers, back))

    def _look(
        self,
        adapter: Adapter,
        hers: Sequence[Email],
        looked_for: Mapping[str, Any],
        since: datetime,
    ) -> dict[Ref, Finding]:
        who, now = looked_for.get("who"), self._clock()
        refs = [Ref(adapter.name, key) for key in looked_for["refs"]]
        if who is not None:  # a key may be somebody else's by now, under the same address
            refs = [ref for ref in refs if _is_free_or_hers(adapter.read(ref), who)]
        records = records_under(adapter, hers)
        refs += [one.ref for one in records if who is None or is_of(one, who)]
        left = self._others.left_by_her(hers)
        return {
            ref: look_at(adapter, ref, hers, since, self._opt_ins, now, left)
            for ref in dict.fromkeys(refs)
        }

    def _next(self, task: Task, record: Recording) -> Result:
        now = self._clock()
        for after in AFTER:
            if task.created_at + after > now:
                return Later(task.created_at + after, record)
        return Finished(record)

    def _lifted(self, subject_id: str, adapter: str) -> Recording:
        def record(db: Db) -> None:
            self._suppressions.lift(db, subject_id, self._clock(), adapter)

        return record

    def _reported(self, subject_id: str, hers: Sequence[Email], refs: Sequence[Ref]) -> Recording:
        def record(db: Db) -> None:
            # What is written with a job's end; the worker that ends it looks for more by itself.
            unit = Unit(db, "job ended")
            for ref in refs:
                self._reappeared.report(unit, subject_id, hers, ref, by=JOB)

        return record


def _is_free_or_hers(record: Record | None, who: Mapping[str, Any]) -> bool:
    return record is None or not record.email.strip() or is_of(record, who)
