"""A request that comes near its legal deadline is shown to a person, until it is answered."""

import pytest

from portal.adapters.contract import Unreachable
from portal.sync.alarms import clear_alarm, open_alarms
from tests.portals import Office, Visitor


@pytest.fixture
def away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (crm,) = office.portal.adapters.values()

    def no_answer(*_args: object, **_more: object) -> None:
        raise Unreachable("away")

    monkeypatch.setattr(crm, "write", no_answer)


def alarms(office: Office) -> list[tuple[str, str | None]]:
    office.portal.overdue.watch()
    with office.database.reading() as session:
        kept = {"deadline"}
        return [(one.kind, one.request_id) for one in open_alarms(session) if one.kind in kept]


def correct(visitor: Visitor) -> str:
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone="06 10004820")
    place = visitor.post("/me/correct", **{**checked.fields, "step": "save"}).location
    return place.rpartition("/")[2]


def test_d16_seven_days_before_the_deadline_of_an_open_request_an_alarm_is_raised(
    office: Office, away: None
) -> None:
    request_id = correct(office.visitor().sign_in(office))
    office.work()

    office.clock.advance(days=23)  # received on 2 March: until 2 April
    assert alarms(office) == []
    office.clock.advance(days=1)
    assert alarms(office) == [("deadline", request_id)]


def test_the_alarm_is_cleared_when_the_request_is_answered(
    office: Office, away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(days=30)
    assert len(alarms(office)) == 1

    monkeypatch.undo()
    office.work()
    assert alarms(office) == []


def test_a_request_that_is_answered_raises_none(office: Office) -> None:
    correct(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(days=40)

    assert alarms(office) == []


def test_an_alarm_that_somebody_has_seen_to_does_not_come_back(office: Office, away: None) -> None:
    """She was answered by letter, say; the request itself stays open until the system answers."""
    request_id = correct(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(days=25)
    assert len(alarms(office)) == 1

    with office.database.unit("test") as unit:
        assert clear_alarm(unit.session, f"deadline:{request_id}", office.clock())
        unit.commit()
    office.clock.advance(hours=2)

    assert alarms(office) == []


def test_a_conflict_counts_until_it_was_chosen_about(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    request_id = correct(visitor)
    office.crm("UPDATE contacts SET phone = '020 1234567' WHERE id = 1")
    office.work()
    office.clock.advance(days=25)
    assert alarms(office) == [("deadline", request_id)]

    visitor.sign_in(office)
    place = f"/me/requests/{request_id}/choose"
    visitor.submit(visitor.get(place), place, **{"use-phone": "now"})
    assert alarms(office) == []
