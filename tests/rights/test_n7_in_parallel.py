"""N7: she takes it back in the very moment in which a worker takes it up; one of both has it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from portal.access.sessions import SignedIn
from portal.domain.addresses import Email
from portal.rights.erasing.later import TooLate
from portal.store.tables import Consent, Delivery, Job, Proof, Request
from portal.sync import claims
from portal.sync.gates import Gates
from tests.portals import MARIJKE, Office, StartOffice
from tests.servers.databases import FreshDatabase
from tests.storing import FakeClock

WINDOW = timedelta(hours=48)
AHEAD: dict[int, timedelta] = {}
"""By how much the clock of a thread is ahead: machines differ by a moment."""


def _of_this_thread(clock: FakeClock) -> object:
    return clock.now + AHEAD.get(threading.get_ident(), timedelta(0))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def office(
    request: pytest.FixtureRequest,
    start_office: StartOffice,
    fresh_database: FreshDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    monkeypatch.setattr(FakeClock, "__call__", _of_this_thread)
    if request.param == "sqlite":
        yield start_office()
    else:
        yield start_office(database=fresh_database("postgresql"))
    AHEAD.clear()


def sign_in(office: Office) -> SignedIn:
    proof = Proof(purpose="signin", site="demo", goal="erase", locale="en")
    sessions = office.portal.services.sessions
    with office.database.unit("signed in") as unit:
        token = sessions.open(unit.session, proof, Email.parse(MARIJKE), "tab")
        unit.commit()
    signed_in = sessions.current(token, "tab")
    assert signed_in is not None
    return signed_in


def plan(office: Office, signed_in: SignedIn) -> str:
    rights = office.portal.services.rights
    held = rights.reading.of(signed_in)
    standings = rights.deciding.standings(signed_in, held)
    return rights.planning.plan(signed_in, held, standings, "en", WINDOW)


def at_once(*acts: Callable[[], None]) -> None:
    """Let threads go at the same time; whatever they raise is raised here."""
    barrier, faults = threading.Barrier(len(acts)), []

    def run(act: Callable[[], None]) -> None:
        barrier.wait(20)
        try:
            act()
        except BaseException as fault:  # noqa: BLE001  it is raised again by whoever waits
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if faults:
        raise faults[0]


def states(office: Office) -> set[str]:
    with office.database.reading() as db:
        rows = db.query(Delivery).join(Request, Request.id == Delivery.request_id)
        return {row.state for row in rows.filter(Request.right == "erase")}


def given(office: Office) -> int:
    with office.database.reading() as db:
        return db.query(Consent).filter(Consent.granted.is_(True)).count()


def is_there(office: Office) -> bool:
    return bool(office.crm("SELECT id FROM contacts WHERE email = ?", MARIJKE))


@pytest.mark.parametrize("round_", range(4))
def test_n7_taking_it_back_and_taking_it_up_at_once_have_one_outcome(
    office: Office, round_: int
) -> None:
    signed_in = sign_in(office)
    request_id = plan(office, signed_in)
    office.work()
    office.clock.now += WINDOW - timedelta(seconds=1)
    planning = office.portal.services.rights.planning
    kept: list[str | None] = []

    def work() -> None:
        AHEAD[threading.get_ident()] = timedelta(seconds=1)
        threading.Event().wait(0.004 * round_)
        office.work()

    def keep() -> None:
        with suppress(TooLate):
            kept.append(planning.keep(signed_in, request_id, "en"))

    at_once(work, keep)
    office.clock.now += timedelta(days=2)
    office.work()

    assert is_there(office) is bool(kept)
    assert states(office) == ({"conflict"} if kept else {"retained"})
    assert given(office) == (3 if kept else 0)


def test_n7_what_a_worker_has_in_hand_is_not_taken_back(office: Office) -> None:
    """Two units: the claim is not committed yet, and she neither waits for it nor gets it."""
    signed_in = sign_in(office)
    request_id = plan(office, signed_in)
    office.work()
    office.clock.now += WINDOW - timedelta(seconds=1)
    planning = office.portal.services.rights.planning
    with office.database.unit("job claimed") as unit:
        job = claims.claim(unit.session, office.clock() + timedelta(seconds=1), Gates())
        assert job is not None
        assert job.kind == "delivery"
        if unit.session.get_bind().dialect.name == "sqlite":
            unit.commit()  # it has one writer at a time: she would wait
        with pytest.raises(TooLate):
            planning.keep(signed_in, request_id, "en")
        unit.commit()
    with pytest.raises(TooLate):
        planning.keep(signed_in, request_id, "en")
    assert given(office) == 0


def test_n7_in_two_tabs_it_is_taken_back_once(office: Office) -> None:
    signed_in = sign_in(office)
    request_id = plan(office, signed_in)
    office.work()
    kept: list[str | None] = []
    planning = office.portal.services.rights.planning

    def keep() -> None:
        kept.append(planning.keep(signed_in, request_id, "en"))

    at_once(keep, keep, keep)

    assert len(kept) == 3
    assert len(set(kept)) == 1
    assert given(office) == 3


def test_n7_in_two_tabs_it_is_chosen_once(office: Office) -> None:
    signed_in = sign_in(office)
    planned: list[str] = []

    def choose() -> None:
        planned.append(plan(office, signed_in))

    at_once(choose, choose)

    assert len(set(planned)) == 1
    with office.database.reading() as db:
        assert db.query(Request).filter(Request.right == "erase").count() == 1
        assert db.query(Job).filter(Job.due_at > office.clock()).count() == 1


def test_n7_taking_it_back_and_deleting_at_once_have_one_outcome(office: Office) -> None:
    signed_in = sign_in(office)
    request_id = plan(office, signed_in)
    office.work()
    rights, kept = office.portal.services.rights, []

    def keep() -> None:
        with suppress(TooLate):
            kept.append(rights.planning.keep(signed_in, request_id, "en"))

    def now() -> None:
        rights.erasing.erase(signed_in, rights.reading.of(signed_in), "en")

    at_once(keep, now)
    office.work()

    assert not is_there(office), "that she asked for at once is asked for, whatever came first"
    assert given(office) in {0, 3}
    assert states(office) == {"conflict", "retained"}
