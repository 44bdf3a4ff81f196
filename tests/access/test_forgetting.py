"""What is over is forgotten: a day later nothing is left of who asked and who was signed in."""

import pytest
from sqlalchemy import text

from tests.portals import MARIJKE, STRANGER, Office

TABLES = ("proofs", "sessions", "quota_hits")


def rows(office: Office) -> dict[str, int]:
    with office.database.reading() as db:
        return {
            table: db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in TABLES
        }


def do_chores(office: Office) -> None:
    office.portal.schedule.arm()
    office.portal.worker._do_chores()
    office.work()


@pytest.fixture
def visited(office: Office) -> Office:
    """A subscriber signed in and asked for a confirmation; a stranger asked as well."""
    visitor = office.visitor().sign_in(office)
    visitor.submit(visitor.get("/me/export"), "/me/confirm")
    office.visitor().ask(STRANGER)
    office.work()
    return office


def test_a_day_after_the_last_of_it_nothing_says_who_asked(visited: Office) -> None:
    """Also of addresses that nobody has: their keyed digests are of no use any more."""
    visited.clock.advance(hours=26)
    do_chores(visited)

    assert rows(visited) == dict.fromkeys(TABLES, 0)
    with visited.database.reading() as db:
        kept = db.execute(text("SELECT count(*) FROM subjects")).scalar_one()
    assert kept == 0, "whoever only looked leaves nobody behind but a number in the ledger"
    assert visited.events()[:2] == ["signed_in", "confirmation_asked"]


def test_until_then_a_late_visitor_is_told_what_to_do(visited: Office) -> None:
    reference = visited.mails()[0].reference
    before = rows(visited)
    visited.clock.advance(hours=23)
    do_chores(visited)

    assert rows(visited) == before
    assert visited.visitor().get(f"/enter?t={reference}").status == 200
    visited.clock.advance(hours=3)
    do_chores(visited)
    late = visited.visitor().get(f"/enter?t={reference}")
    assert late.status == 410
    assert "Ask for a new one" in late.text


def test_a_session_that_runs_and_what_belongs_to_it_stay(office: Office) -> None:
    office.visitor().sign_in(office)
    office.clock.advance(hours=26)
    visitor = office.visitor().sign_in(office, MARIJKE)
    visitor.submit(visitor.get("/me/export"), "/me/confirm")
    office.work()
    do_chores(office)

    assert rows(office)["sessions"] == 1
    assert rows(office)["proofs"] == 2
    assert visitor.get("/me").status == 200
