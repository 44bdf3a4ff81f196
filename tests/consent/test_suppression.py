"""C17: the suppression list stands by site, names nobody, and is lifted by a later opt-in alone."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from portal.consent.suppression import ByDigest, Suppressed, Suppressions
from portal.domain.addresses import Email
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.tables import Request, SubjectAlias, Suppression
from portal.store.vault import Vault
from tests.storing import NOON, FakeClock, add_subject, make_vault

ANN = Email.parse("ann@example.org")


@pytest.fixture
def suppressions(clock: FakeClock) -> Suppressions:
    return Suppressions(Ledger(clock), clock)


def ask(
    database: Database,
    vault: Vault,
    request_id: str,
    *,
    site: str = "one",
    days: float = 0,
    subject: str = "ann",
) -> None:
    """She asks for erasure on a site; her alias is known."""
    version, digest = vault.alias(ANN)
    with database.unit("test") as unit:
        if unit.session.get(SubjectAlias, (version, digest)) is None:
            unit.session.add(SubjectAlias(key_version=version, digest=digest, subject_id=subject))
        unit.session.add(
            Request(
                id=request_id,
                subject_id=subject,
                site=site,
                right="erase",
                locale="en",
                received_at=NOON + timedelta(days=days),
                details={},
            )
        )
        unit.commit()


def suppress(
    database: Database, suppressions: Suppressions, request_id: str, days: float = 0
) -> None:
    with database.unit("test") as unit:
        suppressions.add(unit.session, "ann", request_id, NOON + timedelta(days=days))
        unit.commit()


def lift(database: Database, suppressions: Suppressions, days: float) -> bool:
    with database.unit("test") as unit:
        lifted = suppressions.lift(unit.session, "ann", NOON + timedelta(days=days), "crm")
        unit.commit()
    return lifted


def of(database: Database, *sites: str) -> Suppressed | None:
    with database.reading() as db:
        return Suppressions.of(db, "ann", sites)


@pytest.fixture
def ann(database: Database, vault: Vault, suppressions: Suppressions) -> Database:
    add_subject(database, "ann")
    ask(database, vault, "r1")
    suppress(database, suppressions, "r1")
    return database


@pytest.mark.parametrize("few", [0, 100])
def test_c17_she_is_found_by_a_keyed_hash_however_many_there_are(
    ann: Database, vault: Vault, few: int
) -> None:
    (_, digest), other = vault.alias(ANN), b"x" * 32
    listed = ByDigest(ann, ["one"], few)

    assert listed.among([other, digest]) == {digest: (Suppressed("ann", NOON),)}
    assert listed.among([other]) == {}


def test_c17_without_the_key_nobody_is_found(ann: Database) -> None:
    """A dictionary run with other keys, over a copy of the database, yields nothing."""
    _, digest = make_vault().alias(ANN)
    assert ByDigest(ann, ["one"]).among([digest]) == {}


def test_c17_a_site_that_sees_other_systems_says_nothing_about_them(ann: Database) -> None:
    assert of(ann, "one", "two") is not None
    assert of(ann, "two") is None
    assert of(ann) is None


def test_c17_only_a_later_opt_in_lifts_it(ann: Database, suppressions: Suppressions) -> None:
    assert not lift(ann, suppressions, days=-1)
    assert not lift(ann, suppressions, days=0)
    assert of(ann, "one") is not None
    assert lift(ann, suppressions, days=1)
    assert of(ann, "one") is None
    assert not lift(ann, suppressions, days=2), "there is nothing left to lift"


def test_c17_a_second_erasure_suppresses_anew_and_no_older_site_with_it(
    ann: Database, vault: Vault, suppressions: Suppressions, clock: FakeClock
) -> None:
    """Her opt-in on the first site came after her erasure there, and still stands."""
    clock.advance(days=1)
    lift(ann, suppressions, days=1)
    clock.advance(days=1)
    ask(ann, vault, "r2", site="two", days=2)
    suppress(ann, suppressions, "r2", days=2)

    assert of(ann, "two") == Suppressed("ann", NOON + timedelta(days=2))
    assert of(ann, "one") is None


def test_c17_two_systems_that_end_at_once_make_one_row(
    ann: Database, vault: Vault, suppressions: Suppressions
) -> None:
    lift(ann, suppressions, days=1)
    ask(ann, vault, "r2", days=2)
    together, faults = Barrier(2), []

    def end() -> None:
        together.wait()
        try:
            suppress(ann, suppressions, "r2", days=2)
        except Exception as fault:  # noqa: BLE001  whatever it was, the test names it
            faults.append(fault)

    threads = [Thread(target=end) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    with ann.reading() as db:
        assert db.query(Suppression).filter(Suppression.lifted_at.is_(None)).count() == 1
