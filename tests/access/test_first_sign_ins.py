"""Two first sign-ins of one address in the same instant make one person."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.access.lifetimes import Lifetimes
from portal.access.sessions import Sessions
from portal.domain.addresses import Email
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.tables import Proof, Session, Subject
from portal.store.vault import Vault
from tests.storing import FakeClock, clock, database, vault

__all__ = ["clock", "database", "vault"]
EMAIL = Email.parse("ann@example.org")


def proof(number: int, clock: FakeClock) -> Proof:
    return Proof(
        reference=f"reference-{number}",
        purpose="signin",
        site="demo",
        goal="view",
        locale="en",
        address_digest=bytes(32),
        nonce_hash=bytes(32),
        asked_at=clock(),
        expires_at=clock() + timedelta(minutes=10),
    )


@pytest.mark.slow
def test_of_two_first_sign_ins_at_once_both_open_a_session_of_the_same_person(
    database: Database, vault: Vault, clock: FakeClock
) -> None:
    sessions = Sessions(database, vault, Ledger(clock), Lifetimes(), clock)
    together = threading.Barrier(2)

    def sign_in(number: int) -> None:
        with database.unit("test") as unit:
            if database.engine.dialect.name == "postgresql":
                together.wait()  # SQLite has one writer at a time by itself
            sessions.open(unit.session, proof(number, clock), EMAIL, "tab")
            unit.commit()

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Subject)) == 1
        assert db.scalar(select(func.count()).select_from(Session)) == 2
