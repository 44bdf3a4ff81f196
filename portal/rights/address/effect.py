"""A change takes effect: in one transaction, at its moment or at a word of the old mailbox."""

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session as Db

from portal.access.left import leave, let_go, return_to
from portal.access.subjects import Named, take_turns
from portal.domain.addresses import Email
from portal.domain.rights import Right
from portal.rights.address.asking import is_unfinished
from portal.rights.address.code_mail import (
    belongs_to_another,
    close_taken,
    is_taken,
    open_case,
)
from portal.rights.address.means import End, Means, code_for, proof_for_old
from portal.rights.cases.casebook import CaseKind
from portal.rights.deeds.readdressing import move_records
from portal.rights.held.holdings import Holdings
from portal.store.database import Unit, insert_into
from portal.store.recalls import Purpose
from portal.store.tables import AddressChange, SubjectAlias
from portal.sync.jobs import Finished, Handler, Later, Recording, Result, Task

LOOK_AGAIN = timedelta(minutes=5)
"""A system that must be asked and does not answer is asked again after this."""
PATIENCE = timedelta(days=7)
"""A change that cannot be made for so long after its moment is for a person."""


class Raced(Exception):
    """In this very instant somebody else became known by the address: nothing was written."""


class TakingEffect(Handler):
    """Handler of the job that waits for the moment.

    Everything is written with the job's end, so that it is one commit: either all of it was
    changed, or nothing was.
    """

    def __init__(self, means: Means) -> None:
        self._means = means

    def run(self, task: Task) -> Result:
        """Look whether it is still wanted and possible, and let it take effect."""
        means, now = self._means, self._means.clock()
        with means.database.reading() as db:
            change = db.get(AddressChange, task.payload["change"])
            if change is None or change.ended_at is not None or change.due_at is None:
                return Finished()
            if change.vouched_at is None and now < change.due_at:
                return Later(change.due_at)
            unfinished = is_unfinished(db, change.subject_id)
        if change.site not in means.site_names:
            return Finished(self._closing(change.id, End.LAPSED))
        sealed = means.addresses(change)
        held = means.reading.of(Named(change.subject_id, sealed.old, change.site))
        away = held.away or means.directory.find(sealed.new, change.site).away
        if away or unfinished:
            if now > change.due_at + PATIENCE:
                return Finished(self._closing(change.id, End.AWAY))
            return Later(now + LOOK_AGAIN)
        if held.several_people:
            return Finished(self._closing(change.id, End.SEVERAL_PEOPLE))
        if is_taken(means, change, sealed.new):
            return Finished(self._closing(change.id, End.TAKEN))
        if not held.anything:  # she has had everything erased meanwhile
            return Finished(self._closing(change.id, End.LAPSED))
        return Finished(partial(self._take_effect, change.id, held, code_for(means)))

    # --- written with the job's end -----------------------------------------------------------

    def _take_effect(self, change_id: str, held: Holdings, code: tuple[str, str], db: Db) -> None:
        means, now = self._means, self._means.clock()
        change = self._open(db, change_id)
        if change is None:
            return
        sealed = means.addresses(change)
        if belongs_to_another(db, means, change, sealed.new):
            self._close(db, change, End.TAKEN)
            return
        # Her jobs before her: a worker that ends one of them may want to hold her after it.
        means.others.tell_jobs(db, change.subject_id, [sealed.old, sealed.new])
        let_go(db, means.vault.aliases(sealed.new), change.site, now)
        change.made_alias = self._known_by(db, change, sealed.new)
        if belongs_to_another(db, means, change, sealed.new):
            raise Raced("another subscriber came first with this address")
        means.sessions.end_all(db, change.subject_id)
        means.void_of(db, sealed.old)
        unit = Unit(db, "job ended")
        records = {
            name: {record.ref.key: record.email for record in records}
            for name, records in held.records.items()
            if records
        }
        change.back_until = until = now + means.spans.back
        old, new = means.vault.aliases(sealed.old), means.vault.aliases(sealed.new)
        sites = means.moved_sites(change.site)
        leave(db, old, change.subject_id, until, sites)
        means.marks.readdress(db, change.subject_id, sealed.new, sites)
        return_to(db, new, change.subject_id)
        links_last = now + means.spans.links
        means.others.found_at(db, change.subject_id, [sealed.new], records, links_last)
        whose = Named(change.subject_id, sealed.new, change.site)
        change.request_id = means.requests.write(
            unit,
            whose,
            Right.ADDRESS,
            {
                name: move_records(
                    sealed.old,
                    dict.fromkeys(ours, sealed.new.address),
                    means.fields,
                    change.id,
                    back=False,
                )
                for name, ours in records.items()
            },
            change.locale,
            {"fields": means.fields},
        )
        means.feed.tell_moved(db, whose, sealed.old, change.request_id, records)
        told = {"old": sealed.old.address, "new": sealed.new.address, "records": records}
        means.recalls.keep(
            db, Purpose.ADDRESS_CHANGE, change.subject_id, told, until, change.request_id
        )
        for_old, words = proof_for_old(means, change.site, change.locale, until, *code)
        db.add(for_old)
        change.back_reference = for_old.reference
        words |= {"new": sealed.new.masked, "until": means.told(until, change.locale)}
        means.letter(unit, "address_changed_old", sealed.old, change, words)
        means.letter(unit, "address_changed", sealed.new, change, {})
        means.close(db, change, End.EFFECTIVE)
        means.note(db, change, "effective", vouched="yes" if change.vouched_at else "no")

    def _known_by(self, db: Db, change: AddressChange, new: Email) -> bool:
        """A sign-in with the new address finds her. False: it has been hers before."""
        version, digest = self._means.vault.alias(new)
        made = db.scalar(
            insert_into(db, SubjectAlias)
            .values(key_version=version, digest=digest, subject_id=change.subject_id)
            .on_conflict_do_nothing()
            .returning(SubjectAlias.subject_id)
        )
        return made is not None

    def _closing(self, change_id: str, end: End) -> Recording:
        def record(db: Db) -> None:
            change = self._open(db, change_id)
            if change is not None:
                self._close(db, change, end)

        return record

    def _close(self, db: Db, change: AddressChange, end: End) -> None:
        """It is not made. Both mailboxes know of it by now, so both are told."""
        means = self._means
        sealed, unit = means.addresses(change), Unit(db, "job ended")
        for to in (sealed.old, sealed.new):
            means.letter(unit, "address_stopped", to, change, {"why": end})
        if end is End.TAKEN:
            close_taken(means, unit, change)
            return
        if end is End.SEVERAL_PEOPLE:
            open_case(means, unit, change, CaseKind.SEVERAL_PEOPLE)
        elif end is End.AWAY:
            open_case(means, unit, change, CaseKind.CHANGED_ADDRESS)
        means.close(db, change, end)
        means.note(db, change, end)

    def _open(self, db: Db, change_id: str) -> AddressChange | None:
        """The change, if it is open still, while what is decided about her takes turns."""
        change = db.get(AddressChange, change_id)
        if change is None:
            return None
        take_turns(db, change.subject_id)
        db.refresh(change)
        return change if change.ended_at is None else None
