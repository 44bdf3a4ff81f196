"""Writing the erasure journal: a job beside each decision that a restored back-up would forget."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.rights.requests.kept_records import KeptRecords
from portal.store.database import Database, insert_into
from portal.store.journal import Journal, JournalAway, JournalDamaged, Line
from portal.store.tables import Consent, Delivery, Mark, Request, SubjectAlias
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Result, Task

JOB = "journal"
JOURNALED = (
    Right.ERASE,
    Right.WITHDRAW,
    Right.OBJECT,
    Right.CONSENT,
    Right.KEEP,
    Right.RESTRICT,
    Right.LIFT,
    Right.ADDRESS,
)
"""Consents, too: without them a later "yes" would be taken for a "no" after a restore. And that an
erasure was taken back, or a restriction lifted: without that somebody would be erased who has
changed her mind, and restricted who does not want it any more. A change of address brings her keyed
hashes along, so that she is the same person afterwards."""
MAILBOX = "mailbox"
"""In the details of a request of one of several people: the subject that the address names."""
MAILBOX_ALIASES = "mailbox_aliases"
"""By which the address is found again that several people use."""
LEFT = "left"
"""Which of her aliases are of an address that she has left, until when, and on which sites."""
RECORDS = "records"
"""Of an erasure: which records it is about, sealed. See `kept_records`."""
MARK = "journal:"
"""Begins the name of the mark that says how far the journal of a name is known to be written."""
CHUNK = 500
OLD = timedelta(minutes=10)


def job_key(request_id: str) -> str:
    """The key of the job that writes a request into the journal."""
    return f"{JOB}:{request_id}"


class Journaling(Handler):
    """Handler of lines that are to be written."""

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._records = KeptRecords(journal.vault, clock)

    def run(self, task: Task) -> Result:
        """Write the line of one request, once, and see it on disk."""
        request_id = task.key.removeprefix(f"{JOB}:")
        # An attempt before this one, or a portal that is lost, may have written it.
        again = task.attempt > 1 or self._clock() - task.created_at > OLD
        try:
            name, number = self._write(request_id, again=again)
        except JournalAway:
            return Again("journal_away")
        except JournalDamaged:
            return GaveUp("journal_damaged")
        return Finished(partial(set_mark, name=name, number=number))

    def _write(self, request_id: str, *, again: bool) -> tuple[str, int]:
        if not self._journal.exists():
            with self._database.reading() as db:
                if marks_of(db):
                    raise JournalAway("there was one, and it is not there")
            begun = self._journal.begin(known_lines(self._database, self._records))
            if begun is not None:
                return begun
            again = True  # another worker began it in this moment, perhaps with this line
        with self._database.reading() as db:
            lines = [*lines_of(db, [request_id], self._records)]
        return self._journal.append(lines, unless_there=again)


def known_lines(database: Database, records: KeptRecords) -> Iterator[Line]:
    """All that the database knows, for a journal that begins."""
    with database.reading() as db:
        known = db.scalars(
            select(Request.id)
            .where(Request.right.in_(JOURNALED))
            .order_by(Request.received_at, Request.id)
        ).all()
    for start in range(0, len(known), CHUNK):
        with database.reading() as db:
            yield from lines_of(db, known[start : start + CHUNK], records)


def lines_of(db: Db, request_ids: Sequence[str], records: KeptRecords) -> Iterator[Line]:
    """The lines of these requests, in the order in which they were received."""
    requests = db.scalars(
        select(Request).where(Request.id.in_(request_ids)).order_by(Request.received_at, Request.id)
    )
    for request in requests:
        adapters = db.scalars(select(Delivery.adapter).where(Delivery.request_id == request.id))
        decided = db.scalars(
            select(Consent).where(Consent.request_id == request.id).order_by(Consent.id)
        ).all()
        more = {name: code for name, code in request.details.items() if name != "purposes"}
        if MAILBOX in more:
            more[MAILBOX_ALIASES] = _aliases_of(db, str(more[MAILBOX]))
        if request.right == Right.ERASE and (sealed := records.sealed(db, request)):
            more[RECORDS] = sealed
        if left := _left_by(db, request.subject_id):
            more[LEFT] = left
        yield Line(
            request=request.id,
            subject=request.subject_id,
            right=request.right,
            purposes=[one.purpose for one in decided],
            adapters=sorted(adapters),
            site=request.site,
            locale=request.locale,
            at=request.received_at.astimezone(UTC).isoformat(),
            aliases=_aliases_of(db, request.subject_id),
            wordings=[one.wording_version for one in decided],
            due=request.due_at.astimezone(UTC).isoformat() if request.due_at else "",
            more=more,
        )


def _aliases_of(db: Db, subject_id: str) -> list[tuple[int, str]]:
    aliases = db.execute(
        select(SubjectAlias.key_version, SubjectAlias.digest)
        .where(SubjectAlias.subject_id == subject_id)
        .order_by(SubjectAlias.key_version, SubjectAlias.digest)
    )
    return [(version, digest.hex()) for version, digest in aliases]


def _left_by(db: Db, subject_id: str) -> list[tuple[int, str, str, list[str]]]:
    left = db.scalars(
        select(SubjectAlias)
        .where(SubjectAlias.subject_id == subject_id, SubjectAlias.left_at.is_not(None))
        .order_by(SubjectAlias.key_version, SubjectAlias.digest)
    )
    return [
        (one.key_version, one.digest.hex(), one.left_at.astimezone(UTC).isoformat(), one.left_sites)
        for one in left
        if one.left_at is not None
    ]


def marks_of(db: Db, begins: str = MARK) -> dict[str, int]:
    """How far each journal is known to be written, by the journal's name."""
    marks = db.scalars(select(Mark).where(Mark.name.startswith(begins, autoescape=True)))
    return {mark.name.removeprefix(begins): int(mark.value) for mark in marks}


def set_mark(db: Db, name: str, number: int) -> None:
    """All lines up to this one are of requests that this database knows."""
    first = insert_into(db, Mark).values(name=f"{MARK}{name}", value="0")
    db.execute(first.on_conflict_do_nothing())
    mark = db.get_one(Mark, f"{MARK}{name}", with_for_update=True, populate_existing=True)
    mark.value = str(max(number, int(mark.value)))
