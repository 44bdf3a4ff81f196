"""What the portal does with its own data itself: it forgets what is over, and looks at its keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, update
from sqlalchemy.orm import Session as Db

from portal.access import releases
from portal.access.limits import Quotas
from portal.domain.clock import Clock
from portal.domain.terms import UNDELIVERED, WORK
from portal.rights.copies.keeping import Copies
from portal.rights.requests.feed import Feed
from portal.store.database import Database
from portal.store.recalls import Recalls
from portal.store.tables import Alarm, Job, OperatorSession
from portal.sync.alarms import AlarmKind, clear_alarm, is_settled, raise_alarm

KEYS_LAST = timedelta(days=365)
"""Keys older than this ought to be rotated."""


class Upkeep:
    """Two duties: `forget` and `look_at_keys`."""

    def __init__(self, database: Database, keys_file: Path, feed: Feed, clock: Clock) -> None:
        self._database = database
        self._keys_file = keys_file
        self._feed = feed
        self._clock = clock

    def forget(self) -> None:
        """Delete what is over and older than is kept."""
        now = self._clock()
        before = now - WORK
        with self._database.unit("forgotten") as unit:
            db = unit.session
            Quotas.forget(db, now)
            self._feed.forget(db, now)
            Recalls.forget(db, now)
            Copies.forget(db, now)
            releases.forget(db, now)
            db.execute(delete(OperatorSession).where(OperatorSession.ended_at < before))
            db.execute(delete(Alarm).where(Alarm.cleared_at < before))
            _forget_jobs(db, now)
            unit.commit()

    def look_at_keys(self) -> None:
        """Remind a person when the keys are old; the file's own date tells."""
        now = self._clock()
        made = datetime.fromtimestamp(self._keys_file.stat().st_mtime, UTC)
        with self._database.unit("keys looked at") as unit:
            if now - made > KEYS_LAST and not is_settled(unit.session, "keys", now - WORK):
                raise_alarm(
                    unit.session,
                    AlarmKind.KEY_ROTATION,
                    "keys",
                    now=now,
                    facts={"days": (now - made).days},
                )
            elif now - made <= KEYS_LAST:
                clear_alarm(unit.session, "keys", now)
            unit.commit()


def _forget_jobs(db: Db, now: datetime) -> None:
    """Those that are done. What a person can still decide about has its payload, and stays."""
    dead = update(Job).where(Job.ended_at < now - UNDELIVERED, Job.end == "dead")
    db.execute(dead.values(payload_sealed=None))
    db.execute(delete(Job).where(Job.ended_at < now - WORK, Job.payload_sealed.is_(None)))
