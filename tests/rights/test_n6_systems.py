"""N6: what a system that is away, refuses, or cannot write addresses means for a change of one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from portal.adapters.contract import Adapter, Conflict, Refused, Unreachable
from portal.rights.address.effect import PATIENCE
from portal.rights.requests.shadowed import would_have_done
from portal.store.tables import Case, Job
from portal.sync.alarms import open_alarms
from tests.movings import (
    HOURS,
    NEW,
    address,
    asks,
    came_in,
    changed,
    deliveries,
    ends,
    pending,
    proves,
    says,
    signed_in,
)
from tests.portals import MARIJKE, Office, StartOffice


@pytest.fixture
def crm(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def away(*_args: object, **_more: object) -> None:
    raise Unreachable("no answer")


def later(office: Office) -> None:
    for _ in range(4):
        office.clock.advance(minutes=20)
        office.work()


def on_the_desk(office: Office) -> list[str]:
    with office.database.reading() as db:
        return [alarm.kind for alarm in open_alarms(db)]


def test_n6_the_crm_away_at_each_step_costs_time_and_nothing_else(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(office)
    with monkeypatch.context() as patch:
        patch.setattr(crm, "find", away)
        assert visitor.get("/me/address").status == 503
        token = visitor.get("/me/requests").fields["csrf_token"]
        assert visitor.post("/me/address", csrf_token=token, email=NEW).status == 503
    page = asks(visitor)
    with monkeypatch.context() as patch:
        patch.setattr(crm, "find", away)
        mail = proves(office, visitor, page)
        says(office, mail, "yes")
        office.work()
        later(office)
        assert (address(office), ends(office)) == (MARIJKE, [None])
    with monkeypatch.context() as patch:
        patch.setattr(crm, "set_address", away)
        later(office)
        assert (address(office), ends(office)) == (MARIJKE, ["effective"])
        told = office.next_mail()
    later(office)
    assert address(office) == NEW
    with monkeypatch.context() as patch:
        patch.setattr(crm, "find", away)
        patch.setattr(crm, "read", away)
        says(office, told, "back")
        later(office)
    later(office)
    assert address(office) == MARIJKE
    assert deliveries(office) == [("confirmed", None)] * 2


def test_n6_an_answer_that_was_lost_is_no_second_change(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = crm.set_address, []  # type: ignore[attr-defined]

    def answers_late(*args: object, **more: object) -> None:
        calls.append(real(*args, **more))
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(crm, "set_address", answers_late)
        changed(office)
    later(office)

    assert deliveries(office) == [("confirmed", None)]
    assert len(calls) == 1
    assert office.contact(NEW)["version"] == 2, "written once"


def test_n6_a_system_that_stays_away_for_a_week_makes_it_a_case(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending(office)
    monkeypatch.setattr(crm, "find", away)
    office.clock.now += timedelta(hours=HOURS) + PATIENCE + timedelta(minutes=1)
    office.work()

    assert ends(office) == ["away"]
    assert came_in(office) == [(MARIJKE,), (NEW,)]
    with office.database.reading() as db:
        assert [row.kind for row in db.query(Case)] == ["changed_address"]


def test_n6_a_system_that_writes_no_addresses_is_a_persons_work_and_the_desk_shows_it(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = replace(crm.capabilities, optional=frozenset())
    monkeypatch.setattr(crm, "capabilities", without)
    changed(office)

    assert address(office) == MARIJKE
    assert deliveries(office) == [("awaiting", "by_hand")]
    (notice,) = office.portal.services.desk.queue.look().notices
    assert (notice.kind, notice.right) == ("by_hand", "address")
    page = office.visitor().sign_in(office).get("/me/requests").text
    assert "being worked on" in page


def test_n6_an_address_that_the_system_will_not_have_twice_is_given_up(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: object, **_more: object) -> None:
        raise Refused("a constraint")

    monkeypatch.setattr(crm, "set_address", refuses)
    changed(office)

    assert deliveries(office) == [("failed", "refused")]
    assert on_the_desk(office) == ["dead_letter"]


def test_n6_a_third_address_that_somebody_entered_meanwhile_is_not_overwritten(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = pending(office)
    with monkeypatch.context() as patch:
        patch.setattr(crm, "set_address", away)
        says(office, mail, "yes")
        office.work()
    office.crm("UPDATE contacts SET email = 'third@example.org' WHERE id = 1")
    later(office)

    assert address(office) == "third@example.org"
    assert deliveries(office) == [("conflict", "address_changed")]
    assert on_the_desk(office) == ["address_unclear"]


def test_n6_a_system_that_insists_on_a_conflict_is_believed(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflicts(*_args: object, **_more: object) -> None:
        raise Conflict("changed", ["email"])

    monkeypatch.setattr(crm, "set_address", conflicts)
    changed(office)
    later(office)

    assert deliveries(office) == [("conflict", "address_changed")]
    assert on_the_desk(office) == ["address_unclear"]


def test_n6_all_records_of_her_mailbox_follow(office: Office) -> None:
    office.crm(
        "UPDATE contacts SET email = ?, first_name = 'Marijke', last_name = "
        "(SELECT last_name FROM contacts WHERE id = 1) WHERE id = 4",
        MARIJKE.upper(),
    )
    told, _ = changed(office)
    assert (address(office, 1), address(office, 4)) == (NEW, NEW)

    says(office, told, "back")
    office.work()
    assert (address(office, 1), address(office, 4)) == (MARIJKE, MARIJKE.upper())


def test_n6_a_system_in_shadow_says_what_it_would_do(start_office: StartOffice) -> None:
    office = start_office(adapters={"crm": {"shadow_until": date(2026, 3, 4)}})
    changed(office)
    assert address(office) == MARIJKE
    with office.database.reading() as db:
        assert [one.calls for one in would_have_done(db, "crm")] == [[{"do": "set_address"}]]
    office.clock.advance(days=3)
    office.work()
    assert address(office) == NEW


def test_n6_a_job_that_was_given_up_takes_effect_when_a_person_has_it_tried_again(
    office: Office,
) -> None:
    mail = pending(office)
    with office.database.unit("test") as unit:
        unit.session.execute(update(Job).where(Job.kind == "address").values(attempts=100))
        unit.commit()
    says(office, mail, "yes")
    office.work()
    assert address(office) == NEW
