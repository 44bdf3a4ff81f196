"""Alarms: what a person has to look at. One open alarm a thing, however often it happens."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal.store.database import insert_into, rows_changed
from portal.store.tables import Alarm, Table


class AlarmKind(StrEnum):
    """What an alarm tells."""

    DEAD_LETTER = "dead_letter"
    """A job was given up; it can be replayed."""
    ADAPTER_PAUSED = "adapter_paused"
    """An adapter is left alone until a person resumes it."""
    NOT_CONFIRMED = "not_confirmed"
    """A CRM answered well and kept the old."""
    REAPPEARED = "reappeared"
    """Somebody who was erased is in a CRM again."""
    DEADLINE = "deadline"
    """A request is still open shortly before the law wants it answered."""
    ADDRESS_UNCLEAR = "address_unclear"
    """A change of address met another one in a system; it was not overwritten."""
    BY_HAND = "by_hand"
    """Something that the portal cannot do in a system, and a person has to do there."""
    KEY_ROTATION = "key_rotation"
    """The keys are older than they should be."""


def raise_alarm(
    session: Session,
    kind: AlarmKind,
    key: str,
    *,
    now: datetime,
    adapter: str | None = None,
    subject_id: str | None = None,
    request_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Raise an alarm, or count the one of this key that is open.

    Args:
        session: Of the transaction that holds what the alarm is about.
        kind: What it tells.
        key: What it is about, 128 characters at most; codes and ids, never a value.
        now: UTC.
        adapter: The system it is about.
        subject_id: The subject it is about.
        request_id: The request it is about.
        facts: Codes and numbers, as in the ledger.
    """
    ring = insert_into(session, Alarm).values(
        kind=kind,
        key=key[:128],
        adapter=adapter,
        subject_id=subject_id,
        request_id=request_id,
        raised_at=now,
        repeated_at=now,
        times=1,
        facts=dict(facts or {}),
    )
    # One statement: of two workers that ring at once, neither is refused.
    session.execute(
        ring.on_conflict_do_update(
            index_elements=[Alarm.key],
            index_where=Alarm.cleared_at.is_(None),
            set_={"times": Alarm.times + 1, "repeated_at": now},
        )
    )


_alarms = Table.metadata.tables[Alarm.__tablename__]
_CLEAR = update(_alarms).where(_alarms.c.key == bindparam("of_key"), _alarms.c.cleared_at.is_(None))


def clear_alarm(session: Session, key: str, now: datetime) -> bool:
    """Clear the open alarm of this key, if there is one."""
    cleared = session.execute(_CLEAR, {"of_key": key[:128], "cleared_at": now})
    return rows_changed(cleared) > 0


def is_settled(session: Session, key: str, since: datetime) -> bool:
    """Has somebody seen to this since then? What is only reminded of is then left in peace."""
    seen_to = select(Alarm.id).where(Alarm.key == key[:128], Alarm.cleared_at >= since)
    return session.scalar(seen_to.limit(1)) is not None


def open_alarms(session: Session) -> list[Alarm]:
    """What waits for a person, oldest first."""
    return list(
        session.scalars(select(Alarm).where(Alarm.cleared_at.is_(None)).order_by(Alarm.raised_at))
    )
