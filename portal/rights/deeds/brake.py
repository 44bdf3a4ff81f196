"""The brake: a flood of erasures or withdrawals stops at a share of the CRM, until a person looks.

Whatever is behind it (a fault, an attack, a script gone wild), what it would do cannot be undone.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Adapter, AdapterError
from portal.domain.clock import Clock
from portal.domain.rights import Lane
from portal.store.database import Database, insert_into
from portal.store.tables import AdapterState, Job

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)


def takes_away(payload: Mapping[str, Any]) -> bool:
    """Does this deed take something away, so that the brake may hold it up?"""
    gives = payload.get("granted") or payload.get("on") is False
    return not gives and payload["do"] not in {"correct", "often", "address"}


class Brake:
    """Counts what was let through. Several workers together may let through one each too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_on(self, db: Db, adapter: Adapter) -> bool:
        """Has so much been done in this adapter within the last hour that a person must look?

        Once she has let it go on, counting starts anew from there.
        """
        state = db.get(AdapterState, adapter.name)
        since = self._clock() - WINDOW
        if state is not None and state.resumed_at is not None:
            since = max(since, state.resumed_at)
        limit = limit_of(adapter, state.records if state else None)
        done = (
            select(Job.id)
            .where(
                Job.adapter == adapter.name,
                Job.ended_at >= since,
                Job.lane == Lane.PROTECT.rank,
                Job.end == "done",
            )
            .limit(limit)
        )
        return (db.scalar(select(func.count()).select_from(done.subquery())) or 0) >= limit


def limit_of(adapter: Adapter, records: int | None) -> int:
    """How many within an hour are let through: a share of its records, and a floor under that.

    While nobody has counted its records there is only the floor.
    """
    settings = adapter.settings
    return max(settings.brake_floor, int(settings.brake_share * (records or 0)))


class Census:
    """Counts the records of every adapter, once a day: the brake measures by it."""

    def __init__(self, database: Database, adapters: Mapping[str, Adapter], clock: Clock) -> None:
        self._database = database
        self._adapters = adapters
        self._clock = clock

    def take(self) -> None:
        """Count them all, in constant memory. One that is away keeps its last count."""
        for name, adapter in self._adapters.items():
            try:
                records = sum(1 for _ in adapter.scan())
            except AdapterError as error:
                log.warning("adapter %s could not be counted: %s", name, type(error).__name__)
                continue
            with self._database.unit("records counted") as unit:
                counted = {"records": records, "counted_at": self._clock()}
                unit.session.execute(
                    insert_into(unit.session, AdapterState)
                    .values(adapter=name, failures=0, **counted)
                    .on_conflict_do_update(index_elements=[AdapterState.adapter], set_=counted)
                )
                unit.commit()
