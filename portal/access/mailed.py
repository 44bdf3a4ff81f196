"""Links and codes of a mail: each try is counted, and each proof is used once."""

import hmac
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session as Db

from portal.access.lifetimes import Lifetimes
from portal.domain.clock import Clock
from portal.store.database import Database, rows_changed
from portal.store.tables import Proof
from portal.store.vault import Vault, read_code, token_hash


class Refusal(StrEnum):
    """Why a link or a code opened nothing. What a page says of it never tells a stranger more."""

    NEEDS_CODE = "needs_code"
    """The link is good, but another browser asked for it: the code of the same mail decides."""
    WRONG_CODE = "wrong_code"
    NO_LONGER = "no_longer"
    """Used, expired, tried too often, or never existed."""


class MailedProofs:
    """Checks what was mailed. Whose it is, and what it opens, is for the caller."""

    def __init__(
        self, database: Database, vault: Vault, lifetimes: Lifetimes, clock: Clock
    ) -> None:
        self._database = database
        self._vault = vault
        self._lifetimes = lifetimes
        self._clock = clock

    def by_link(
        self, db: Db, reference: str, token: str, nonce: str | None, purpose: str
    ) -> Proof | Refusal:
        """The proof of a good link, in the browser that asked; nothing is used up."""
        proof = find(db, reference, purpose)
        if proof is None:
            return Refusal.NO_LONGER
        hashed = self._vault.check_token(token, purpose, proof.site)
        if hashed is None or not hmac.compare_digest(hashed, proof.token_hash or b""):
            return Refusal.NO_LONGER
        if not self.is_open(proof):
            return Refusal.NO_LONGER
        if nonce is None or not hmac.compare_digest(token_hash(nonce), proof.nonce_hash):
            return Refusal.NEEDS_CODE
        return proof

    def by_secret(self, db: Db, reference: str, secret: str, purpose: str) -> Proof | Refusal:
        """The proof of a good link that nobody's browser has asked for: 256 random bits alone."""
        proof = find(db, reference, purpose)
        if proof is None or not self.is_open(proof):
            return Refusal.NO_LONGER
        if not hmac.compare_digest(token_hash(secret), proof.token_hash or b""):
            return Refusal.NO_LONGER
        return proof

    def by_code(self, reference: str, code: str, purpose: str) -> Proof | Refusal:
        """The proof of a right code. Each try is counted before it is checked; all cost the same.

        The proof is detached, and may have been used up since.
        """
        with self._database.unit("code counted") as unit:
            counted = unit.session.execute(
                update(Proof)
                .where(
                    Proof.reference == reference,
                    Proof.purpose == purpose,
                    Proof.code_tries < self._lifetimes.code_tries,
                    *unused(self._clock()),
                )
                .values(code_tries=Proof.code_tries + 1)
            )
            unit.commit()
        with self._database.reading() as db:
            proof = find(db, reference, purpose)
        stored = proof.code_hash if proof else None
        right = self._vault.check_code(read_code(code), stored)
        if proof is None or rows_changed(counted) != 1:
            return Refusal.NO_LONGER
        if not right:
            last = proof.code_tries >= self._lifetimes.code_tries
            return Refusal.NO_LONGER if last else Refusal.WRONG_CODE
        return proof

    def is_open(self, proof: Proof) -> bool:
        """Was it mailed, not used, and is it in time?"""
        return (
            proof.used_at is None
            and proof.expires_at is not None
            and self._clock() < proof.expires_at
        )

    @staticmethod
    def use_up(db: Db, proof: Proof, now: datetime) -> bool:
        """Use it, once. False: somebody was faster, or it is void or too old by now."""
        used = db.execute(
            update(Proof)
            .where(
                Proof.id == proof.id,
                Proof.expires_at.is_not(None),
                Proof.email_sealed.is_not(None),  # void meanwhile, while a code was being checked?
                *unused(now),
            )
            .values(used_at=now, email_sealed=None)
            .execution_options(synchronize_session=False)
        )
        return rows_changed(used) == 1

    @staticmethod
    def void(db: Db, *which: ColumnElement[bool]) -> None:
        """Let these open nothing any more; what whoever holds one is answered stays as it was."""
        db.execute(
            update(Proof)
            .where(Proof.used_at.is_(None), *which)
            .values(token_hash=None, code_hash=None, email_sealed=None)
            .execution_options(synchronize_session=False)
        )


def find(db: Db, reference: str, purpose: str) -> Proof | None:
    """The proof of this reference, whatever became of it."""
    if "\0" in reference:  # which PostgreSQL cannot be asked for
        return None
    return db.scalar(select(Proof).where(Proof.reference == reference, Proof.purpose == purpose))


def unused(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Neither used nor too old."""
    return Proof.used_at.is_(None), or_(Proof.expires_at.is_(None), Proof.expires_at > now)
