"""After a CRM was restored from a back-up: what was asked for since is done there once more.

Erasures, withdrawals and objections are: who asked is found again by keyed hash over `scan`, and
what was decided stands in the portal's own tables. Corrections are not: no value was ever kept.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.adapters.contract import Adapter, Record
from portal.consent.record import ConsentRecord
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.proof.ledger import Event, Ledger
from portal.rights.deeds.deciding import A_DAY
from portal.rights.deeds.doing import consent
from portal.rights.deeds.marks import Marks
from portal.rights.deeds.restricting import restriction
from portal.rights.erasing.returned import Finding, look_at, opted_in_at
from portal.rights.held.naming import Naming
from portal.rights.held.walk import Held, Hit, Progress, walk
from portal.rights.lasting.asked_since import (
    Missing,
    Replayed,
    Wanted,
    delivered,
    evidence_of,
    redone_since,
)
from portal.rights.lasting.reapply import erasure_again, reapply
from portal.rights.requests.restrictions import restriction_of
from portal.store.database import Database, Unit
from portal.store.tables import Consent, Request, Subject, SubjectAlias
from portal.store.vault import Vault
from portal.sync.outbox import Outbox

STOPS = (Right.WITHDRAW, Right.OBJECT)
MARKS = (Right.RESTRICT, Right.LIFT, Right.KEEP)
"""What sets or takes off the mark "keep, do not use"."""


class Replaying:
    """Does again what a restored CRM has forgotten."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        directory: Directory,
        suppressions: Suppressions,
        marks: Marks,
        ledger: Ledger,
        clock: Clock,
        opt_ins: Sequence[str],
        naming: Naming,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbox = outbox
        self._directory = directory
        self._suppressions = suppressions
        self._marks = marks
        self._ledger = ledger
        self._clock = clock
        self._opt_ins = frozenset(opt_ins)
        self._naming = naming

    def replay(
        self,
        adapter: Adapter,
        since: datetime,
        *,
        dry_run: bool,
        progress: Progress = lambda _: None,
        only: str | None = None,
    ) -> Replayed:
        """Go through one restored system. A second time finds everything done.

        Args:
            adapter: The system.
            since: When its back-up was made (UTC), or earlier.
            dry_run: Count only.
            progress: See there.
            only: This subject alone; None: everybody.

        Raises:
            AdapterError: The system could not be asked. What was found until then is put to work.
        """
        replayed = Replayed(adapter.name, dry_run)
        with self._database.reading() as db:
            wanted = self._wanted(db, adapter.name, since, replayed)
            if only is not None:
                wanted = {only: wanted[only]} if only in wanted else {}
            known = self._aliases(db, wanted)
            self._count_lost(db, adapter.name, since, replayed)
        if known:
            self._walk(adapter, known, replayed, progress)
        if replayed.to_do and not dry_run:
            facts = {"adapter": adapter.name, "jobs": replayed.to_do}
            with self._database.unit("replayed") as unit:
                self._ledger.note(unit.session, Event.REPLAYED, facts=facts)
                unit.commit()
        return replayed

    def _walk(
        self,
        adapter: Adapter,
        known: Mapping[bytes, tuple[Wanted, ...]],
        replayed: Replayed,
        progress: Progress,
    ) -> None:
        for count, met in walk(adapter, self._vault.hasher, Held(known), None):
            replayed.records += count
            hits = self._naming.each(adapter, met)
            looked = [(hit, self._look(adapter, hit)) for hit in hits]
            if looked:
                with self._database.unit("replay") as unit:
                    for hit, what in looked:
                        self._put(unit, hit, what, replayed)
                    if not replayed.dry_run:
                        unit.commit()
            progress(replayed.records)

    # --- what was asked for ------------------------------------------------------------------

    def _wanted(
        self, db: Db, adapter: str, since: datetime, replayed: Replayed
    ) -> dict[str, Wanted]:
        """By subject: what was done there since, and has not been overtaken by a later decision."""
        sites = self._directory.sites_of(adapter)
        wanted: dict[str, Wanted] = {}
        redone = redone_since(adapter, since)
        for request in delivered(db, adapter, since, (Right.ERASE, *STOPS), redone):
            one = wanted.setdefault(request.subject_id, Wanted(request.subject_id))
            if request.right == Right.ERASE:
                suppressed = self._suppressions.of(db, request.subject_id, sites)
                one.erased_since = suppressed.since if suppressed else None
                replayed.superseded += suppressed is None
                continue
            for purpose in request.details.get("purposes", ()):
                latest = ConsentRecord.latest_for(db, request.subject_id, purpose, adapter)
                if latest is None or latest.granted:
                    replayed.superseded += 1
                else:
                    one.stops[purpose] = latest
        for request in delivered(db, adapter, since, MARKS, redone):
            one = wanted.setdefault(request.subject_id, Wanted(request.subject_id))
            standing = restriction_of(db, request.subject_id, adapter, self._clock())
            noted = self._marks.before(db, request.subject_id, adapter) is not None
            one.mark, one.mark_of = True if standing else False if noted else None, standing or ""
        return wanted

    @staticmethod
    def _aliases(db: Db, wanted: Mapping[str, Wanted]) -> dict[bytes, tuple[Wanted, ...]]:
        """By the digests of the address: of one of several people under it those of the whole."""
        ids, known = [*wanted], dict[bytes, tuple[Wanted, ...]]()
        address = SubjectAlias.subject_id == func.coalesce(Subject.part_of, Subject.id)
        for start in range(0, len(ids), 500):
            some = Subject.id.in_(ids[start : start + 500])
            for digest, subject_id, part_of in db.execute(
                select(SubjectAlias.digest, Subject.id, Subject.part_of)
                .join(Subject, address)
                .where(some)
            ):
                one = wanted[subject_id]
                one.is_part = part_of is not None
                known[digest] = (*known.get(digest, ()), one)
        return known

    @staticmethod
    def _count_lost(db: Db, adapter: str, since: datetime, replayed: Replayed) -> None:
        lost = [*delivered(db, adapter, since, (Right.RECTIFY, Right.CONSENT))]
        replayed.corrections_lost = sum(request.right == Right.RECTIFY for request in lost)
        replayed.consents_lost = len(lost) - replayed.corrections_lost

    # --- what is there -----------------------------------------------------------------------

    def _look(self, adapter: Adapter, hit: Hit[Wanted]) -> Finding | Missing:
        """What is to be done about one record: erase it (or not), or what it lacks."""
        wanted, now = hit.known, self._clock()
        if wanted.erased_since is not None:
            since = wanted.erased_since
            finding = look_at(adapter, hit.ref, [hit.email], since, self._opt_ins, now)
            if finding is not Finding.OPTED_IN:
                return finding
        looks = wanted.stops or wanted.mark is not None
        record = adapter.read(hit.ref) if looks else None
        if record is None or not hit.email.same_mailbox(record.email):
            return Missing()
        differs = record.restricted is not None and record.restricted is not wanted.mark
        return Missing(
            [stop for stop in wanted.stops.values() if self._is_on(record, stop, now)],
            wanted.mark if differs else None,
        )

    def _is_on(self, record: Record, stop: Consent, now: datetime) -> bool:
        """Does this record allow the purpose, and not by a later decision of hers?

        What rests on no consent is allowed where nothing is said: there an objection is missing.
        """
        state = record.consents.get(stop.purpose)
        if state is not None and state.paused_until is not None:
            # It ends by itself, which a stop does not; and a longer break of hers not so soon.
            return stop.until is None or stop.until - state.paused_until >= A_DAY
        if state is None or state.granted is False:
            return False
        if state.granted is None:
            return stop.purpose not in self._opt_ins
        return opted_in_at(record, stop.at, {stop.purpose}, now) is None

    def _put(
        self, unit: Unit, hit: Hit[Wanted], what: Finding | Missing, replayed: Replayed
    ) -> None:
        subject_id, adapter = hit.known.subject_id, hit.ref.adapter
        if what is Finding.BACK:
            again = erasure_again([hit.email], hit.ref)
            new = reapply(unit, self._outbox, subject_id, adapter, again)
            replayed.erasures += new
            replayed.waiting += not new
        elif isinstance(what, Missing) and what:
            only = [hit.ref.key] if hit.known.is_part else None
            if what.mark is not None:
                part = {"only": only} if only else {}
                marked = restriction(hit.email, what.mark, hit.known.mark_of, part)
                new = reapply(unit, self._outbox, subject_id, adapter, marked)
                replayed.restrictions += new
                replayed.waiting += not new
            for stop in what.stops:
                again = consent(hit.email, stop.purpose, False, evidence_of(stop), only)
                new = reapply(unit, self._outbox, subject_id, adapter, again)
                objected = new and self._was_objection(unit.session, stop)
                replayed.objections += objected
                replayed.withdrawals += new and not objected
                replayed.waiting += not new
        else:
            replayed.already += 1

    @staticmethod
    def _was_objection(db: Db, stop: Consent) -> bool:
        request = db.get(Request, stop.request_id) if stop.request_id else None
        return request is not None and request.right == Right.OBJECT
