"""Redeeming a mailed link or code: once, by the one it was meant for, within its time."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session as Db

from portal.access.ask import Purpose
from portal.access.lifetimes import Lifetimes
from portal.access.proof_mail import SEALED_FOR
from portal.access.sessions import Kind, Sessions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Goal
from portal.store.database import Database, Unit
from portal.store.tables import Proof
from portal.store.vault import Vault, read_code, token_hash


class Refusal(StrEnum):
    """Why no session was opened. What is said of it on a page never tells a stranger more."""

    NEEDS_CODE = "needs_code"
    """The link is good, but another browser asked for it: the code of the same mail decides."""
    WRONG_CODE = "wrong_code"
    NO_LONGER = "no_longer"
    """Used, expired, tried too often, or never existed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session was opened: its token, and where its bearer wanted to go."""

    token: str
    goal: Goal
    locale: str
    tier: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page of a reference may show of it; nothing that tells known from unknown."""

    reference: str
    purpose: Purpose
    site: str
    goal: Goal
    locale: str


class Redeeming:
    """Checks links and codes, and opens sessions."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        sessions: Sessions,
        lifetimes: Lifetimes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._sessions = sessions
        self._lifetimes = lifetimes
        self._clock = clock

    def waiting(self, reference: str, purpose: Purpose) -> Waiting | None:
        """What is asked for under this reference; None when there is no such."""
        with self._database.reading() as db:
            proof = _proof(db, reference, purpose)
        if proof is None:
            return None
        return Waiting(reference, purpose, proof.site, Goal(proof.goal), proof.locale)

    def by_link(
        self, reference: str, token: str, nonce: str | None, purpose: Purpose
    ) -> Opened | Refusal:
        """Redeem a link, always into a tab.

        Without the nonce of the browser that asked nothing is used up: a scanner that presses
        buttons gets a form for a code.
        """
        with self._database.unit("link redeemed") as unit:
            proof = _proof(unit.session, reference, purpose)
            if proof is None:
                return Refusal.NO_LONGER
            hashed = self._vault.check_token(token, purpose, proof.site)
            if hashed is None or not hmac.compare_digest(hashed, proof.token_hash or b""):
                return Refusal.NO_LONGER
            if not self._is_open(proof):
                return Refusal.NO_LONGER
            if nonce is None or not hmac.compare_digest(token_hash(nonce), proof.nonce_hash):
                return Refusal.NEEDS_CODE
            return self._use_up(unit, proof, "tab")

    def by_code(self, reference: str, code: str, kind: Kind, purpose: Purpose) -> Opened | Refusal:
        """Redeem a code. Each try is counted before it is checked, and costs the same for all."""
        with self._database.unit("code counted") as unit:
            counted = unit.session.execute(
                update(Proof)
                .where(
                    Proof.reference == reference,
                    Proof.purpose == purpose,
                    Proof.code_tries < self._lifetimes.code_tries,
                    *_unused(self._clock()),
                )
                .values(code_tries=Proof.code_tries + 1)
            )
            unit.commit()
        with self._database.reading() as db:
            proof = _proof(db, reference, purpose)
        stored = proof.code_hash if proof else None
        right = self._vault.check_code(read_code(code), stored)
        if proof is None or counted.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE has one
            return Refusal.NO_LONGER
        if not right:
            last = proof.code_tries >= self._lifetimes.code_tries
            return Refusal.NO_LONGER if last else Refusal.WRONG_CODE
        with self._database.unit("code redeemed") as unit:
            return self._use_up(unit, unit.session.merge(proof, load=False), kind)

    def _is_open(self, proof: Proof) -> bool:
        return (
            proof.used_at is None
            and proof.expires_at is not None
            and (self._clock() < proof.expires_at)
        )

    def _use_up(self, unit: Unit, proof: Proof, kind: Kind) -> Opened | Refusal:
        now = self._clock()
        sealed = proof.email_sealed
        used = unit.session.execute(
            update(Proof)
            .where(
                Proof.id == proof.id,
                Proof.expires_at.is_not(None),
                Proof.email_sealed.is_not(None),  # void meanwhile, while a code was being checked?
                *_unused(now),
            )
            .values(used_at=now, email_sealed=None)
            .execution_options(synchronize_session=False)
        )
        if used.rowcount != 1 or sealed is None:  # type: ignore[attr-defined]  # see above
            return Refusal.NO_LONGER
        email = Email.parse(self._vault.unseal(sealed, SEALED_FOR))
        token = self._sessions.open(unit.session, proof, email, kind, tier=proof.tier)
        # Whoever else holds a mail for this address can do nothing with it any more; what they are
        # answered stays as it was, or a stranger would see that she has signed in.
        unit.session.execute(
            update(Proof)
            .where(Proof.address_digest == proof.address_digest, Proof.used_at.is_(None))
            .values(token_hash=None, code_hash=None, email_sealed=None)
            .execution_options(synchronize_session=False)
        )
        opened = Opened(token, Goal(proof.goal), proof.locale, proof.tier)
        unit.commit()
        return opened


def _proof(db: Db, reference: str, purpose: Purpose) -> Proof | None:
    if "\0" in reference:  # which PostgreSQL cannot be asked for
        return None
    return db.scalar(select(Proof).where(Proof.reference == reference, Proof.purpose == purpose))


def _unused(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Proof.used_at.is_(None), or_(Proof.expires_at.is_(None), Proof.expires_at > now)
