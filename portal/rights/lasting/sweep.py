"""The sweep: whoever was erased and is in a system again is reported, and erased again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.access.directory import Directory
from portal.adapters.contract import Adapter
from portal.consent.suppression import ByDigest, Suppressed, Suppressions
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.proof.ledger import Event, Ledger
from portal.rights.erasing.returned import Finding, look_at
from portal.rights.erasing.second import due
from portal.rights.held.naming import Naming
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.held.walk import Hit, Progress, walk
from portal.rights.lasting.reappeared import Reappeared
from portal.rights.requests.planned import OPEN
from portal.store.database import Database, Unit, insert_into
from portal.store.tables import AdapterState, Delivery, Request
from portal.store.vault import Vault

BY = "sweep"


@dataclass(slots=True)
class Swept:
    """What a sweep found."""

    adapter: str
    dry_run: bool
    records: int = 0
    """That the system holds with an address."""
    suppressed: int = 0
    """Of people who were erased."""
    reappeared: int = 0
    """Of those, that are back: reported, and put to work to be erased again."""
    waiting: int = 0
    """Are back, were reported before, and their erasure waits still."""
    opted_in: int = 0
    """Are back by an opt-in of their own: taken off the list."""
    gone: int = 0
    """Are what had to be kept: nothing more is to be erased."""
    in_progress: int = 0
    """Are about to be erased by their first request."""


class Sweeping:
    """Walks through systems."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        directory: Directory,
        suppressions: Suppressions,
        others: OtherAddresses,
        reappeared: Reappeared,
        ledger: Ledger,
        clock: Clock,
        opt_ins: Sequence[str],
        naming: Naming,
    ) -> None:
        self._database = database
        self._vault = vault
        self._directory = directory
        self._suppressions = suppressions
        self._others = others
        self._reappeared = reappeared
        self._ledger = ledger
        self._clock = clock
        self._opt_ins = frozenset(opt_ins)
        self._naming = naming

    def expected(self, adapter: str) -> int | None:
        """How many records there were when they were last counted."""
        with self._database.reading() as db:
            state = db.get(AdapterState, adapter)
            return state.records if state else None

    def sweep(self, adapter: Adapter, *, dry_run: bool, progress: Progress) -> Swept:
        """Go through one system; what is found is written down page by page.

        Raises:
            AdapterError: The system could not be asked. What was found until then is written down.
        """
        swept = Swept(adapter.name, dry_run)
        sites = self._directory.sites_of(adapter.name)
        listed = ByDigest(self._database, sites)
        expected = self.expected(adapter.name)
        for count, hits in walk(adapter, self._vault.hasher, listed, expected):
            swept.records += count
            if hits:
                self._judge(adapter, self._naming.each(adapter, hits), swept)
            progress(swept.records)
        if not dry_run:
            self._remember(swept)
        return swept

    def _judge(self, adapter: Adapter, hits: Sequence[Hit[Suppressed]], swept: Swept) -> None:
        swept.suppressed += len(hits)
        begun = self._being_erased(adapter.name, hits)
        looked = [
            (hit, self._look(adapter, hit)) for hit in hits if hit.known.subject_id not in begun
        ]
        swept.in_progress += len(hits) - len(looked)
        with self._database.unit("sweep") as unit:
            for hit, finding in looked:
                self._count(unit, adapter, hit, finding, swept)
            if not swept.dry_run:
                unit.commit()

    def _look(self, adapter: Adapter, hit: Hit[Suppressed]) -> Finding:
        since, now, hers = hit.known.since, self._clock(), [hit.email]
        left = self._others.left_by_her(hers)
        return look_at(adapter, hit.ref, hers, since, self._opt_ins, now, left)

    def _count(
        self, unit: Unit, adapter: Adapter, hit: Hit[Suppressed], finding: Finding, swept: Swept
    ) -> None:
        subject_id = hit.known.subject_id
        match finding:
            case Finding.GONE:
                swept.gone += 1
            case Finding.OPTED_IN:
                swept.opted_in += 1
                self._suppressions.lift(unit.session, subject_id, self._clock(), adapter.name)
            case Finding.BACK:
                new = self._reappeared.report(unit, subject_id, [hit.email], hit.ref, by=BY)
                swept.reappeared += new
                swept.waiting += not new

    def _being_erased(self, adapter: str, hits: Sequence[Hit[Suppressed]]) -> set[str]:
        """Those whose erasure from this system has not ended yet: they have not come back.

        Nor those of whom something that had to be kept is to go just now.
        """
        subjects = {hit.known.subject_id for hit in hits}
        with self._database.reading() as db:
            return due(db, adapter, self._clock(), [*subjects]) | set(
                db.scalars(
                    select(Request.subject_id)
                    .join(Delivery, Delivery.request_id == Request.id)
                    .where(Request.right == Right.ERASE, Request.subject_id.in_(subjects))
                    .where(Delivery.adapter == adapter, Delivery.state.in_(OPEN))
                )
            )

    def _remember(self, swept: Swept) -> None:
        """The system's size, by which the brake measures; and that it was gone through."""
        now = self._clock()
        counted = {"records": swept.records, "counted_at": now}
        facts = {
            "adapter": swept.adapter,
            "records": swept.records,
            "reappeared": swept.reappeared,
            "opted_in": swept.opted_in,
        }
        with self._database.unit("swept") as unit:
            made = insert_into(unit.session, AdapterState).values(
                adapter=swept.adapter, failures=0, **counted
            )
            unit.session.execute(
                made.on_conflict_do_update(index_elements=[AdapterState.adapter], set_=counted)
            )
            self._ledger.note(unit.session, Event.SWEPT, facts=facts)
            unit.commit()
