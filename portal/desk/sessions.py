"""Operators' sessions: a table, a cookie and a kind of their own, never a subscriber's."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database, rows_changed
from portal.store.tables import Operator, OperatorSession
from portal.store.vault import token_hash

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
"""A working day (OWASP ASVS 5.0 §7.3); the second factor is asked for again on the next."""
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AtTheDesk:
    """An operator who is signed in. Every act at the desk is one of these operators' act."""

    session_id: int
    operator_id: int
    name: str
    recovery_codes: int
    """How many she has left."""
    idle_ends_at: datetime
    ends_at: datetime


class OperatorSessions:
    """Opens, finds and ends the sessions of operators."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock

    def open(self, db: Db, operator: Operator, *, factor: str) -> str:
        """Open a session within the transaction that used the second factor up; its token."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        db.add(
            OperatorSession(
                token_hash=token_hash(token),
                operator_id=operator.id,
                opened_at=now,
                touched_at=now,
                ends_at=now + ABSOLUTE,
            )
        )
        facts = {"operator": operator.id, "factor": factor}
        self._ledger.note(db, Event.OPERATOR_SIGNED_IN, facts=facts)
        return token

    def current(self, token: str, *, touch: bool = True) -> AtTheDesk | None:
        """Whose token this is, if the session still runs.

        Args:
            token: What the cookie holds.
            touch: Does somebody sit there? A page that looks for news by itself keeps no session
                alive.
        """
        now = self._clock()
        with self._database.reading() as db:
            found = db.execute(
                select(OperatorSession, Operator)
                .join(Operator, Operator.id == OperatorSession.operator_id)
                .where(OperatorSession.token_hash == token_hash(token))
            ).first()
        if found is None:
            return None
        session, operator = found
        if not _runs(session, operator, now):
            return None
        if touch and now - session.touched_at >= TOUCH_EVERY:
            with self._database.unit("operator session touched") as unit:
                unit.session.execute(
                    update(OperatorSession)
                    .where(OperatorSession.id == session.id)
                    .values(touched_at=now)
                )
                unit.commit()
            session.touched_at = now
        return AtTheDesk(
            session_id=session.id,
            operator_id=operator.id,
            name=operator.name,
            recovery_codes=len(operator.recovery_hashes),
            idle_ends_at=min(session.ends_at, session.touched_at + IDLE),
            ends_at=session.ends_at,
        )

    def end(self, operator: AtTheDesk) -> None:
        """Sign out."""
        with self._database.unit("operator signed out") as unit:
            ended = unit.session.execute(
                update(OperatorSession)
                .where(
                    OperatorSession.id == operator.session_id, OperatorSession.ended_at.is_(None)
                )
                .values(ended_at=self._clock())
            )
            if rows_changed(ended):
                facts = {"operator": operator.operator_id}
                self._ledger.note(unit.session, Event.OPERATOR_SIGNED_OUT, facts=facts)
            unit.commit()


def _runs(session: OperatorSession, operator: Operator, now: datetime) -> bool:
    return (
        session.ended_at is None
        and operator.disabled_at is None
        and now < session.ends_at
        and now < session.touched_at + IDLE
    )
