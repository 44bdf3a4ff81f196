"""The ledger: an append-only, hash-chained log of what happened, without a personal value in it.

Entries are inserted within the transaction of what they tell, unchained, so that no commit waits
for another; a moment later `seal` chains them, one after the other. Each link's digest covers its
place, the link before it and every column of its entry: to change, remove, insert or move one is to
break every link that follows. What a chain alone cannot show is that its tail was cut off; keep
the head that `verify` gives (``portal ledger verify`` prints it) to see that too.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import Session

from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.tables import LedgerEntry, LedgerLink, LedgerWaiting

GENESIS = hashlib.sha256(b"subscriber-portal ledger 1").digest()
CODE = re.compile(r"[A-Za-z0-9_.:()\-]{1,64}")
SEAL_LOCK = 7_701_170_118  # any number; names the lock under which PostgreSQL's sealers take turns
BATCH = 500


class Event(StrEnum):
    """What an entry tells."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    CONFIRMATION_ASKED = "confirmation_asked"
    REQUEST_RECEIVED = "request_received"
    DELIVERED = "delivered"
    """A delivery reached the state named in its facts."""
    EXPORT_MADE = "export_made"
    COPY_TAKEN = "copy_taken"
    """A copy was taken along, in the form named in its facts."""
    COPY_DESTROYED = "copy_destroyed"
    """Its day was over, or it made room: the key it was sealed with is no more."""
    SESSIONS_ENDED = "sessions_ended"
    OPERATOR_ADDED = "operator_added"
    OPERATOR_REMOVED = "operator_removed"
    OPERATOR_SIGNED_IN = "operator_signed_in"
    OPERATOR_SIGNED_OUT = "operator_signed_out"
    OPERATOR_LOOKED = "operator_looked"
    """An operator opened a request's timeline."""
    OPERATOR_REPLAYED = "operator_replayed"
    OPERATOR_PAUSED = "operator_paused"
    OPERATOR_RESUMED = "operator_resumed"
    OPERATOR_CLEARED = "operator_cleared"
    """An operator saw to what an alarm told."""
    DROPPED = "dropped"
    """A correction of a record that is there no more: nothing was written."""
    CONFLICT_SETTLED = "conflict_settled"
    """What became of a correction that met another change: chosen, kept or lapsed."""
    SUPPRESSED = "suppressed"
    """Who was erased is on the suppression list from here on."""
    SUPPRESSION_LIFTED = "suppression_lifted"
    """She opted in again herself, and is off the list."""
    ERASED_AS_WELL = "erased_as_well"
    """What an erasure had to keep was erased, since its time was over."""
    REAPPEARED = "reappeared"
    """Who was erased was found in a system again."""
    REAPPLIED = "reapplied"
    """An erasure, a withdrawal or an objection was done once more in one system."""
    REAPPLY_DROPPED = "reapply_dropped"
    """It was not wanted any more: she has decided otherwise since."""
    SWEPT = "swept"
    """A whole system was gone through for people who were erased."""
    LINKS_PUSHED = "links_pushed"
    """A whole system was gone through, and its fields for footer links brought up to date."""
    REPLAYED = "replayed"
    """After a restored back-up: what had been asked for since was done once more."""
    ADDRESS_CHANGE = "address_change"
    """How far a change of address is: its fact ``step`` says."""
    PERSON_OPENED = "person_opened"
    """Of several people under one address, one has shown who she is."""
    RELEASED = "released"
    """An operator was sure who somebody is: she sees more, until the day in the facts."""
    CASE_OPENED = "case_opened"
    """Something waits for a person."""
    CASE_LOOKED = "case_looked"
    """An operator read what it is about."""
    CASE_ANSWERED = "case_answered"
    """An operator has answered her."""
    CASE_CLOSED = "case_closed"
    """An operator is done with it; how it ended stands in the facts."""
    BREAK_OVER = "break_over"
    """A break of a mailing was over: given back, asked about, or overtaken before its day."""
    RESTORED = "restored"
    """The portal's own database was restored from a back-up."""
    API_KEY_ADDED = "api_key_added"
    API_KEY_REMOVED = "api_key_removed"


class NotACode(ValueError):
    """A fact is not a code. The message names the fact, never what it held."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. ``head`` is the digest of the last link, to be kept elsewhere."""

    ok: bool
    chained: int
    unchained: int
    head: str
    bad_position: int | None = None
    reason: str | None = None


class Ledger:
    """Writes, chains and checks the ledger."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def note(
        self,
        session: Session,
        event: Event,
        *,
        subject_id: str | None = None,
        request_id: str | None = None,
        facts: Mapping[str, Any] | None = None,
        details: str | None = None,
    ) -> None:
        """Insert one entry, in the transaction of what it tells.

        Args:
            session: That transaction's.
            event: What happened.
            subject_id: The subject's random id.
            request_id: The request's random id.
            facts: Codes, numbers and lists of them. An address or a sentence is refused.
            details: What it was about, in full; only a salted commitment to it is kept.

        Raises:
            NotACode: A fact could be a personal value.
        """
        facts = dict(facts or {})
        for name, fact in facts.items():
            if not _is_code(name) or not _is_code(fact):
                raise NotACode(f"the fact {name!r} is not a code")
        salt = secrets.token_bytes(32) if details is not None else None
        entry = LedgerEntry(
            at=self._clock(),
            event=event,
            subject_id=subject_id,
            request_id=request_id,
            facts=facts,
            salt=salt,
            commitment=commitment(salt, details) if salt and details is not None else None,
        )
        session.add(entry)
        session.flush()
        session.add(LedgerWaiting(entry_id=entry.id))

    def seal(self, database: Database) -> int:
        """Chain what has been inserted since; how many entries that were. Several may try."""
        with database.reading() as session:
            if session.scalar(select(LedgerWaiting.entry_id).limit(1)) is None:
                return 0
        with database.unit("ledger sealed") as unit:
            if unit.session.get_bind().dialect.name == "postgresql":
                unit.session.execute(text(f"SELECT pg_advisory_xact_lock({SEAL_LOCK})"))
            last = unit.session.scalar(
                select(LedgerLink).order_by(LedgerLink.position.desc()).limit(1)
            )
            position, digest = (last.position, last.digest) if last else (0, GENESIS)
            entries = unit.session.scalars(_unchained().limit(BATCH)).all()
            for entry in entries:
                position += 1
                digest = _link(position, digest, entry)
                unit.session.add(LedgerLink(position=position, entry_id=entry.id, digest=digest))
            chained = [entry.id for entry in entries]
            unit.session.execute(delete(LedgerWaiting).where(LedgerWaiting.entry_id.in_(chained)))
            unit.commit()
        return len(entries)

    def verify(self, database: Database) -> Verification:
        """Recompute the whole chain, in constant memory."""
        with database.reading() as session:
            unchained = _count_unchained(session)
            digest, position = GENESIS, 0
            for link, entry in _walk(session):
                position += 1
                if link.position != position:
                    reason = "a link is missing"
                elif entry is None:
                    reason = "an entry is missing"
                elif _link(position, digest, entry) != link.digest:
                    reason = "an entry or a link was changed"
                else:
                    digest = link.digest
                    continue
                return Verification(False, position - 1, unchained, digest.hex(), position, reason)
        return Verification(True, position, unchained, digest.hex())


def commitment(salt: bytes, details: str) -> bytes:
    """Binds to the details without telling them; mute once the salt is destroyed."""
    return hashlib.sha256(salt + details.encode()).digest()


def _unchained() -> Select[LedgerEntry]:
    waiting = LedgerWaiting.entry_id == LedgerEntry.id
    return select(LedgerEntry).join(LedgerWaiting, waiting).order_by(LedgerEntry.id)


def _count_unchained(session: Session) -> int:
    """Not by `LedgerWaiting`: an entry that was slipped in past the portal counts, too."""
    chained = select(LedgerLink.entry_id).where(LedgerLink.entry_id == LedgerEntry.id)
    unchained = select(func.count()).select_from(LedgerEntry).where(~chained.exists())
    return session.scalar(unchained) or 0


def _walk(session: Session) -> Iterator[tuple[LedgerLink, LedgerEntry | None]]:
    """All links in order, each with its entry, a batch at a time."""
    position = -1
    while True:
        rows = session.execute(
            select(LedgerLink, LedgerEntry)
            .outerjoin(LedgerEntry, LedgerEntry.id == LedgerLink.entry_id)
            .where(LedgerLink.position > position)
            .order_by(LedgerLink.position)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        position = rows[-1][0].position
        yield from ((link, entry) for link, entry in rows)
        session.expunge_all()


def _link(position: int, before: bytes, entry: LedgerEntry) -> bytes:
    told = {
        "position": position,
        "before": before.hex(),
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": str(entry.event),
        "subject": entry.subject_id,
        "request": entry.request_id,
        "facts": entry.facts,
        # not the salt: it may be destroyed, and the commitment alone binds
        "commitment": entry.commitment.hex() if entry.commitment else None,
    }
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).digest()


def _is_code(fact: object) -> bool:
    if fact is None or isinstance(fact, bool | int):
        return True
    if isinstance(fact, str):
        return CODE.fullmatch(fact) is not None
    return isinstance(fact, list | tuple) and all(_is_code(item) for item in fact)
