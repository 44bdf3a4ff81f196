"""E10 and E7 in two windows at once, and beside a worker: one outcome, and no deadlock."""

from collections.abc import Iterator

import pytest

from portal.access.sessions import SignedIn
from portal.domain.addresses import Email
from portal.rights.restricting.lifting import CannotLift
from portal.store.tables import Consent, Delivery, Proof, Request
from tests.portals import MARIJKE, Office, StartOffice
from tests.rights.test_n7_in_parallel import at_once
from tests.servers.databases import FreshDatabase


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def office(
    request: pytest.FixtureRequest, start_office: StartOffice, fresh_database: FreshDatabase
) -> Iterator[Office]:
    if request.param == "sqlite":
        yield start_office()
    else:
        yield start_office(database=fresh_database("postgresql"))


def sign_in(office: Office) -> SignedIn:
    proof = Proof(purpose="signin", site="demo", goal="view", locale="en")
    sessions = office.portal.services.sessions
    with office.database.unit("signed in") as unit:
        token = sessions.open(unit.session, proof, Email.parse(MARIJKE), "tab")
        unit.commit()
    signed_in = sessions.current(token, "tab")
    assert signed_in is not None
    return signed_in


def requests(office: Office, right: str) -> list[str]:
    with office.database.reading() as db:
        return [one.id for one in db.query(Request).filter(Request.right == right)]


def test_e10_two_windows_make_one_restriction(office: Office) -> None:
    signed_in, restricting = sign_in(office), office.portal.services.rights.restricting
    held = office.portal.services.rights.reading.of(signed_in)
    made: list[str] = []

    def press() -> None:
        made.append(restricting.restrict(signed_in, held, "en"))

    at_once(press, press, press)
    assert len(set(made)) == 1
    assert requests(office, "restrict") == made[:1]


def test_e10_set_and_taken_back_beside_a_worker_nothing_is_left_behind(office: Office) -> None:
    signed_in, restricting = sign_in(office), office.portal.services.rights.restricting
    held = office.portal.services.rights.reading.of(signed_in)
    for _ in range(3):
        restricting.restrict(signed_in, held, "en")
        at_once(office.work, lambda: _take_back(office, signed_in))
        office.work()
        assert office.contact()["restricted"] == 0
    with office.database.reading() as db:
        assert {one.state for one in db.query(Delivery)} == {"confirmed"}


def _take_back(office: Office, signed_in: SignedIn) -> None:
    assert office.portal.services.rights.restricting.take_back(signed_in, "en")


def test_e10_an_operator_and_she_lift_it_at_once_and_it_is_lifted(office: Office) -> None:
    signed_in, restricting = sign_in(office), office.portal.services.rights.restricting
    held = office.portal.services.rights.reading.of(signed_in)
    request_id = restricting.restrict(signed_in, held, "en")
    office.work()

    def operator() -> None:
        try:
            office.portal.opposed.lifting.lift(request_id)
        except CannotLift:
            return
        office.work()

    at_once(operator, lambda: _take_back(office, signed_in))
    office.clock.advance(days=4)
    office.work()
    assert office.contact()["restricted"] == 0
    assert restricting.standing(signed_in) is None


def test_e7_two_windows_make_one_objection(office: Office) -> None:
    signed_in, objecting = sign_in(office), office.portal.services.rights.objecting
    made: list[str] = []

    def press() -> None:
        made.append(objecting.stop_marketing(signed_in, "en"))

    at_once(press, press, office.work)
    assert len(set(made)) == 1
    with office.database.reading() as db:
        assert db.query(Consent).count() == len(objecting.marketing())
