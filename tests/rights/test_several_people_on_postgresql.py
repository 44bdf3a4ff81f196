"""The same over PostgreSQL: a number that opens, an erasure of one half, cases, a release."""

import pytest

from tests.desks import add_operator
from tests.portals import Office, StartOffice
from tests.rights.test_several_people import (
    ANNELIES,
    OF_ANNELIES,
    SHARED,
    WIM,
    come_in,
    erase_wim,
    left,
    open_with,
    send,
)
from tests.servers.databases import FreshDatabase

pytestmark = pytest.mark.server


@pytest.fixture
def office(start_office: StartOffice, fresh_database: FreshDatabase) -> Office:
    return start_office(
        database=fresh_database("postgresql"),
        limits={"mails_per_address_hour": 90, "mails_per_address_day": 90},
    )


def test_one_half_is_opened_and_erased_and_the_other_stays(office: Office) -> None:
    visitor = come_in(office)
    for wrong in ("K99999", "a\0b", "\U0001f600", ""):
        assert open_with(visitor, wrong).status == 422
    request_id = erase_wim(office, "later")
    office.work()
    assert come_in(office, ANNELIES).get(f"/me/requests/{request_id}").status == 404
    office.clock.advance(hours=49)
    office.work()

    assert left(office) == [3]
    office.clock.advance(days=30)
    office.work()
    assert left(office) == [3]
    visitor = come_in(office)
    assert not any(one in visitor.get("/me").text for one in OF_ANNELIES)


def test_a_case_is_opened_alarmed_released_and_emptied(office: Office) -> None:
    add_operator(office)
    casework = office.portal.services.desk.casework
    visitor = come_in(office, WIM)
    assert send(visitor, "/me/more", contact="a\0b").status == 422
    assert send(visitor, "/me/more", contact=SHARED).status == 303
    ((case, _day),) = casework.all_open()
    office.clock.advance(days=25)
    assert office.portal.overdue.watch() == 1
    assert casework.look(1, case.reference) is not None
    assert casework.look(1, "\0") is None

    assert casework.release(1, case.reference, 7) is not None

    assert office.portal.overdue.watch() == 0
    assert "Held, but not shown here" not in come_in(office, WIM).get("/me").text
    assert "Held, but not shown here" in come_in(office, ANNELIES).get("/me").text
    office.clock.advance(days=31)
    office.portal.services.rights.cases.forget()
    opened = casework.look(1, case.reference)
    assert opened is not None
    assert opened.written is None
