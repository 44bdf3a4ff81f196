"""May mail be sent to her now? For programs that send some, whatever they themselves believe.

What is not known is never a yes: of a system that does not answer, of somebody whom no system
knows, of a "no" that is not known to be older than the "yes" that stands beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.access.subjects import known_subject
from portal.adapters.contract import AdapterError, ConsentState, Ref
from portal.consent.record import ConsentRecord, Decision
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.domain.register import Purpose, Register
from portal.rights.decide import STOPPABLE, holders_of, standing_of
from portal.rights.holdings import Holdings, Reading
from portal.rights.not_to_be_used import ErasureOf, ErasureState, erasure_of, is_being_restricted
from portal.store.database import Database
from portal.store.vault import Vault


class Because(StrEnum):
    """Why nothing may be sent."""

    ERASED = "erased"
    """She was erased, or is about to be."""
    ERASURE_WAITS = "erasure_waits"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"
    """No system holds a record of this address."""
    UNCERTAIN = "uncertain"
    """A system that could say otherwise did not answer: ask again."""
    STOPPED = "stopped"
    """She said no, and nothing shows that a yes came after it."""
    NOT_GIVEN = "not_given"
    """It needs a consent, and there is none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one purpose stands. ``allowed`` is the one thing to obey."""

    purpose: Purpose
    allowed: bool
    because: Because | None
    """None: it is allowed."""
    since: datetime | None
    """Since when it stands so, as far as that is known."""
    certain: bool


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


@dataclass(frozen=True, slots=True)
class _Decided:
    """What the portal's own records say of her."""

    decisions: Mapping[str, Decision]
    erasure: ErasureOf | None
    restricting: bool


NOTHING_DECIDED = _Decided({}, None, restricting=False)


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
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._register = register
        self._directory = directory
        self._reading = reading
        self._record = record
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
        """What can be stopped and concerns this site.

        A purpose that other systems hold, and none that this site looks in, does not.
        """
        here = self._directory.adapters_of(site)
        everywhere = self._directory.adapters
        return [
            purpose
            for purpose in self._register.purposes
            if purpose.ground in STOPPABLE
            and (holders_of(purpose, here) or not holders_of(purpose, everywhere))
        ]

    def _of_ref(self, site: str, ref: Ref, away: set[str]) -> Mailability:
        try:
            email = self.address_of(site, ref, away)
        except AdapterError:
            return self._told(site, self._nothing_held(site, [ref.adapter]), NOTHING_DECIDED)
        if email is None:
            return self._told(site, self._nothing_held(site, []), NOTHING_DECIDED)
        return self._of_email(site, email, away)

    def _nothing_held(self, site: str, away: Sequence[str]) -> Holdings:
        return Holdings(self._directory.adapters_of(site), {}, away, frozenset(), (), 0)

    def _of_email(self, site: str, email: Email, away: set[str]) -> Mailability:
        held = self._reading.of(_Asked(email, site), frozenset(away))
        away.update(held.away)
        # After the systems: what is decided while they are read is seen here.
        with self._database.reading() as db:
            subject_id = known_subject(db, self._vault, email)
            decided = self._decided(db, subject_id, site) if subject_id else NOTHING_DECIDED
        return self._told(site, held, decided)

    def _decided(self, db: Db, subject_id: str, site: str) -> _Decided:
        seen = self._directory.adapters_of(site)
        sites = {site, *(other for name in seen for other in self._directory.sites_of(name))}
        return _Decided(
            self._record.latest(db, subject_id),
            erasure_of(db, subject_id, sorted(sites), self._clock()),
            is_being_restricted(db, subject_id, sites, self._clock()),
        )

    def _told(self, site: str, held: Holdings, decided: _Decided) -> Mailability:
        restricted = decided.restricting or any(record.restricted for _, record in held.each())
        return Mailability(
            known=True if held.anything else None if held.away else False,
            away=list(held.away),
            restricted=restricted,
            erasure=decided.erasure,
            answers=[
                _answer(purpose, held, decided, restricted=restricted)
                for purpose in self.purposes_of(site)
            ],
        )


class Unanswered(AdapterError):
    """Not asked, since it was away a moment ago."""

    retry = True


def _answer(purpose: Purpose, held: Holdings, decided: _Decided, *, restricted: bool) -> Answer:
    own = decided.decisions.get(purpose.id)
    standing = standing_of(purpose, held, own)
    # Whoever may have restricted her has to have said that it has not.
    marks = [name for name in held.away if held.adapters[name].capabilities.restrict]
    certain = standing.certain and not marks and (held.anything or not held.away)
    words = _words(purpose, held, own)
    no = _standing_no(words)
    because = _forbids_all(held, decided, restricted=restricted)
    if because is None and no:
        because = Because.STOPPED
    elif because is None and not certain:
        because = Because.UNCERTAIN
    elif because is None and not standing.on:
        because = Because.NOT_GIVEN
    return Answer(
        purpose=purpose,
        allowed=because is None,
        because=because,
        since=_latest([word.at for word in no]) if no else standing.since,
        certain=certain,
    )


def _forbids_all(held: Holdings, decided: _Decided, *, restricted: bool) -> Because | None:
    """What forbids everything at once."""
    if decided.erasure is not None:
        waits = decided.erasure.state is ErasureState.WAITS
        return Because.ERASURE_WAITS if waits else Because.ERASED
    if restricted:
        return Because.RESTRICTED
    if not held.anything:
        return Because.UNCERTAIN if held.away else Because.UNKNOWN
    return None


_Word = ConsentState | Decision


def _words(purpose: Purpose, held: Holdings, own: Decision | None) -> list[_Word]:
    """Every yes and no about a purpose: of each record, and the portal's own latest."""
    said: list[_Word] = [
        state
        for _name, record in held.each()
        if (state := record.consents.get(purpose.id)) and state.granted is not None
    ]
    return said if own is None else [*said, own]


def _standing_no(words: Sequence[_Word]) -> list[_Word]:
    """The noes after which no yes is known to have come.

    So a withdrawal that has not reached the system yet counts, or one that a back-up or an import
    has undone there; and an opt-in of later, on the company's own form, is believed.
    """
    yes = _latest([word.at for word in words if word.granted])
    return [
        word
        for word in words
        if not word.granted and not (yes is not None and word.at is not None and yes > word.at)
    ]


def _latest(times: Sequence[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
