"""May mail be sent to her now? For programs that send some, whatever they themselves believe.

What is not known is never a yes: of a system that does not answer, of somebody whom no system
knows, of a "no" that is not known to be older than the "yes" that stands beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.access.subjects import known_person, known_subject, parts_of
from portal.adapters.contract import AdapterError, Record, Ref
from portal.consent.record import ConsentRecord
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.rights.held.holdings import Holdings, Reading, name_of
from portal.rights.held.moves import Moves, UnderWay
from portal.rights.mailings.allowed import NOTHING_DECIDED, Answer, Decided, answer
from portal.rights.mailings.decide import STOPPABLE, is_of
from portal.rights.requests.not_to_be_used import (
    ErasureOf,
    ErasureState,
    erasure_of,
    is_being_restricted,
)
from portal.store.database import Database
from portal.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Mailability:
    """All that is said of one person."""

    known: bool | None
    """Does a system hold a record? None: those that answered do not."""
    away: Sequence[str]
    restricted: bool
    erasure: ErasureOf | None
    answers: Sequence[Answer]


class NoSuchSystem(Exception):
    """The site does not look in a system of this name."""


@dataclass(frozen=True, slots=True, repr=False)
class _Asked:
    email: Email
    site: str
    tier: int = 0
    """No field is shown."""
    mailbox_id: str | None = None
    opened: None = None
    """Mail goes to the address, whoever uses it."""


class Mailable:
    """Answers for one site; within one round no system that was away is asked a second time."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        register: Register,
        directory: Directory,
        reading: Reading,
        record: ConsentRecord,
        moves: Moves,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._directory = directory
        self._reading = reading
        self._record = record
        self._moves = moves
        self._clock = clock

    def all_of(self, site: str, asked: Sequence[Email | Ref]) -> Iterator[Mailability | None]:
        """An answer for each that is asked about, in this order; None: `NoSuchSystem`."""
        away: set[str] = set()
        for one in asked:
            if isinstance(one, Email):
                yield self._of_email(site, one, away)
                continue
            try:
                yield self._of_ref(site, one, away)
            except NoSuchSystem:
                yield None

    def address_of(self, site: str, ref: Ref, away: set[str]) -> Email | None:
        """The address of a record, if it is there and has one that mail can be sent to.

        Raises:
            NoSuchSystem: The site does not look there.
            AdapterError: It could not be asked; from now on it is ``away``.
        """
        adapter = self._directory.adapters_of(site).get(ref.adapter)
        if adapter is None:
            raise NoSuchSystem("this site looks in no system of that name")
        if ref.adapter in away:
            raise Unanswered("it did not answer a moment ago")
        if "\0" in ref.key:  # which no database can be asked for
            return None
        try:
            record = adapter.read(ref)
        except AdapterError:
            away.add(ref.adapter)
            raise
        try:
            return None if record is None else Email.parse(record.email)
        except InvalidEmail:
            return None

    def purposes_of(self, site: str) -> list[Purpose]:
        """What can be stopped and concerns this site."""
        here = self._directory.adapters_of(site)
        return [
            purpose
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE and is_of(purpose.id, here, self._directory.adapters)
        ]

    def _of_ref(self, site: str, ref: Ref, away: set[str]) -> Mailability:
        try:
            email = self.address_of(site, ref, away)
        except AdapterError:
            return self._told(site, self._nothing_held(site, [ref.adapter]), NOTHING_DECIDED)
        if email is None:
            return self._told(site, self._nothing_held(site, []), NOTHING_DECIDED)
        return self._of_email(site, email, away, ref)

    def _nothing_held(self, site: str, away: Sequence[str]) -> Holdings:
        return Holdings(self._directory.adapters_of(site), {}, away, frozenset(), (), 0)

    def _of_email(
        self, site: str, email: Email, away: set[str], ref: Ref | None = None
    ) -> Mailability:
        with self._database.reading() as db:  # before the systems, which may get it meanwhile
            under_way = self._moves.of(db, email)
        held = self._reading.of(_Asked(email, site), frozenset(away))
        held = _as_changed(held, under_way)
        away.update(held.away)
        # After the systems: what is decided while they are read is seen here.
        with self._database.reading() as db:
            subject_id = known_subject(db, self._vault, email)
            decided = self._decided(db, subject_id, site) if subject_id else NOTHING_DECIDED
            if decided.gone:
                held, decided = self._without_the_gone(db, email, held, decided, ref)
        return self._told(site, held, decided)

    def _decided(self, db: Db, subject_id: str, site: str) -> Decided:
        """Of several people, what is still to be done for one counts for the whole address."""
        seen, now = self._directory.adapters_of(site), self._clock()
        sites = {site, *(other for name in seen for other in self._directory.sites_of(name))}
        parts = parts_of(db, subject_id)
        erasures = {one: erasure_of(db, one, sorted(sites), now) for one in (subject_id, *parts)}
        gone = {
            one: erasure
            for one in parts
            if (erasure := erasures[one]) and erasure.state is ErasureState.DONE
        }
        return Decided(
            self._record.latest(db, subject_id),
            next((one for who, one in erasures.items() if one and who not in gone), None),
            any(is_being_restricted(db, one, sites, now) for one in (subject_id, *parts)),
            gone,
        )

    def _without_the_gone(
        self, db: Db, email: Email, held: Holdings, decided: Decided, ref: Ref | None
    ) -> tuple[Holdings, Decided]:
        """A record of one who was erased, which an import brought back, says nothing of others."""
        gone = {
            record.ref: decided.gone[person]
            for _name, record in held.each()
            if (person := self._person(db, email, record, held)) in decided.gone
        }
        records = {
            name: [record for record in found if record.ref not in gone]
            for name, found in held.records.items()
        }
        theirs = gone.get(ref) if ref else None
        if theirs is None and not any(records.values()):
            theirs = next(iter(gone.values()), None)
        held = replace(held, records=records)
        return held, replace(decided, erasure=decided.erasure or theirs)

    def _person(self, db: Db, email: Email, record: Record, held: Holdings) -> str:
        name = name_of(record, held.name_fields)
        return known_person(db, self._vault, email, name) or ""

    def _told(self, site: str, held: Holdings, decided: Decided) -> Mailability:
        restricted = decided.restricting or any(record.restricted for _, record in held.each())
        return Mailability(
            known=True if held.anything else None if held.away else False,
            away=list(held.away),
            restricted=restricted,
            erasure=decided.erasure,
            answers=[
                answer(purpose, held, decided, restricted=restricted)
                for purpose in self.purposes_of(site)
            ],
        )


class Unanswered(AdapterError):
    """Not asked, since it was away a moment ago."""

    retry = True


def _as_changed(held: Holdings, under_way: UnderWay) -> Holdings:
    """What will be held of the address once every change of address has reached its system."""
    records = {
        name: [record for record in found if record.ref not in under_way.gone]
        for name, found in held.records.items()
    }
    away = list(held.away)
    for ref, old in under_way.coming.items():
        adapter = held.adapters.get(ref.adapter)
        there = records.setdefault(ref.adapter, []) if adapter is not None else []
        if adapter is None or ref.adapter in away or any(one.ref == ref for one in there):
            continue
        try:
            record = adapter.read(ref)
        except AdapterError:
            away.append(ref.adapter)
            continue
        if record is not None and old.same_mailbox(record.email):
            there.append(record)
    records = {name: found for name, found in records.items() if name not in away}
    return replace(held, records=records, away=away)
