"""What an operator can do: each act is one commit, with its entry in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session as Db

from portal.desk.queue import request_of
from portal.desk.sessions import AtTheDesk
from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import Alarm, Job
from portal.sync.gates import Gates
from portal.sync.jobs import Handlers
from portal.sync.outbox import Outbox
from portal.sync.replay import replay


@dataclass(frozen=True, slots=True)
class Replayed:
    """A dead letter is tried again."""

    request_id: str | None


class Acts:
    """Replay, pause, resume, clear."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        outbox: Outbox,
        handlers: Handlers,
        gates: Gates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._outbox = outbox
        self._handlers = handlers
        self._gates = gates
        self._clock = clock

    def replay(self, operator: AtTheDesk, job_id: int) -> Replayed | None:
        """Do a dead letter once more, under the key it always had. None: it is none any more."""
        with self._database.unit("operator replayed") as unit:
            db = unit.session
            if not replay(unit, job_id, self._outbox, self._handlers, self._clock()):
                return None
            job = db.get_one(Job, job_id)
            request = request_of(db, job)
            self._note(
                db,
                operator,
                Event.OPERATOR_REPLAYED,
                subject_id=job.subject_id,
                request_id=request.id if request else None,
                facts={"job": job_id, "adapter": job.adapter},
            )
            replayed = Replayed(request.id if request else None)
            unit.commit()
        return replayed

    def pause(self, operator: AtTheDesk, adapter: str) -> None:
        """Leave an adapter alone until it is resumed; what is for it waits."""
        with self._database.unit("operator paused") as unit:
            self._gates.pause(unit.session, adapter, "operator", self._clock())
            self._note(unit.session, operator, Event.OPERATOR_PAUSED, facts={"adapter": adapter})
            unit.commit()

    def resume(self, operator: AtTheDesk, adapter: str) -> bool:
        """Go on with a paused adapter, at once. False: it was not paused."""
        with self._database.unit("operator resumed") as unit:
            if not self._gates.resume(unit.session, adapter, self._clock()):
                return False
            self._note(unit.session, operator, Event.OPERATOR_RESUMED, facts={"adapter": adapter})
            unit.after_commit(self._outbox.announce)
            unit.commit()
        return True

    def clear(self, operator: AtTheDesk, alarm_id: int) -> bool:
        """An operator has seen to what an alarm tells. False: it is not open any more."""
        with self._database.unit("operator cleared") as unit:
            db = unit.session
            alarm = db.get(Alarm, alarm_id, with_for_update=True)
            if alarm is None or alarm.cleared_at is not None:
                return False  # not by its key: that may be of a newer alarm by now
            alarm.cleared_at = self._clock()
            self._note(
                db,
                operator,
                Event.OPERATOR_CLEARED,
                subject_id=alarm.subject_id,
                request_id=alarm.request_id,
                facts={"alarm": alarm.id, "kind": alarm.kind, "adapter": alarm.adapter},
            )
            unit.commit()
        return True

    def _note(
        self,
        db: Db,
        operator: AtTheDesk,
        event: Event,
        *,
        facts: Mapping[str, Any],
        subject_id: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self._ledger.note(
            db,
            event,
            subject_id=subject_id,
            request_id=request_id,
            facts={"operator": operator.operator_id, **facts},
        )
