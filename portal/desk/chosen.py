"""What people chose about each mailing, in numbers: less, a break, or a stop. No list of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db
from sqlalchemy.orm import aliased

from portal.consent.sources import Method
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.rights.mailings.decide import STOPPABLE
from portal.store.database import Database
from portal.store.tables import Consent, Frequency

CHOSEN_BY = (Method.PAGE, Method.FOOTER_LINK, Method.ONE_CLICK, Method.GPC)
"""What is a choice: not what came with an erasure, ended a break or was taken back."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How many people chose what about one purpose; whoever did so twice is one."""

    purpose: str
    less: int
    """Who chose how often."""
    pause: int
    stop: int
    """Withdrawals and objections, those not counted that came with an erasure."""
    given: int
    """Who said yes on the page."""


class Counting:
    """Counts, for the desk and the command line alike."""

    def __init__(self, database: Database, register: Register, clock: Clock) -> None:
        self._database = database
        self._purposes = [one.id for one in register.purposes if one.ground in STOPPABLE]
        self._clock = clock

    def of_the_last(self, days: int) -> list[Chosen]:
        """What was chosen in so many days, per purpose of the register."""
        return self._since(self._clock() - timedelta(days=days))

    def in_all(self) -> list[Chosen]:
        """The same of everything that the consent record holds still."""
        return self._since(None)

    def _since(self, since: datetime | None) -> list[Chosen]:
        with self._database.reading() as db:
            return _chosen_since(db, self._purposes, since)


def _chosen_since(db: Db, purposes: Sequence[str], since: datetime | None) -> list[Chosen]:
    """Per purpose, in this order; what was taken back within its minutes is not counted."""
    later = aliased(Consent)
    following = (
        select(later.method)
        .where(later.subject_id == Consent.subject_id, later.purpose == Consent.purpose)
        .where(later.id > Consent.id)
        .order_by(later.id)
        .limit(1)
        .correlate(Consent)
        .scalar_subquery()
    )
    was_taken_back = func.coalesce(following, "") == Method.UNDO
    people = func.count(func.distinct(Consent.subject_id))
    decided = {
        (purpose, granted, is_pause): count
        for purpose, granted, is_pause, count in db.execute(
            select(Consent.purpose, Consent.granted, Consent.until.is_not(None), people)
            .where(~was_taken_back, *([Consent.at >= since] if since else []))
            .where(Consent.method.in_(CHOSEN_BY))
            .group_by(Consent.purpose, Consent.granted, Consent.until.is_not(None))
        )
    }
    less = dict(
        db.execute(
            select(Frequency.purpose, func.count(func.distinct(Frequency.subject_id)))
            .where(*([Frequency.at >= since] if since else []))
            .group_by(Frequency.purpose)
        ).all()
    )
    return [
        Chosen(
            purpose=one,
            less=less.get(one, 0),
            pause=decided.get((one, False, True), 0),
            stop=decided.get((one, False, False), 0),
            given=decided.get((one, True, False), 0),
        )
        for one in purposes
    ]
