"""Signing in at the desk: a password and a second factor, in one step and with one answer.

Whoever is not let in learns nothing: not whether there is such an operator, nor which part was
wrong, by words, by statements or by time. Tries are counted for a name in one network, and for one
network, so that a stranger elsewhere can guess without keeping an operator out. Codes of the phone
are also counted for an operator whose password was right: whoever guesses at those has her password
already, and then only a recovery code opens.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.limits import DAY, HOUR, Quota, Quotas
from portal.desk.factors import new_secret, prepared_password, step_of, without
from portal.desk.operators import SEALED_FOR
from portal.desk.sessions import OperatorSessions
from portal.domain.clock import Clock
from portal.store.database import Database
from portal.store.tables import Operator
from portal.store.vault import CannotUnseal, Vault

TRIES_PER_NAME = 5
TRIES_SPAN = timedelta(minutes=15)
TRIES_PER_NETWORK = 60
CODES_PER_DAY = 20
"""Wrong codes under a right password."""
LONGEST_NAME = 64


class Refused(StrEnum):
    """Why nobody was let in, as far as anybody is told."""

    WRONG = "wrong"
    TOO_MANY = "too_many"
    """Too many tries from this network; said of every name, known or not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An operator is in: her session's token, and how many recovery codes she still has."""

    token: str
    recovery_codes: int
    by_recovery_code: bool


class SigningIn:
    """Lets operators in."""

    def __init__(
        self, database: Database, vault: Vault, sessions: OperatorSessions, clock: Clock
    ) -> None:
        self._database = database
        self._vault = vault
        self._sessions = sessions
        self._quotas = Quotas(vault)
        self._clock = clock
        # What stands for an operator whom there is not, so that it takes as long to say no.
        self._decoy = vault.seal(new_secret(), SEALED_FOR)

    def sign_in(self, name: str, password: str, code: str, network: str) -> Opened | Refused:
        """Check all three, always, and open a session if all are right.

        Args:
            name: The operator's, as typed.
            password: As typed.
            code: Of her phone, or a recovery code.
            network: Where she sits, by `portal.access.limits.network_of`.
        """
        name = name.replace("\0", "").strip().lower()[:LONGEST_NAME]  # no database takes a NUL
        with self._database.unit("operator sign-in tried") as unit:
            within = self._quotas.hit(unit.session, self._clock(), self._tries(name, network))
            unit.commit()
        if not within:
            return Refused.TOO_MANY
        operator = self._find(name)
        right = self._vault.check_code(
            prepared_password(password), operator.password_hash if operator else None
        )
        with self._database.unit("operator sign-in judged") as unit:
            proven = operator.id if operator and right else None
            judged = self._judge(unit.session, proven, code, self._tries(name, network))
            unit.commit()
        return judged

    def _find(self, name: str) -> Operator | None:
        with self._database.reading() as db:
            return db.scalar(
                select(Operator).where(Operator.name == name, Operator.disabled_at.is_(None))
            )

    def _judge(self, db: Db, proven: int | None, code: str, tries: list[Quota]) -> Opened | Refused:
        """Look at the second factor of whoever's password was right; at a decoy's, if nobody's."""
        now = self._clock()
        operator = db.scalar(
            select(Operator)
            .where(Operator.id == (proven or 0), Operator.disabled_at.is_(None))
            .with_for_update()  # so that no code is used twice at once
        )
        whose = str(operator.id) if operator else secrets.token_hex(8)
        wrong_codes = [self._quotas.quota(CODES_PER_DAY, DAY, "operator-codes", whose)]
        may_use_phone = self._quotas.have_room(db, now, wrong_codes)
        step = self._step(operator, code)
        left = without(operator.recovery_hashes if operator else (), code)
        if operator is not None and step is not None and may_use_phone:
            operator.totp_step = step
        elif operator is not None and left is not None:
            operator.recovery_hashes = left
        else:
            self._quotas.hit(db, now, wrong_codes)
            return Refused.WRONG
        self._quotas.forgive(db, tries[0])
        by_recovery_code = step is None or not may_use_phone
        token = self._sessions.open(
            db, operator, factor="recovery_code" if by_recovery_code else "phone"
        )
        return Opened(token, len(operator.recovery_hashes), by_recovery_code)

    def _step(self, operator: Operator | None, code: str) -> int | None:
        try:
            sealed = operator.totp_sealed if operator else self._decoy
            secret = self._vault.unseal(sealed, SEALED_FOR)
        except CannotUnseal:  # its key is gone; a recovery code needs none
            return None
        return step_of(secret, code, self._clock(), after=operator.totp_step if operator else 0)

    def _tries(self, name: str, network: str) -> list[Quota]:
        return [
            self._quotas.quota(TRIES_PER_NAME, TRIES_SPAN, "operator", name, network),
            self._quotas.quota(TRIES_PER_NETWORK, HOUR, "operators", network),
        ]
