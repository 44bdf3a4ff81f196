"""N6 over PostgreSQL: the whole change, taken back, and answers at the same moment."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session as Db

from portal.access.subjects import take_turns
from portal.store.tables import Job
from tests.less_and_pause import begin
from tests.mailings import state
from tests.movings import (
    NEW,
    address,
    changed,
    deliveries,
    ends,
    open_sessions,
    pending,
    says,
    subject_of,
)
from tests.portals import MARIJKE, Office, StartOffice
from tests.rights.test_n7_in_parallel import at_once as threads_at_once
from tests.servers.databases import FreshDatabase
from tests.web.test_n6_steps import at_once

pytestmark = pytest.mark.server


@pytest.fixture
def office(start_office: StartOffice, fresh_database: FreshDatabase) -> Office:
    return start_office(database=fresh_database("postgresql"))


def test_n6_a_change_takes_effect_and_is_taken_back(office: Office) -> None:
    told, _ = changed(office, vouched=False)
    assert address(office) == NEW
    assert subject_of(office, NEW) == subject_of(office, MARIJKE)

    says(office, told, "back")
    office.work()

    assert address(office) == MARIJKE
    assert deliveries(office) == [("confirmed", None)] * 2
    assert open_sessions(office) == 0
    assert subject_of(office, NEW) is None


def test_n6_an_address_that_was_hers_before_is_hers_when_the_way_back_to_it_is_taken_back(
    office: Office,
) -> None:
    changed(office)
    who = subject_of(office, MARIJKE)
    assert says(office, pending(office, NEW, MARIJKE), "yes").status == 200
    office.work()
    told, _ = office.next_mail(), office.next_mail()
    assert address(office) == MARIJKE

    says(office, told, "back")
    office.work()

    assert address(office) == NEW
    assert subject_of(office, MARIJKE) == subject_of(office, NEW) == who


def test_n6_answers_at_the_same_moment_have_one_outcome(office: Office) -> None:
    mail = pending(office)
    at_once(office, mail, ["yes", "no", "yes", "no"])
    office.work()
    assert ends(office) in (["effective"], ["stopped"])
    assert (address(office) == NEW) is (ends(office) == ["effective"])


def test_n6_taken_back_at_the_same_moment_it_is_taken_back_once(office: Office) -> None:
    told, _ = changed(office)
    at_once(office, told, ["back"] * 4)
    office.work()
    assert deliveries(office) == [("confirmed", None)] * 2


def test_n6_taken_back_in_the_moment_in_which_a_break_is_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ends a job has it already when her turn comes: the other way round both wait."""
    begin(office.visitor().sign_in(office), "1")
    office.work()
    office.clock.now = datetime(2026, 3, 25, 12, tzinfo=UTC)
    told, _ = changed(office)
    office.clock.now = datetime(2026, 4, 2, 4, tzinfo=UTC)
    ending, answering = threading.Event(), threading.Event()

    def in_hand(db: Db, subject_id: str) -> None:
        ending.set()
        assert answering.wait(20)
        take_turns(db, subject_id)

    def her_turn(db: Db, subject_id: str) -> None:
        take_turns(db, subject_id)
        answering.set()
        assert ending.wait(20)

    monkeypatch.setattr("portal.rights.mailings.pause_over.take_turns", in_hand)
    monkeypatch.setattr("portal.rights.address.answering.take_turns", her_turn)

    def back() -> None:
        assert says(office, told, "back").status == 200

    threads_at_once(office.work, back)
    office.work()

    assert address(office) == MARIJKE
    assert state(office)[1, "newsletter"] == 1
    with office.database.reading() as db:
        assert {job.attempts for job in db.query(Job).filter(Job.kind == "pause")} == {1}
