"""Gates: whether an adapter may be called now, as all workers of all machines agree.

A gate is a row of the database. It is shut for a while by the adapter's own rate, by its wish
(Retry-After) or by the breaker, which trips when it does not answer several times in a row; it is
shut until a person opens it by `Gates.pause`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from portal.store.database import insert_into, rows_changed
from portal.store.tables import AdapterState, Job, Table
from portal.sync.alarms import AlarmKind, clear_alarm, raise_alarm

TRIPS_AT = 5
"""Calls without an answer, in a row, that trip the breaker."""
FIRST_REST = 15.0
"""Seconds that the breaker, tripped for the first time, leaves an adapter alone."""
LONGEST_REST = 60.0
"""Seconds, at most, until one call is let through to see whether it answers again."""
MAIL_SERVER = "@mail"
"""The mail server has a gate like an adapter, under a name that no adapter can have: when it is
silent, what has nothing to do with mail need not wait for its time-outs."""
UNANSWERED = "unreachable"
"""The cause of a job that waits for an adapter to answer again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often an adapter may be called: a token bucket that holds `burst` and fills steadily."""

    per_second: float
    burst: int = 1

    @property
    def interval(self) -> timedelta:
        """Between two calls, once the bucket is empty."""
        return timedelta(seconds=1 / self.per_second)

    @property
    def slack(self) -> timedelta:
        """By how much calls may run ahead of the steady rate."""
        return self.interval * (self.burst - 1)


_states = Table.metadata.tables[AdapterState.__tablename__]
_RECOVERED = (
    update(_states)
    .where(_states.c.adapter == bindparam("of_adapter"), _states.c.failures > 0)
    .values(failures=0, held_until=None)
)


class Gates:
    """Opens and shuts the gates. ``rates``: of the adapters that may not be called as they come."""

    def __init__(self, rates: Mapping[str, Rate] | None = None) -> None:
        self._rates = dict(rates or {})

    def enter(self, session: Session, adapter: str, now: datetime) -> bool:
        """Pass the gate, within the transaction that claims a job. False: it has just been shut.

        After the breaker has tripped one call at a time passes, to see whether there is an answer.
        """
        rate = self._rates.get(adapter)
        state = session.get(AdapterState, adapter, populate_existing=True)
        if rate is None and (state is None or state.failures < TRIPS_AT):
            return state is None or not _shut(state, now)
        state = _made(session, adapter)  # from here on one worker at a time
        if _shut(state, now):
            return False
        if rate is not None:
            full_at = max(state.free_at or now, now) + rate.interval
            state.free_at, ahead = full_at, full_at - rate.slack
            state.held_until = ahead if ahead > now else state.held_until
        if state.failures >= TRIPS_AT:
            state.held_until = now + timedelta(seconds=_rest(state.failures))
        return True

    def answered(self, session: Session, adapter: str, now: datetime) -> None:
        """It answered. What waits for that, waits no longer."""
        recovered = session.execute(_RECOVERED, {"of_adapter": adapter})
        if rows_changed(recovered):
            session.execute(
                update(Job)
                .where(Job.adapter == adapter, Job.end.is_(None))
                .where(Job.cause == UNANSWERED, Job.due_at > now)
                .values(due_at=now)
                .execution_options(synchronize_session=False)
            )

    def unanswered(self, session: Session, adapter: str, cause: str, now: datetime) -> None:
        """It did not answer; so many times in a row, and it is left alone for a while."""
        state = _made(session, adapter)
        state.failures += 1
        state.failed_at, state.failed_because = now, cause[:64]
        if state.failures >= TRIPS_AT:
            state.held_until = now + timedelta(seconds=_rest(state.failures))

    def hold(self, session: Session, adapter: str, until: datetime) -> None:
        """It asks to be left alone until then."""
        state = _made(session, adapter)
        state.held_until = max(until, state.held_until or until)

    def pause(self, session: Session, adapter: str, because: str, now: datetime) -> None:
        """Leave it alone until a person says otherwise, and tell one."""
        state = _made(session, adapter)
        if state.paused_at is None:
            state.paused_at, state.paused_because = now, because[:32]
        raise_alarm(
            session,
            AlarmKind.ADAPTER_PAUSED,
            f"paused:{adapter}",
            now=now,
            adapter=adapter,
            facts={"because": because},
        )

    def resume(self, session: Session, adapter: str, now: datetime) -> bool:
        """Go on with it. False: it was not paused."""
        state = self.state_of(session, adapter)
        if state is None or state.paused_at is None:
            return False
        state.paused_at = state.paused_because = state.held_until = None
        state.resumed_at, state.failures = now, 0
        clear_alarm(session, f"paused:{adapter}", now)
        return True

    @staticmethod
    def state_of(session: Session, adapter: str) -> AdapterState | None:
        """What is known of it; None: nothing but good."""
        return session.get(AdapterState, adapter)


def _made(session: Session, adapter: str) -> AdapterState:
    """The row of an adapter, made if need be, and held against other workers until the commit."""
    session.execute(
        insert_into(session, AdapterState)
        .values(adapter=adapter, failures=0)
        .on_conflict_do_nothing()
    )
    return session.get_one(AdapterState, adapter, with_for_update=True, populate_existing=True)


def _shut(state: AdapterState, now: datetime) -> bool:
    held = state.held_until is not None and state.held_until > now
    return state.paused_at is not None or held


def _rest(failures: int) -> float:
    return float(min(LONGEST_REST, FIRST_REST * 2.0 ** min(failures - TRIPS_AT, 16)))
