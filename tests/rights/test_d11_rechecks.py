"""D11: 1, 7 and 30 days after an erasure it is looked at again whether she has stayed away."""

from datetime import timedelta

import pytest

from portal.rights.lasting import recheck
from portal.rights.lasting.recheck import Rechecking
from portal.store.tables import Job
from portal.sync.jobs import Finished
from tests.portals import Office
from tests.recovering import Recovering, must_fail


def jobs(office: Office, kind: str = "recheck") -> list[Job]:
    with office.database.reading() as db:
        return db.query(Job).filter(Job.kind == kind).order_by(Job.id).all()


@pytest.fixture
def erased(recovering: Recovering) -> Office:
    recovering.erase()
    return recovering.office


def check_d11(recovering: Recovering) -> None:
    """Loaded again after six days: noticed on the seventh, told, and erased again."""
    recovering.erase()
    recovering.office.clock.advance(days=6)
    recovering.office.work()
    recovering.import_again()
    recovering.office.work()
    assert recovering.is_there()

    recovering.office.clock.advance(days=1, minutes=1)
    recovering.office.work()

    assert not recovering.is_there()
    assert "reappeared" in recovering.alarms()
    assert recovering.events("reappeared", "reapplied") == ["reappeared", "reapplied"]


def test_d11_three_looks_and_then_it_is_wiped(erased: Office) -> None:
    ended = erased.clock()
    for days in (1, 7, 30):
        (job,) = jobs(erased)
        assert (job.due_at, job.ended_at) == (ended + timedelta(days=days), None)
        assert job.payload_sealed
        erased.clock.now = ended + timedelta(days=days, seconds=1)
        erased.work()

    (job,) = jobs(erased)
    assert (job.end, job.payload_sealed) == ("done", None)


def test_d11_who_comes_back_is_erased_again(recovering: Recovering) -> None:
    check_d11(recovering)
    assert len(jobs(recovering.office)) == 1
    assert jobs(recovering.office)[0].ended_at is None, "and it goes on looking"


def test_d11_fails_without_its_safeguard(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rechecking, "run", lambda *_: Finished())
    must_fail(check_d11, recovering)


def test_d11_a_portal_that_was_off_for_long_looks_once_and_goes_on(erased: Office) -> None:
    ended = erased.clock()
    erased.clock.advance(days=12)
    erased.work()

    (job,) = jobs(erased)
    assert job.due_at == ended + timedelta(days=30)


def test_d11_a_later_opt_in_ends_the_looking(recovering: Recovering, erased: Office) -> None:
    erased.clock.advance(hours=20)
    recovering.import_again(opted_in_at=erased.clock())
    erased.clock.advance(hours=5)
    erased.work()

    assert recovering.is_there()
    assert recovering.suppressed() == 0
    (job,) = jobs(erased)
    assert (job.end, job.payload_sealed) == ("done", None)


def test_d11_a_record_that_was_filled_in_again_without_an_address_counts(
    recovering: Recovering, erased: Office
) -> None:
    """What was kept of her (its key is known) has her name again."""
    erased.crm("UPDATE contacts SET first_name = 'Marijke' WHERE id = 1")
    erased.clock.advance(days=1, minutes=1)
    erased.work()

    assert erased.crm("SELECT first_name FROM contacts WHERE id = 1") != [{"first_name": "Marijke"}]
    assert "reappeared" in recovering.alarms()


def test_d11_somebody_else_under_the_key_of_old_is_left_alone(
    recovering: Recovering, erased: Office
) -> None:
    """Databases give the key of a deleted row to the next one."""
    erased.crm("UPDATE contacts SET first_name = 'Bo', email = 'bo@example.org' WHERE id = 1")
    erased.clock.advance(days=1, minutes=1)
    erased.work()

    assert recovering.is_there("bo@example.org")
    assert recovering.alarms() == []


def test_d11_a_crm_that_is_away_is_asked_again(recovering: Recovering, erased: Office) -> None:
    recovering.import_again()
    away = erased.crm_file.with_name("away")
    for adapter in erased.portal.adapters.values():
        adapter.close()
    erased.crm_file.rename(away)
    erased.clock.advance(days=1, minutes=1)
    erased.work()
    away.rename(erased.crm_file)

    erased.clock.advance(hours=1)
    erased.work()

    assert not recovering.is_there()


def test_d11_it_stands_in_nobodys_way(recovering: Recovering, erased: Office) -> None:
    """A job that sleeps for weeks must not hold back what she asks for meanwhile."""
    erased.clock.advance(hours=1)
    recovering.import_again()
    visitor = erased.visitor().sign_in(erased)
    recovering.decide(visitor, "newsletter", "no")

    assert recovering.newsletter() == [0]


def test_d11_it_is_put_down_in_the_commit_that_ends_the_erasure(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If that cannot be, the erasure has not ended either, and is done once more."""

    def away(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("portal.rights.delivery.aftermath.recheck", away)
    recovering.erase()
    assert recovering.suppressed() == 0
    assert jobs(recovering.office) == []
    monkeypatch.setattr("portal.rights.delivery.aftermath.recheck", recheck.recheck)

    recovering.office.clock.advance(hours=1)
    recovering.office.work()

    assert recovering.suppressed() == 1
    assert len(jobs(recovering.office)) == 1
