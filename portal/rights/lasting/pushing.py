"""Footer links into a field of the CRM, so that its own templates can print them.

A whole system is gone through, in constant memory, and only what differs is written: the field
itself says how far an earlier run came, so a run that was cut short is simply started again.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from portal.access.directory import Directory
from portal.adapters.contract import (
    Adapter,
    AdapterError,
    InShadow,
    LinkToSet,
    Outcome,
    RateLimited,
    Ref,
    Refused,
    SetsLink,
    Unreachable,
    Unsupported,
    that_sets_link,
)
from portal.consent.minting import Minting
from portal.consent.suppression import ByDigest, Suppressed
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.rights.erasing.returned import Finding, look_at
from portal.rights.held.naming import Naming
from portal.rights.held.walk import PAGE, Hit, Progress
from portal.rights.lasting.pushed import Pushed
from portal.store.database import Database
from portal.store.hashing import Hasher
from portal.store.search import Page, search
from portal.store.vault import new_reference
from portal.sync.passing import LeftAlone, Passing

READ_BACK = 20
"""Of what one call has written, so many at most are read back, spread over all of it."""
TRIES = 10
"""So often in a row a system may ask for patience; after that a later run goes on."""


class Pushing:
    """Goes through systems.

    Args:
        database: The portal's own.
        hasher: Makes the keyed hashes by which those who were erased are known.
        directory: Which sites look into a system.
        naming: Tells people under one address apart.
        opt_ins: Ids of the purposes whose consent, given later, takes somebody off that list.
        passing: Whether a system may be called.
        ledger: Takes a note of each run.
        clock: UTC.
    """

    def __init__(
        self,
        database: Database,
        hasher: Hasher,
        directory: Directory,
        naming: Naming,
        opt_ins: Sequence[str],
        passing: Passing,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._directory = directory
        self._naming = naming
        self._opt_ins = frozenset(opt_ins)
        self._passing = passing
        self._ledger = ledger
        self._clock = clock

    def push(
        self,
        adapter: Adapter,
        site: str,
        mintings: Mapping[str, Minting],
        *,
        expected: int | None,
        dry_run: bool,
        progress: Progress,
    ) -> Pushed:
        """Put into each field the link that belongs there.

        Args:
            adapter: A system with fields for links.
            site: Whose links they are.
            mintings: Purpose id → what makes its links.
            expected: How many records there were last time.
            dry_run: Count only.
            progress: Told after every page how many records were seen.

        Raises:
            Unsupported: The system has no fields for links.
            LeftAlone: It may not be called now.
            AdapterError: It could not be asked, or not any more. What was written stays.
        """
        able = that_sets_link(adapter)
        if able is None:
            raise Unsupported(f"adapter {adapter.name} has no fields for links")
        self._passing.look(adapter.name)
        pushed = Pushed(adapter.name, dry_run)
        try:
            for page, held in self._pages(adapter, able, expected):
                gone = self._suppressed(adapter, page)
                wanted = [*_differing(adapter, page, held, mintings, gone, pushed)]
                size = max(1, adapter.capabilities.links_at_once)
                for start in range(0, len(wanted), size):
                    self._put(adapter, able, wanted[start : start + size], pushed)
                progress(pushed.records)
        except (AdapterError, LeftAlone):
            if pushed.written or pushed.taken_away:
                self._note_unless_rehearsed(site, pushed)
            raise
        self._note_unless_rehearsed(site, pushed)
        return pushed

    # --- what is there, and what belongs there ------------------------------------------------

    def _pages(
        self, adapter: Adapter, able: SetsLink, expected: int | None
    ) -> Iterator[tuple[Page[tuple[Suppressed, ...]], list[Mapping[str, str | None]]]]:
        """Page after page, looked through for who was erased, with the links that it holds."""
        beside: deque[list[Mapping[str, str | None]]] = deque()

        def read() -> Iterator[tuple[list[str], list[str]]]:
            keys: list[str] = []
            texts: list[str] = []
            links: list[Mapping[str, str | None]] = []
            for one in able.links():
                keys.append(one.ref.key)
                texts.append(one.email)
                links.append(one.links)
                if len(keys) == PAGE:
                    beside.append(links)
                    yield keys, texts
                    keys, texts, links = [], [], []
            if keys:
                beside.append(links)
                yield keys, texts

        listed = ByDigest(self._database, self._directory.sites_of(adapter.name))
        for page in search(read(), self._hasher, listed, begin_with=expected):
            yield page, beside.popleft()

    def _suppressed(self, adapter: Adapter, page: Page[tuple[Suppressed, ...]]) -> set[str]:
        """The keys of records of people who were erased, and have not opted in again since."""
        hits = [
            Hit(Ref(adapter.name, page.keys[place]), Email.parse(page.texts[place]), known)
            for place, known in (page.found or {}).items()
        ]
        now, gone = self._clock(), set[str]()
        for hit in self._naming.each(adapter, hits) if hits else ():
            since = hit.known.since
            found = look_at(adapter, hit.ref, [hit.email], since, self._opt_ins, now)
            if found is not Finding.OPTED_IN:
                gone.add(hit.ref.key)
        return gone

    # --- writing ------------------------------------------------------------------------------

    def _put(
        self, adapter: Adapter, able: SetsLink, wanted: Sequence[LinkToSet], pushed: Pushed
    ) -> None:
        if pushed.dry_run or pushed.in_shadow:
            pushed.count(wanted, [Outcome.DONE] * len(wanted))
            return
        try:
            done = self._call(adapter, able, wanted)
        except InShadow:
            pushed.in_shadow = True
            pushed.count(wanted, [Outcome.DONE] * len(wanted))
        except Refused:
            if len(wanted) == 1:
                pushed.refused += 1
                return
            for one in wanted:  # each by itself: one that does not fit keeps no other out
                self._put(adapter, able, [one], pushed)
        else:
            pushed.count(wanted, done)
            self._read_back(adapter, wanted, done, pushed)

    def _call(
        self, adapter: Adapter, able: SetsLink, wanted: Sequence[LinkToSet]
    ) -> Sequence[Outcome | None]:
        """One call, when the system may be called; again, when it asks for patience."""
        asked = 0
        while True:
            self._passing.enter(adapter.name)
            try:
                done = able.set_links(wanted, key=new_reference())
            except RateLimited as error:
                self._passing.hold(adapter.name, error.retry_after)
                asked += 1
                if asked == TRIES:
                    raise
            except Unreachable:
                self._passing.unanswered(adapter.name)
                raise
            except Refused:
                self._passing.answered(adapter.name)
                raise
            else:
                self._passing.answered(adapter.name)
                return done

    def _read_back(
        self,
        adapter: Adapter,
        wanted: Sequence[LinkToSet],
        done: Sequence[Outcome | None],
        pushed: Pushed,
    ) -> None:
        written = [one for one, how in zip(wanted, done, strict=True) if how is Outcome.DONE]
        for one in written[:: max(1, -(-len(written) // READ_BACK))]:
            record = adapter.read(one.ref)
            if record is not None and record.email == one.seen:
                pushed.unconfirmed += record.links.get(one.purpose) != one.link

    def _note_unless_rehearsed(self, site: str, pushed: Pushed) -> None:
        if pushed.dry_run or pushed.in_shadow:
            return
        facts = {
            "adapter": pushed.adapter,
            "site": site,
            "records": pushed.records,
            "written": pushed.written,
            "taken_away": pushed.taken_away,
        }
        with self._database.unit("links pushed") as unit:
            self._ledger.note(unit.session, Event.LINKS_PUSHED, facts=facts)
            unit.commit()


def _differing(
    adapter: Adapter,
    page: Page[tuple[Suppressed, ...]],
    held: Sequence[Mapping[str, str | None]],
    mintings: Mapping[str, Minting],
    gone: set[str],
    pushed: Pushed,
) -> Iterator[LinkToSet]:
    """The fields of a page that do not hold what they should; counts the others."""
    for key, text, links in zip(page.keys, page.texts, held, strict=True):
        pushed.records += 1
        email = _readable(text)
        if text.strip() and email is None:
            pushed.unreadable += 1
        if key in gone:
            pushed.suppressed += 1
            email = None
        for purpose, minting in mintings.items():
            link = minting.link(email) if email is not None else None
            if (links.get(purpose) or None) == link:
                pushed.already += 1
            else:
                yield LinkToSet(Ref(adapter.name, key), text, purpose, link)


def _readable(text: str) -> Email | None:
    try:
        return Email.parse(text)
    except InvalidEmail:
        return None
