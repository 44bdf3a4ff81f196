"""The same over PostgreSQL: conflicts, a brake, a shadow, and clicks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest

from portal.rights.deeds.brake import Census
from portal.rights.requests.shadowed import would_have_done
from portal.store.tables import AdapterState
from portal.sync.alarms import open_alarms
from tests.footers import one_click, rights, subscriptions, token_of
from tests.portals import Office, StartOffice, Visitor
from tests.rights.copying import make, told, wants_a_copy
from tests.rights.wishes import CORRECTION, DONE, WITHDRAWAL
from tests.servers.databases import FreshDatabase

pytestmark = pytest.mark.server


def start(start_office: StartOffice, fresh_database: FreshDatabase, **crm: object) -> Office:
    return start_office(
        database=fresh_database("postgresql"), adapters={"crm": {"brake_floor": 25, **crm}}
    )


def on_the_desk(office: Office) -> int:
    """How many conflicts wait for a choice, as the operators see it."""
    return office.portal.services.desk.queue.look().choices_in_all


def met(office: Office) -> tuple[Visitor, str]:
    """A correction that met another change on its way, and its page."""
    visitor = CORRECTION.signed_in(office)
    place = CORRECTION.ask(visitor)
    office.crm("UPDATE contacts SET phone = '020 1234567' WHERE id = 1")
    office.work()
    return visitor, place


def test_a_conflict_waits_is_chosen_about_once_and_is_overdue_no_more(
    start_office: StartOffice, fresh_database: FreshDatabase
) -> None:
    office = start(start_office, fresh_database)
    visitor, place = met(office)
    assert on_the_desk(office) == 1
    office.clock.advance(days=25)
    assert office.portal.overdue.watch() == 1

    visitor.sign_in(office)
    choice = visitor.submit(
        visitor.get(f"{place}/choose"), f"{place}/choose", **{"use-phone": "mine"}
    )
    office.work()

    assert CORRECTION.holds(office)
    assert DONE in visitor.get(choice.location).text
    assert office.portal.overdue.watch() == 0
    assert on_the_desk(office) == 0


def test_two_clicks_on_one_link_at_once_are_one_stop(
    start_office: StartOffice, fresh_database: FreshDatabase
) -> None:
    """Of somebody whom the portal has never met: both make her a subject, and one of them stays."""
    office = start(start_office, fresh_database)
    token, together = token_of(office), Barrier(4)

    def click() -> int:
        together.wait()
        return one_click(office, token).status

    with ThreadPoolExecutor(4) as clicks:
        answers = [one.result() for one in [clicks.submit(click) for _ in range(4)]]
    office.work()

    assert answers == [200] * 4
    assert rights(office) == ["withdraw"]
    assert subscriptions(office)[1, "newsletter"] == 0


def test_a_conflict_lapses(start_office: StartOffice, fresh_database: FreshDatabase) -> None:
    office = start(start_office, fresh_database)
    visitor, place = met(office)
    office.clock.now += timedelta(days=31)
    office.portal.services.rights.choosing.lapse()

    visitor.sign_in(office)
    assert "for 30 days you did not choose" in visitor.get(place).text


def test_the_brake_and_the_census(start_office: StartOffice, fresh_database: FreshDatabase) -> None:
    office = start(start_office, fresh_database, brake_floor=1)
    for _ in range(2):
        Census(office.database, office.portal.adapters, office.clock).take()
    visitor = WITHDRAWAL.signed_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    for purpose in ("workshops", "newsletter"):
        visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted="no")
    office.work()

    assert not WITHDRAWAL.holds(office)
    with office.database.reading() as db:
        assert db.get_one(AdapterState, "crm").records == 8
        assert [alarm.kind for alarm in open_alarms(db)] == ["adapter_paused"]


def test_the_shadow(start_office: StartOffice, fresh_database: FreshDatabase) -> None:
    office = start(start_office, fresh_database, shadow_until=date(2026, 3, 4))
    CORRECTION.ask(CORRECTION.signed_in(office))
    office.work()
    with office.database.reading() as db:
        assert [one.calls for one in would_have_done(db, "crm")] == [
            [{"do": "write", "fields": ["phone"]}]
        ]
    office.clock.advance(days=3)
    office.work()
    assert CORRECTION.holds(office)


def test_c7_a_copy_has_its_day_and_is_destroyed_once_by_several_workers(
    start_office: StartOffice, fresh_database: FreshDatabase
) -> None:
    office = start(start_office, fresh_database)
    visitor = wants_a_copy(office)
    copy = make(visitor)
    assert told(visitor, copy)["kind"] == "copy"
    assert visitor.get("/me/export/a\0b").status == 404
    office.clock.advance(hours=24)
    (expire,) = (one for one in office.portal.worker._chores if "Copies" in repr(one))
    together = Barrier(4)

    def work(_: int) -> None:
        together.wait()
        expire()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))

    assert office.events().count("copy_destroyed") == 1
    assert wants_a_copy(office).get(copy).status == 410
