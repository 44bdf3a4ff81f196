"""Redeeming a mailed link or code: once, by the one it was meant for, within its time."""

from dataclasses import dataclass

from portal.access.ask import Purpose
from portal.access.mailed import MailedProofs, Refusal, find
from portal.access.proof_mail import SEALED_FOR
from portal.access.sessions import Kind, Sessions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Goal
from portal.store.database import Database, Unit
from portal.store.tables import Proof
from portal.store.vault import Vault

__all__ = ["Opened", "Redeeming", "Refusal", "Waiting"]


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
        mailed: MailedProofs,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._sessions = sessions
        self._mailed = mailed
        self._clock = clock

    def waiting(self, reference: str, purpose: Purpose) -> Waiting | None:
        """What is asked for under this reference; None when there is no such."""
        with self._database.reading() as db:
            proof = find(db, reference, purpose)
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
            proof = self._mailed.by_link(unit.session, reference, token, nonce, purpose)
            if isinstance(proof, Refusal):
                return proof
            return self._use_up(unit, proof, "tab")

    def by_code(self, reference: str, code: str, kind: Kind, purpose: Purpose) -> Opened | Refusal:
        """Redeem a code. Each try is counted before it is checked, and costs the same for all."""
        proof = self._mailed.by_code(reference, code, purpose)
        if isinstance(proof, Refusal):
            return proof
        with self._database.unit("code redeemed") as unit:
            return self._use_up(unit, unit.session.merge(proof, load=False), kind)

    def _use_up(self, unit: Unit, proof: Proof, kind: Kind) -> Opened | Refusal:
        sealed = proof.email_sealed
        if not self._mailed.use_up(unit.session, proof, self._clock()) or sealed is None:
            return Refusal.NO_LONGER
        email = Email.parse(self._vault.unseal(sealed, SEALED_FOR))
        token = self._sessions.open(unit.session, proof, email, kind, tier=proof.tier)
        # Whoever else holds a mail for this address can do nothing with it any more; what they are
        # answered stays as it was, or a stranger would see that she has signed in.
        self._mailed.void(unit.session, Proof.address_digest == proof.address_digest)
        opened = Opened(token, Goal(proof.goal), proof.locale, proof.tier)
        unit.commit()
        return opened
