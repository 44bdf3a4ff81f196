"""What an operator does at the desk: it works, it is in the ledger, and it happens once."""

import pytest

from portal.adapters.contract import Misconfigured
from portal.store.tables import Alarm, Job
from portal.sync.alarms import AlarmKind, open_alarms, raise_alarm
from tests.desk.conftest import Crm, correct
from tests.desks import Person, at_the_desk, ledger, sit_down
from tests.portals import Office, Page, Visitor


def press(visitor: Visitor, path: str, **fields: str) -> Page:
    """A button of the desk: its form has the session's token."""
    token = visitor.get("/operator").fields["csrf_token"]
    return visitor.post(path, csrf_token=token, **fields)


def dead_job(office: Office) -> str:
    with office.database.reading() as db:
        (job,) = db.query(Job).filter_by(end="dead")
        return str(job.id)


def test_a_dead_letter_is_replayed_under_its_key_and_confirmed(
    office: Office, anna: Person, crm: Crm, dead_letter: str
) -> None:
    crm.is_mended()
    visitor, job = sit_down(office, anna), dead_job(office)

    answer = press(visitor, "/operator/replay", job=job)
    office.work()

    assert answer.location == f"/operator?done=replayed&request={dead_letter}"
    assert office.contact()["phone"] == "06 10004820"
    assert len(crm.keys) == 2
    assert len(set(crm.keys)) == 1
    assert visitor.get(answer.location).heading == "Nothing needs you"
    (told,) = [one for one in ledger(office) if one.event == "operator_replayed"]
    assert told.request_id == dead_letter
    assert told.facts == {"operator": 1, "job": int(job), "adapter": "crm"}


def test_from_its_timeline_a_replay_leads_back_there(
    office: Office, anna: Person, dead_letter: str
) -> None:
    answer = press(sit_down(office, anna), "/operator/replay", job=dead_job(office), back="request")

    assert answer.location == f"/operator/requests/{dead_letter}?done=replayed"


def test_a_second_replay_finds_nothing_to_do_and_says_so(
    office: Office, anna: Person, crm: Crm, dead_letter: str
) -> None:
    visitor, job = sit_down(office, anna), dead_job(office)
    press(visitor, "/operator/replay", job=job)

    again = press(visitor, "/operator/replay", job=job)

    assert again.location == "/operator?done=gone"
    assert "Somebody was there before you" in visitor.get(again.location).text
    assert office.events().count("operator_replayed") == 1


@pytest.mark.parametrize("job", ["", "x", "-1", "1.5", "٣", "9" * 30, "1 OR 1=1"])
def test_a_job_that_is_no_number_is_refused(office: Office, anna: Person, job: str) -> None:
    assert press(sit_down(office, anna), "/operator/replay", job=job).status == 400


def test_a_job_that_is_at_work_or_done_cannot_be_replayed(
    office: Office, anna: Person, marijke: Visitor
) -> None:
    correct(marijke)
    visitor = sit_down(office, anna)
    with office.database.reading() as db:
        (job,) = db.query(Job).filter_by(kind="delivery")

    assert press(visitor, "/operator/replay", job=str(job.id)).location.endswith("done=gone")
    office.work()
    assert press(visitor, "/operator/replay", job=str(job.id)).location.endswith("done=gone")
    assert "operator_replayed" not in office.events()


def test_a_paused_system_gets_nothing_until_it_is_resumed(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    visitor = sit_down(office, anna)
    assert press(visitor, "/operator/adapters/crm/pause").location == "/operator?done=paused"
    correct(marijke)
    office.work()
    assert crm.keys == []
    assert "An operator paused it." in visitor.get("/operator").text

    assert press(visitor, "/operator/adapters/crm/resume").location == "/operator?done=resumed"
    office.work()

    assert len(crm.keys) == 1
    assert visitor.get("/operator").heading == "Nothing needs you"
    acts = [(one.event, one.facts) for one in ledger(office) if one.facts.get("operator")]
    assert acts[-2:] == [
        ("operator_paused", {"operator": 1, "adapter": "crm"}),
        ("operator_resumed", {"operator": 1, "adapter": "crm"}),
    ]


def test_resuming_wakes_the_worker_at_once(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sit_down(office, anna)
    press(visitor, "/operator/adapters/crm/pause")
    woken: list[int] = []
    office.portal.outbox.subscribe(lambda: woken.append(1))

    press(visitor, "/operator/adapters/crm/resume")

    assert woken == [1]


def test_a_system_that_runs_needs_no_resuming(office: Office, anna: Person) -> None:
    answer = press(sit_down(office, anna), "/operator/adapters/crm/resume")

    assert answer.location == "/operator?done=gone"
    assert "operator_resumed" not in office.events()


def test_what_paused_a_system_first_stays_the_reason(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses(Misconfigured("the password is wrong"))
    correct(marijke)
    office.work()
    visitor = sit_down(office, anna)

    press(visitor, "/operator/adapters/crm/pause")

    assert "The connection is not set up right" in visitor.get("/operator").text


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_there_is_no_button_for_a_system_that_is_not_there(
    office: Office, anna: Person, act: str
) -> None:
    assert press(sit_down(office, anna), f"/operator/adapters/other/{act}").status == 404


def test_what_was_handled_is_off_the_desk_and_comes_back_when_it_happens_again(
    office: Office, anna: Person
) -> None:
    def ring() -> None:
        with office.database.unit("test") as unit:
            raise_alarm(unit.session, AlarmKind.KEY_ROTATION, "keys", now=office.clock())
            unit.commit()

    ring()
    with office.database.reading() as db:
        (alarm,) = open_alarms(db)
    visitor = sit_down(office, anna)

    answer = press(visitor, f"/operator/alarms/{alarm.id}/clear")
    assert answer.location == "/operator?done=cleared"
    assert visitor.get("/operator").heading == "Nothing needs you"
    assert press(visitor, f"/operator/alarms/{alarm.id}/clear").location.endswith("done=gone")
    assert [one.facts for one in ledger(office) if one.event == "operator_cleared"] == [
        {"operator": 1, "alarm": alarm.id, "kind": "key_rotation", "adapter": None}
    ]

    ring()
    assert visitor.get("/operator").heading == "1 thing needs you"


def test_a_dead_letter_can_be_handled_by_hand_and_leaves_the_desk(
    office: Office, anna: Person, dead_letter: str
) -> None:
    with office.database.reading() as db:
        (alarm,) = open_alarms(db)
    visitor = sit_down(office, anna)

    press(visitor, f"/operator/alarms/{alarm.id}/clear")

    assert visitor.get("/operator").heading == "Nothing needs you"
    assert "Try again" in visitor.get(f"/operator/requests/{dead_letter}").text, "if need be"


def test_clearing_one_that_was_cleared_does_not_clear_its_successor(
    office: Office, anna: Person
) -> None:
    """A page that stood open too long must not take the newer alarm of the same thing away."""
    for _ in range(2):
        with office.database.unit("test") as unit:
            raise_alarm(unit.session, AlarmKind.KEY_ROTATION, "keys", now=office.clock())
            if not unit.session.query(Alarm).filter(Alarm.cleared_at.is_not(None)).count():
                unit.session.query(Alarm).update({"cleared_at": office.clock()})
            unit.commit()
    visitor = sit_down(office, anna)

    assert press(visitor, "/operator/alarms/1/clear").location.endswith("done=gone")
    assert visitor.get("/operator").heading == "1 thing needs you"


@pytest.mark.parametrize("alarm", ["0", "7", "2147483648", "x", "-1"])
def test_there_is_no_button_for_an_alarm_that_is_not_there(
    office: Office, anna: Person, alarm: str
) -> None:
    answer = press(sit_down(office, anna), f"/operator/alarms/{alarm}/clear")

    assert answer.status == 404 or answer.location.endswith("done=gone")


def test_an_act_and_its_entry_are_one_commit(
    office: Office, anna: Person, dead_letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object, **_more: object) -> None:
        raise RuntimeError

    operator, acts = at_the_desk(office, anna), office.portal.services.desk.acts
    monkeypatch.setattr(office.portal.ledger, "note", fails)
    with office.database.reading() as db:
        (alarm,) = open_alarms(db)

    for act in (
        lambda: acts.replay(operator, int(dead_job(office))),
        lambda: acts.pause(operator, "crm"),
        lambda: acts.clear(operator, alarm.id),
    ):
        with pytest.raises(RuntimeError):
            act()

    view = office.portal.services.desk.queue.look()
    assert [one.request_id for one in view.dead_letters] == [dead_letter]
    assert not view.paused
