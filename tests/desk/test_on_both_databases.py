"""The desk over SQLite and PostgreSQL alike, and with two who do the same at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import Any

import pyotp
import pytest

from portal.desk.acts import Acts
from portal.desk.factors import new_secret
from portal.desk.operators import Operators
from portal.desk.queue import Queue
from portal.desk.sessions import AtTheDesk, OperatorSessions
from portal.desk.signin import Opened, SigningIn
from portal.desk.timeline import Timelines
from portal.proof.ledger import Event, Ledger
from portal.rights.requests.receiving import JOB, job_key
from portal.store.database import Database
from portal.store.tables import Delivery, LedgerEntry, Request
from portal.store.vault import Vault
from portal.sync.gates import Gates
from portal.sync.jobs import Finished, GaveUp, Handler, Result, Task
from portal.sync.outbox import Outbox
from portal.sync.worker import Worker
from tests.desks import PASSWORD
from tests.storing import FakeClock, add_subject


class Refusing(Handler):
    """Gives up until it is told not to."""

    def __init__(self) -> None:
        self.result: Result = GaveUp("refused")

    def run(self, task: Task) -> Result:
        return self.result


class Place:
    """A desk, and behind it an engine with one request that was given up."""

    def __init__(self, database: Database, vault: Vault, clock: FakeClock) -> None:
        self.clock, self.database = clock, database
        self.ledger, self.outbox = Ledger(clock), Outbox(vault, clock)
        self.sessions = OperatorSessions(database, self.ledger, clock)
        self.door = SigningIn(database, vault, self.sessions, clock)
        self.secret = new_secret()
        self.codes = Operators(database, vault, self.ledger, clock).add(
            "anna", PASSWORD, self.secret
        )
        self.handler = Refusing()
        handlers = {JOB: self.handler}
        gates = Gates()
        self.worker = Worker(database, vault, handlers, clock=clock, gates=gates)
        self.acts = Acts(database, self.ledger, self.outbox, handlers, gates, clock)
        self.queue = Queue(database, ("crm",), lambda: {"crm": clock.now.date()}, UTC, clock)
        self.timelines = Timelines(database, self.ledger, UTC, clock)

    def give_up_a_request(self) -> None:
        add_subject(self.database, "s")
        with self.database.unit("test") as unit:
            now = self.clock()
            unit.session.add(
                Request(
                    id="r",
                    subject_id="s",
                    site="demo",
                    right="rectify",
                    locale="en",
                    received_at=now,
                    details={"fields": ["phone"]},
                )
            )
            unit.session.flush()
            delivery = Delivery(
                request_id="r", adapter="crm", state="sent", changed_at=now, outcome={}
            )
            unit.session.add(delivery)
            unit.session.flush()
            self.ledger.note(unit.session, Event.REQUEST_RECEIVED, subject_id="s", request_id="r")
            self.outbox.put(unit, JOB, {}, key=job_key(delivery), subject_id="s", adapter="crm")
            unit.commit()
        self.worker.drain()

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.clock())

    def sign_in(self, code: str | None = None, network: str = "192.0.2.1") -> object:
        return self.door.sign_in("anna", PASSWORD, code or self.code(), network)

    def anna(self) -> AtTheDesk:
        opened = self.sign_in()
        assert isinstance(opened, Opened)
        found = self.sessions.current(opened.token)
        assert found is not None
        return found

    def events(self) -> list[str]:
        with self.database.reading() as db:
            return [one.event for one in db.query(LedgerEntry).order_by(LedgerEntry.id)]


@pytest.fixture
def place(database: Database, vault: Vault, clock: FakeClock) -> Place:
    return Place(database, vault, clock)


def at_once(act: Callable[[int], Any], times: int = 6) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, range(times)))


def test_of_many_who_use_one_code_of_the_phone_at_once_one_gets_in(place: Place) -> None:
    found = at_once(lambda number: place.sign_in(network=f"192.0.2.{number}"))

    assert sum(isinstance(one, Opened) for one in found) == 1
    assert place.events().count("operator_signed_in") == 1


def test_of_many_who_use_one_recovery_code_at_once_one_gets_in(place: Place) -> None:
    code = place.codes[0]
    found = at_once(lambda number: place.sign_in(code, network=f"192.0.2.{number}"))

    assert sum(isinstance(one, Opened) for one in found) == 1


def test_of_many_recovery_codes_that_are_used_at_once_none_is_lost(place: Place) -> None:
    at_once(lambda number: place.sign_in(place.codes[number], network=f"192.0.2.{number}"))

    opened = place.sign_in()
    assert isinstance(opened, Opened)
    assert opened.recovery_codes == 4


def test_a_name_that_no_database_takes_is_an_unknown_one(place: Place) -> None:
    assert not isinstance(place.door.sign_in("an\0na\0x", PASSWORD, place.code(), "x"), Opened)


def test_the_desk_shows_what_was_given_up_and_a_replay_ends_it(place: Place) -> None:
    place.give_up_a_request()
    place.clock.advance(minutes=1)
    anna = place.anna()
    view = place.queue.look()
    (letter,) = view.dead_letters
    assert (letter.request_id, letter.cause, letter.days_left) == ("r", "refused", 31)
    crm, mail = view.systems
    assert (crm.attempts, crm.failures, crm.error_rate, crm.shadow) == (1, 1, 1.0, True)
    assert (mail.attempts, mail.last_success) == (0, None)

    place.handler.result = Finished()
    found = at_once(lambda _number: place.acts.replay(anna, letter.job_id))
    place.worker.drain()

    assert sum(one is not None for one in found) == 1, "of many at once, one does it"
    assert place.events().count("operator_replayed") == 1
    view = place.queue.look()
    assert view.waiting_for_a_person == 0
    assert view.systems[0].last_success == place.clock()


def test_a_timeline_is_told_and_the_look_is_noted(place: Place) -> None:
    place.give_up_a_request()
    anna = place.anna()

    timeline = place.timelines.look(anna, "r")
    place.clock.advance(seconds=3)
    place.timelines.look(anna, "r", again=True)

    assert timeline is not None
    assert [one.event for one in timeline.moments] == ["request_received", "operator_looked"]
    assert timeline.respond_by - place.clock().date() == timedelta(days=31)
    assert place.events().count("operator_looked") == 1
    assert place.timelines.look(anna, "a\0b") is None


def test_pausing_resuming_and_clearing_are_done_and_noted_however_many_press(
    place: Place,
) -> None:
    place.give_up_a_request()
    anna = place.anna()
    place.acts.pause(anna, "crm")
    assert place.queue.look().paused

    assert place.acts.resume(anna, "crm")
    alarm = place.queue.look().dead_letters[0].alarm_id
    assert sum(at_once(lambda _number: place.acts.clear(anna, alarm))) == 1
    assert place.events()[-3:] == ["operator_paused", "operator_resumed", "operator_cleared"]
