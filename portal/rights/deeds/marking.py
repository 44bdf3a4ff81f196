"""Setting marks and taking them off in two steps: first what others had marked, then the deed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Adapter
from portal.domain.clock import Clock
from portal.rights.deeds.marks import Marks
from portal.rights.deeds.restricting import SPARED, marked_by_others
from portal.store.database import Database
from portal.sync.jobs import Later, Result, Task


class Marking:
    """What a handler does around the deed `portal.rights.deeds.restricting.restrict`."""

    def __init__(self, database: Database, marks: Marks, clock: Clock) -> None:
        self._database = database
        self._marks = marks
        self._clock = clock

    def prepare(self, adapter: Adapter, task: Task) -> Result | None:
        """Note whose marks are there, before the first of ours is; None: that is done.

        :raises AdapterError: the system could not be asked.
        """
        payload = task.payload
        marks = payload["do"] == "restrict" and payload["on"] and adapter.capabilities.restrict
        if not marks or self._spared(task) is not None:
            return None
        keys = marked_by_others(adapter, payload)
        return Later(
            self._clock(),
            lambda db: self._marks.note(db, task.subject_id or "", adapter.name, keys),
        )

    def payload(self, task: Task) -> Mapping[str, Any]:
        """What the deed needs to know: of a mark also which records are not ours to touch."""
        if task.payload["do"] != "restrict":
            return task.payload
        return {**task.payload, SPARED: self._spared(task) or []}

    def is_freed(self, db: Db, task: Task) -> None:
        """In the transaction that ends it: no mark of ours is left there."""
        self._marks.are_gone(db, task.subject_id or "", task.adapter or "")

    def _spared(self, task: Task) -> list[str] | None:
        with self._database.reading() as db:
            before = self._marks.before(db, task.subject_id or "", task.adapter or "")
        return None if before is None else [*before]
