"""An operator lifts a restriction, and she is told before (Art. 18(3) GDPR).

One job sends the letter; the lifting is written down with the end of that job, and not without it.
It takes effect on the day that the letter names. What cannot be told is not lifted: a person sees
to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.notices import NoticeMail, notice
from portal.access.subjects import MAILBOX_TIER, Named, take_turns
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Lane, Right
from portal.rights.deeds.marks import Marks, Reached
from portal.rights.requests.restrictions import standing
from portal.rights.restricting.restrict import Restricting
from portal.store.database import Database, Unit
from portal.store.tables import Job, Request
from portal.sync.gates import MAIL_SERVER
from portal.sync.jobs import Finished, Handler, Result, Task
from portal.sync.outbox import Outbox

JOB = "lifting"
TOLD_BEFORE = timedelta(days=3)
"""So long before it takes effect she is told."""
LETTER = "restriction_ends"


class CannotLift(Exception):
    """The message says why, for an operator; it holds nothing of hers."""


@dataclass(frozen=True, slots=True)
class Told:
    """A restriction of which she is being told that it ends."""

    request_id: str
    at: datetime


class Lifting(Handler):
    """Takes an operator's wish, and is the handler of the letter that tells her."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        marks: Marks,
        restricting: Restricting,
        mail: NoticeMail,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._marks = marks
        self._restricting = restricting
        self._mail = mail
        self._zone = zone
        self._clock = clock

    def lift(self, request_id: str) -> Told:
        """Tell her, and lift it some days later.

        All that stands of hers ends with it: a CRM knows one mark, not whose.

        :raises CannotLift: there is none that stands, she is told already, or cannot be told.
        """
        with self._database.unit("lifting asked") as unit:
            db = unit.session
            request = db.get(Request, request_id) if "\0" not in request_id else None
            if request is None or request.right != Right.RESTRICT:
                raise CannotLift("there is no restriction of this number")
            take_turns(db, request.subject_id)
            reached = self._whom_to_tell(db, request)
            at = self._clock() + TOLD_BEFORE
            day = format_date(at.astimezone(self._zone).date(), "d MMMM y", locale=request.locale)
            letter = notice(
                LETTER,
                to=reached.email,
                site=request.site,
                locale=request.locale,
                at=self._clock(),
                words={"day": day},
                until=at,
            )
            payload = {
                "of": request_id,
                "email": reached.email.address,
                "parts": reached.parts,
                "at": at.isoformat(),
            }
            self._outbox.put(
                unit,
                JOB,
                {**payload, "letter": letter},
                key=f"{JOB}:{request_id}:{at.isoformat()}",
                lane=Lane.MAIL,
                adapter=MAIL_SERVER,
            )
            unit.commit()
        return Told(request_id, at)

    def _whom_to_tell(self, db: Db, request: Request) -> Reached:
        found = standing(db, request.subject_id, self._clock(), request.site)
        if request.id not in [one.request_id for one in found]:
            raise CannotLift("it does not stand any more, or belongs to an erasure that waits")
        begins = Job.key.startswith(f"{JOB}:{request.id}:", autoescape=True)
        being_told = select(Job.id).where(begins, Job.ended_at.is_(None))
        if found[-1].until is not None or db.scalar(being_told) is not None:
            raise CannotLift("she is told already, and it ends by itself")
        standing_ids = [one.request_id for one in found]
        reached = self._marks.reached(db, request.subject_id, standing_ids)
        if reached is None:
            raise CannotLift(
                "her address is not known here any more, so she cannot be told; she can take it "
                "back herself, once she is signed in"
            )
        return reached

    def run(self, task: Task) -> Result:
        """Send the letter; once it has gone, the lifting is written down."""
        told = task.payload
        with self._database.reading() as db:
            request = db.get_one(Request, told["of"])
            reached = self._marks.reached(db, request.subject_id, [request.id])
        if reached is not None:  # she may have another address since it was asked for
            letter = {**told["letter"], "to": reached.email.address}
            told = {**told, "email": reached.email.address, "letter": letter}
        result = self._mail.run(
            Task(
                id=task.id,
                kind=task.kind,
                key=task.key,
                attempt=task.attempt,
                is_last=task.is_last,
                created_at=task.created_at,
                subject_id=task.subject_id,
                adapter=task.adapter,
                payload=told["letter"],
            )
        )
        if not isinstance(result, Finished):
            return result
        return Finished(lambda db: self._plan(db, told))

    def _plan(self, db: Db, told: Mapping[str, Any]) -> None:
        request_id, email = told["of"], Email.parse(told["email"])
        request = db.get_one(Request, request_id)
        take_turns(db, request.subject_id)
        found = standing(db, request.subject_id, self._clock(), request.site)
        if request_id not in [one.request_id for one in found]:
            return  # she has taken it back herself
        whose = Named(request.subject_id, email, request.site, MAILBOX_TIER)
        # What is written with a job's end; the worker that ends it looks for more by itself.
        unit = Unit(db, "job ended")
        at = datetime.fromisoformat(told["at"])
        by = {"by": "operator"}
        self._restricting.lift(unit, whose, found, request.locale, by, at, told["parts"])
