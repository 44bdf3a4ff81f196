"""Negative controls: faults that are planted on purpose, each of which the rig must find.

A rig that finds none of them would be no evidence. Each is a small change of the running program,
made in the process that is to be killed and in none other; one that is not found fails
``make crash``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.faults import fault
from portal.rights.deeds import doing
from portal.rights.erasing import later
from portal.store.database import Unit
from portal.store.tables import Job
from portal.store.vault import new_reference
from portal.sync import claims
from portal.sync.outbox import Outbox
from tests.crash.world import World

CHANGE = pytest.MonkeyPatch()
"""Never undone: the process in which something is planted dies."""


@dataclass(frozen=True)
class Control:
    """One planted fault: where it is looked for, and what the rig must say of it."""

    plant: Callable[[World], None]
    scenario: str
    found_as: frozenset[str]


def _write_unread() -> None:
    """What stands there already is written again: nobody reads before writing."""
    CHANGE.setattr(doing, "_unwritten", lambda _record, changes: list(changes))


def _deduplication_off(world: World) -> None:
    """Whatever a CRM is told, it does again: neither keys nor a comparison stop it."""
    _write_unread()
    for crm in world.crms.values():
        begin = crm.begin

        def blind(*plan: Any, begin: Any = begin, **more: Any) -> None:
            begin(*plan, **{**more, "keys": "blind"})

        CHANGE.setattr(crm, "begin", blind)


def _outbox_outside(world: World) -> None:
    """The job is written down after the commit of its request, in a transaction of its own."""
    put = Outbox.put

    def put_afterwards(self: Outbox, unit: Unit, *args: Any, **more: Any) -> None:
        def now() -> None:
            with world.portal.database.unit("job put by itself") as own:
                put(self, own, *args, **more)
                own.commit()

        unit._callbacks.insert(0, now)

    CHANGE.setattr(Outbox, "put", put_afterwards)


def _key_per_attempt(_world: World) -> None:
    """Each attempt makes its own idempotency key, and the key is all that protects."""
    _write_unread()

    def with_new_key(deed: doing.Deed) -> doing.Deed:
        def attempt(adapter: Any, payload: Mapping[str, Any], key: str, *more: Any) -> Any:
            return deed(adapter, payload, f"{key}:{new_reference()}", *more)

        return attempt

    for name, deed in list(doing.DEEDS.items()):
        CHANGE.setitem(doing.DEEDS, name, with_new_key(deed))


def _acknowledged_before(_world: World) -> None:
    """ "Received" is said, and the commit comes after it."""
    commit = Unit.commit

    def acknowledge_first(self: Unit) -> None:
        if self.name == "request received":
            fault("request received: acknowledged")
        commit(self)

    CHANGE.setattr(Unit, "commit", acknowledge_first)


def _fence_ignored(_world: World) -> None:
    """A worker writes down how its job ended, though another has taken it over and ended it."""

    def unfenced(session: Session, job_id: int, _lease: str, values: dict[str, object]) -> bool:
        session.execute(update(Job).where(Job.id == job_id).values(**values))
        return True

    CHANGE.setattr(claims, "_fenced", unfenced)


def _not_let_go(_world: World) -> None:
    """She takes an erasure back, is told so, and its jobs wait on."""
    CHANGE.setattr(later, "let_go", lambda *_: True)


CONTROLS: Mapping[str, Control] = {
    "deduplication off": Control(_deduplication_off, "correction", frozenset({"doubled"})),
    "outbox outside the transaction": Control(
        _outbox_outside, "correction", frozenset({"lost", "half done"})
    ),
    "a key per attempt": Control(_key_per_attempt, "correction", frozenset({"doubled"})),
    "acknowledged before the commit": Control(
        _acknowledged_before, "correction", frozenset({"lost"})
    ),
    "the fence is ignored": Control(
        _fence_ignored, "taken over", frozenset({"doubled", "half done", "state", "lost"})
    ),
    "taken back and not let go": Control(_not_let_go, "changed her mind", frozenset({"extra"})),
}
