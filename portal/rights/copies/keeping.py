"""Copies that lie ready for a day: sealed each with a key of its own, which is then destroyed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.domain.clock import Clock
from portal.domain.rights import Goal
from portal.domain.terms import COPIES, WORK
from portal.proof.ledger import Event, Ledger
from portal.rights.copies.telling import CopyKind, Told
from portal.rights.held.other_addresses import OtherAddresses
from portal.store.database import Database, rows_changed
from portal.store.own_key import open_under_own_key, seal_under_own_key
from portal.store.tables import Copy
from portal.store.vault import CannotUnseal, Vault

LIVING = 5
"""So many of one person's lie ready at a time; the oldest makes room."""
SEALED_FOR = "copy key"


class Form(StrEnum):
    """In which forms a copy is taken along."""

    JSON = "json"
    CSV = "csv"
    VCARD = "vcard"
    ZIP = "zip"


class DoesNotOpen(Exception):
    """There is nothing to give out; its kinds say why."""


class NoCopy(DoesNotOpen):
    """There is no copy of this reference, or it is another person's or another site's."""


class Over(DoesNotOpen):
    """The copy was there and is destroyed, or cannot be opened any more."""


class Withheld(DoesNotOpen):
    """It is hers, but whether this mailbox is, the old one may still deny: see `Barrier`."""


class NeedsProof(DoesNotOpen):
    """It is hers, but neither made by this session nor is the mailbox proven anew for a copy."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A copy that lies ready, without what is in it."""

    reference: str
    kind: CopyKind
    made_at: datetime
    expires_at: datetime


class Copies:
    """Keeps, opens and destroys copies."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        others: OtherAddresses,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._others = others
        self._clock = clock

    def keep(self, db: Db, signed_in: SignedIn, request_id: str, reference: str, told: Told) -> int:
        """Seal and keep a copy, within the commit of its request; its sealed size in bytes."""
        now = self._clock()
        sealed, key = seal_under_own_key(json.dumps(told).encode())
        self._make_room(db, signed_in.subject_id)
        db.add(
            Copy(
                reference=reference,
                request_id=request_id,
                subject_id=signed_in.subject_id,
                site=signed_in.site,
                session_id=signed_in.session_id,
                kind=told["kind"],
                tier=signed_in.tier,
                made_at=now,
                expires_at=now + COPIES,
                key_sealed=self._vault.seal(key, SEALED_FOR),
                content_sealed=sealed,
            )
        )
        return len(sealed)

    def ready(self, signed_in: SignedIn) -> list[Lying]:
        """Her copies of this site that can be opened still, newest first."""
        if self._others.is_doubtful(signed_in.email, signed_in.site):
            return []
        with self._database.reading() as db:
            rows = db.scalars(
                select(Copy)
                .where(
                    Copy.subject_id == signed_in.subject_id,
                    Copy.site == signed_in.site,
                    Copy.tier <= signed_in.tier,
                    *_living(self._clock()),
                )
                .order_by(Copy.id.desc())
            ).all()
        return [_lying(row) for row in rows]

    def open(self, signed_in: SignedIn, reference: str) -> tuple[Lying, Told]:
        """A copy with what is in it.

        Raises:
            NoCopy: There is none, or none of hers on this site.
            Withheld: See there.
            Over: Its day is over.
            NeedsProof: The mailbox has to be proven first, or more than that.
        """
        row = self._of_hers(signed_in, reference)
        if self._others.is_doubtful(signed_in.email, signed_in.site):
            raise Withheld
        key, sealed = row.key_sealed, row.content_sealed
        if key is None or sealed is None or row.expires_at <= self._clock():
            raise Over
        by_whom_made_it = row.session_id == signed_in.session_id
        proven = signed_in.has_fresh_proof_for(Goal.COPY, self._clock())
        in_a_tab = signed_in.kind == "tab"
        if not (in_a_tab and (by_whom_made_it or proven) and row.tier <= signed_in.tier):
            raise NeedsProof
        try:
            told: Told = json.loads(open_under_own_key(sealed, self._vault.unseal(key, SEALED_FOR)))
        except CannotUnseal:  # the keys of the portal are others by now: as good as destroyed
            raise Over from None
        return _lying(row), told

    def taken(self, signed_in: SignedIn, reference: str, form: Form) -> None:
        """Note that it was taken along in this form."""
        with self._database.unit("copy taken") as unit:
            row = self._found(unit.session, signed_in, reference)
            self._ledger.note(
                unit.session,
                Event.COPY_TAKEN,
                subject_id=signed_in.subject_id,
                request_id=row.request_id,
                facts={"form": form},
            )
            unit.commit()

    def expire(self) -> None:
        """A chore: destroy the key and the content of what has had its day."""
        now = self._clock()
        old = Copy.expires_at <= now
        with self._database.reading() as db:
            over = db.scalar(select(Copy.id).where(Copy.key_sealed.is_not(None), old).limit(1))
        if over is None:  # an idle portal writes nothing
            return
        with self._database.unit("copies expired") as unit:
            rows = unit.session.scalars(
                select(Copy).where(Copy.key_sealed.is_not(None), old).order_by(Copy.id)
            ).all()
            for row in rows:
                self._destroy(unit.session, row)
            unit.commit()

    @staticmethod
    def forget(db: Db, now: datetime) -> None:
        """Delete the emptied rows of long ago, within a unit of work of the caller's.

        Until then whoever comes too late is told so, and not that there is no such page.
        """
        db.execute(delete(Copy).where(Copy.expires_at < now - WORK, Copy.key_sealed.is_(None)))

    def _make_room(self, db: Db, subject_id: str) -> None:
        living = db.scalars(
            select(Copy)
            .where(Copy.subject_id == subject_id, *_living(self._clock()))
            .order_by(Copy.id)
        ).all()
        for row in living[: max(0, len(living) - LIVING + 1)]:
            self._destroy(db, row)

    def _destroy(self, db: Db, row: Copy) -> None:
        """Of two workers that come to the same copy, one has destroyed it."""
        destroyed = db.execute(
            update(Copy)
            .where(Copy.id == row.id, Copy.key_sealed.is_not(None))
            .values(key_sealed=None, content_sealed=None)
            .execution_options(synchronize_session=False)
        )
        if rows_changed(destroyed) == 1:
            self._ledger.note(
                db, Event.COPY_DESTROYED, subject_id=row.subject_id, request_id=row.request_id
            )

    def _of_hers(self, signed_in: SignedIn, reference: str) -> Copy:
        with self._database.reading() as db:
            return self._found(db, signed_in, reference)

    @staticmethod
    def _found(db: Db, signed_in: SignedIn, reference: str) -> Copy:
        if "\0" in reference:  # which PostgreSQL cannot be asked for
            raise NoCopy
        row = db.scalar(select(Copy).where(Copy.reference == reference))
        if (row is None or row.subject_id != signed_in.subject_id) or row.site != signed_in.site:
            raise NoCopy
        return row


def _living(now: datetime) -> Sequence[ColumnElement[bool]]:
    return Copy.key_sealed.is_not(None), Copy.expires_at > now


def _lying(row: Copy) -> Lying:
    return Lying(row.reference, CopyKind(row.kind), row.made_at, row.expires_at)
