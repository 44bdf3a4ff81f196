"""The operators' accounts. They are made at the command line of the machine, and nowhere else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from portal.desk.factors import checked_password, new_recovery_codes, recovery_hash
from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import Operator, OperatorSession
from portal.store.vault import Vault

SEALED_FOR = "operator-totp"
NAME = re.compile(r"[a-z][a-z0-9._-]{0,47}")


class BadName(ValueError):
    """Not a name for an operator."""


class NameTaken(Exception):
    """There is an operator of this name."""


@dataclass(frozen=True, slots=True)
class Account:
    """An operator, as the command line lists one."""

    id: int
    name: str
    created_at: datetime
    recovery_codes: int
    """How many are left."""
    last_signed_in: datetime | None


class Operators:
    """Adds, lists and removes operators."""

    def __init__(self, database: Database, vault: Vault, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock

    def check_name(self, name: str) -> None:
        """Is this a name that can be added?

        Raises:
            BadName: It is none.
            NameTaken: Somebody has it.
        """
        if not NAME.fullmatch(name):
            raise BadName(
                "a name has small letters, digits, dots, - and _, and begins with a letter"
            )
        with self._database.reading() as db:
            taken = select(Operator.id).where(Operator.name == name, Operator.disabled_at.is_(None))
            if db.scalar(taken) is not None:
                raise NameTaken(f"there is an operator {name} already")

    def add(self, name: str, password: str, secret: str) -> Sequence[str]:
        """Add an operator; her recovery codes, which nobody can read again.

        A name that was removed comes back as the same operator, with new secrets: what the ledger
        tells of her stays hers.

        Raises:
            BadName: It is no name.
            NameTaken: Somebody has it.
            WeakPassword: The password is too short.
        """
        self.check_name(name)
        codes = new_recovery_codes()
        secrets = {
            "password_hash": self._vault.hash_code(checked_password(password)),
            "totp_sealed": self._vault.seal(secret, SEALED_FOR),
            "recovery_hashes": [recovery_hash(code) for code in codes],
            "disabled_at": None,
        }
        with self._database.unit("operator added") as unit:
            db = unit.session
            operator = db.scalar(select(Operator).where(Operator.name == name).with_for_update())
            if operator is None:
                operator = Operator(name=name, created_at=self._clock(), totp_step=0, **secrets)
                db.add(operator)
            elif operator.disabled_at is None:
                raise NameTaken(f"there is an operator {name} already")
            else:
                for column, value in secrets.items():
                    setattr(operator, column, value)
                operator.totp_step = 0
            db.flush()
            self._ledger.note(db, Event.OPERATOR_ADDED, facts={"operator": operator.id})
            unit.commit()
        return codes

    def all(self) -> list[Account]:
        """Every operator who can sign in, by name."""
        last = (
            select(OperatorSession.opened_at)
            .where(OperatorSession.operator_id == Operator.id)
            .order_by(OperatorSession.opened_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        with self._database.reading() as db:
            rows = db.execute(
                select(Operator, last).where(Operator.disabled_at.is_(None)).order_by(Operator.name)
            ).all()
        return [
            Account(one.id, one.name, one.created_at, len(one.recovery_hashes), signed_in)
            for one, signed_in in rows
        ]

    def remove(self, name: str) -> bool:
        """Remove an operator, her sessions and her secrets; False when there is none.

        The row stays, without a secret in it: the ledger refers to its id.
        """
        now = self._clock()
        with self._database.unit("operator removed") as unit:
            db = unit.session
            operator = db.scalar(
                select(Operator)
                .where(Operator.name == name, Operator.disabled_at.is_(None))
                .with_for_update()
            )
            if operator is None:
                return False
            operator.disabled_at = now
            operator.password_hash, operator.totp_sealed = "", b""
            operator.recovery_hashes = []
            db.execute(
                update(OperatorSession)
                .where(
                    OperatorSession.operator_id == operator.id, OperatorSession.ended_at.is_(None)
                )
                .values(ended_at=now)
            )
            self._ledger.note(db, Event.OPERATOR_REMOVED, facts={"operator": operator.id})
            unit.commit()
        return True
