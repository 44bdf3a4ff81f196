"""The brake: a flood of erasures or withdrawals stops, and waits for a person; nothing is lost."""

import pytest

from portal.adapters.contract import Unreachable
from portal.rights.deeds.brake import Census
from portal.store.tables import AdapterState
from portal.sync.alarms import open_alarms
from tests.portals import Office, StartOffice, Visitor
from tests.rights.wishes import CORRECTION, DONE, WITHDRAWAL

PEOPLE = (1, 6, 7, 8)
"""Of the CRM's contacts, those with an address of their own."""


def braking(start_office: StartOffice, floor: int, share: float = 0.01) -> Office:
    return start_office(
        adapters={"crm": {"brake_floor": floor, "brake_share": share}},
        limits={"asks_per_network_hour": 100},
    )


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return braking(start_office, floor=2)


def everybody_asks_for_erasure(office: Office) -> list[tuple[Visitor, str]]:
    asked = []
    for id in PEOPLE:
        (row,) = office.crm("SELECT email FROM contacts WHERE id = ?", id)
        visitor = office.visitor().sign_in(office, row["email"], goal="erase")
        asked.append((visitor, visitor.submit(visitor.get("/me/erase"), "/me/erase").location))
    return asked


def erased(office: Office) -> list[int]:
    return [row["id"] for row in office.crm("SELECT id FROM contacts WHERE email IS NULL")]


def paused(office: Office) -> list[str]:
    with office.database.reading() as db:
        return [alarm.facts["because"] for alarm in open_alarms(db)]


def resume(office: Office) -> None:
    with office.database.unit("test") as unit:
        assert office.portal.gates.resume(unit.session, "crm", office.clock())
        unit.commit()


def count_records(office: Office) -> int | None:
    Census(office.database, office.portal.adapters, office.clock).take()
    with office.database.reading() as db:
        return db.get_one(AdapterState, "crm").records


def test_a_burst_of_erasures_stops_at_the_limit_tells_a_person_and_goes_on_in_order(
    office: Office,
) -> None:
    asked = everybody_asks_for_erasure(office)
    office.work()

    assert erased(office) == list(PEOPLE[:2])
    assert paused(office) == ["brake"]
    (visitor, place), (_, last) = asked[2], asked[3]
    assert "one of us looks at it first" in visitor.get(place).text
    assert DONE not in asked[3][0].get(last).text
    office.clock.advance(minutes=10)
    office.work()
    assert erased(office) == list(PEOPLE[:2]), "it waits for a person, not for the time"

    resume(office)
    office.work()
    assert erased(office) == list(PEOPLE)
    assert paused(office) == []
    assert all(DONE in visitor.get(place).text for visitor, place in asked)


def test_after_a_person_let_it_go_on_the_count_starts_anew(start_office: StartOffice) -> None:
    office = braking(start_office, floor=1)
    everybody_asks_for_erasure(office)

    for number in range(1, len(PEOPLE)):
        office.work()
        assert len(erased(office)) == number
        office.clock.advance(seconds=1)
        resume(office)


def test_what_came_slowly_is_no_flood(office: Office) -> None:
    for number, id in enumerate(PEOPLE, 1):
        (row,) = office.crm("SELECT email FROM contacts WHERE id = ?", id)
        visitor = office.visitor().sign_in(office, row["email"], goal="erase")
        visitor.submit(visitor.get("/me/erase"), "/me/erase")
        office.work()
        assert len(erased(office)) == number
        office.clock.advance(minutes=31)


def test_withdrawals_count_and_corrections_and_consents_pass_until_the_adapter_is_paused(
    office: Office,
) -> None:
    visitor = WITHDRAWAL.signed_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]

    def decide(purpose: str, granted: str) -> str:
        fields = {"csrf_token": token, "purpose": purpose, "granted": granted}
        place = visitor.post("/me/consents", **fields).location
        office.work()
        return visitor.get(place).text

    for purpose in ("newsletter", "workshops"):
        assert DONE in decide(purpose, "no")
        assert DONE in decide(purpose, "yes")
    CORRECTION.ask(visitor)
    office.work()
    assert CORRECTION.holds(office)
    assert DONE not in decide("newsletter", "no")
    assert paused(office) == ["brake"]


def test_the_census_counts_and_the_limit_is_a_share_of_it_with_a_floor_under_it(
    start_office: StartOffice,
) -> None:
    office = braking(start_office, floor=2, share=0.4)  # of eight records: three
    assert count_records(office) == 8
    everybody_asks_for_erasure(office)
    office.work()

    assert erased(office) == list(PEOPLE[:3])


def test_the_census_of_an_adapter_that_is_away_keeps_the_last_count(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_records(office) == 8
    adapter = office.portal.adapters["crm"]

    def away() -> None:
        raise Unreachable("no answer")

    monkeypatch.setattr(adapter, "scan", away)
    assert count_records(office) == 8
