"""Several workers over one database: each job once, in order, whoever does it."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.clock import utc_now
from portal.domain.rights import Lane
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync import claims
from portal.sync.gates import Gates
from portal.sync.jobs import Again, Finished, Result, Task
from tests.storing import NOON, FakeClock, add_subject, make_vault
from tests.sync.engine import Engine, FakeHandler, per_pair

SUBJECTS = ("ann", "bob", "cleo")
ADAPTERS = ("crm", "mailing")
WORKERS = 4


@dataclass
class Watcher(FakeHandler):
    """Notices two jobs of one subject and adapter in hand at the same time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    in_hand: Counter = field(default_factory=Counter)
    collisions: list[Task] = field(default_factory=list)
    runs: list[tuple[str | None, str | None, int]] = field(default_factory=list)
    ended: Counter = field(default_factory=Counter)

    def run(self, task: Task) -> Result:
        pair = task.subject_id, task.adapter
        with self.lock:
            self.in_hand[pair] += 1
            if self.in_hand[pair] > 1:
                self.collisions.append(task)
            self.runs.append((*pair, task.payload["number"]))
        # One in three fails the first time and comes back at once.
        fails = task.payload["number"] % 3 == 0 and task.attempt == 1
        time.sleep(0.003)  # what a CRM takes; without it two in hand would never meet
        with self.lock:
            self.in_hand[pair] -= 1
            self.ended[task.key] += not fails
        return Again("busy", after=0) if fails else Finished()


def work_together(engines: list[Engine]) -> None:
    """Each in a thread of its own, until no job is open."""

    def work(engine: Engine) -> None:
        while engine.count_open():
            engine.worker.drain()

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not [thread for thread in threads if thread.is_alive()]


@pytest.mark.slow
def test_d5_workers_side_by_side_do_each_job_once_and_never_two_of_a_pair(
    database: Database, vault: Vault
) -> None:
    watcher = Watcher()
    engines = [Engine(database, vault, utc_now, handlers={"test": watcher}) for _ in range(WORKERS)]
    for name in SUBJECTS:
        add_subject(database, name)
    pairs = [(subject, adapter) for subject in SUBJECTS for adapter in ADAPTERS]
    for number in range(90):
        engines[0].put(f"job-{number}", pairs[number % len(pairs)], payload={"number": number})

    work_together(engines)

    assert watcher.collisions == []
    assert watcher.ended == {f"job-{number}": 1 for number in range(90)}
    assert set(engines[0].ends().values()) == {"done"}
    for numbers in per_pair(watcher.runs):
        assert numbers == sorted(numbers)  # what failed came back before the next one


@pytest.mark.slow
def test_d6_a_withdrawal_never_runs_beside_the_correction_before_it(
    database: Database, vault: Vault
) -> None:
    """Both may be claimed in the same instant: only the lock on the subject keeps them apart."""
    watcher = Watcher()
    engines = [Engine(database, vault, utc_now, handlers={"test": watcher}) for _ in range(2)]
    add_subject(database, "ann")
    for number in range(40):
        lane = Lane.PROTECT if number % 2 else Lane.ORDINARY
        engines[0].put(f"job-{number}", ("ann", "crm"), lane, payload={"number": number})

    work_together(engines)

    assert watcher.collisions == []
    assert watcher.ended == {f"job-{number}": 1 for number in range(40)}


# --- every order of events, by a model -----------------------------------------------------------


@dataclass
class Modelled:
    """What the rules of DESIGN §5 say of one job, in the plainest words."""

    number: int
    pair: tuple[str, str] | None
    lane: Lane
    open: bool = True
    held: bool = False
    due: int = 0

    def may_run(self, others: list["Modelled"], now: int) -> bool:
        if not self.open or self.held or self.due > now:
            return False
        mine = [job for job in others if self.pair and job.pair == self.pair and job.open]
        if any(job.held for job in mine):
            return False
        earlier = [job for job in mine if job.number < self.number]
        if self.lane is Lane.PROTECT:
            return not any(job.lane is Lane.PROTECT for job in earlier)
        return not earlier


PAIRS = [("ann", "crm"), ("ann", "mailing"), ("bob", "crm"), None]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(PAIRS), st.sampled_from(list(Lane))),
        st.tuples(st.just("claim"), st.none(), st.none()),
        st.tuples(st.just("claim"), st.none(), st.none()),
        st.tuples(st.sampled_from(["finish", "again", "vanish"]), st.integers(0, 9), st.none()),
        st.tuples(st.just("time"), st.integers(1, 5), st.none()),
    ),
    max_size=30,
)


class Rehearsal:
    """The engine's claims beside the model's, step by step."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.jobs: list[Modelled] = []
        self.in_flight: list[tuple[Modelled, int, str]] = []
        self.now = 0

    def put(self, pair: tuple[str, str] | None, lane: Lane) -> None:
        number = len(self.jobs)
        self.engine.put(f"{number}", pair, lane)
        self.jobs.append(Modelled(number, pair, lane, due=self.now))

    def claim(self) -> None:
        ready = [job for job in self.jobs if job.may_run(self.jobs, self.now)]
        expected = min(ready, key=lambda job: (job.lane.rank, job.due, job.number), default=None)
        with self.engine.database.unit("test") as unit:
            job = claims.claim(unit.session, self.engine.clock(), Gates())
            claimed = (int(job.key), job.id, job.lease or "") if job else None
            unit.commit()
        assert (claimed and claimed[0]) == (expected and expected.number)
        if expected and claimed:
            expected.held = True
            self.in_flight.append((expected, *claimed[1:]))

    def release(self, how: str, which: int) -> None:
        if not self.in_flight:
            return
        modelled, job_id, lease = self.in_flight.pop(which % len(self.in_flight))
        modelled.held = False
        now = self.engine.clock()
        with self.engine.database.unit("test") as unit:
            if how == "finish":
                modelled.open = False
                assert claims.end(unit.session, job_id, lease, how="done", now=now, cause=None)
            elif how == "again":
                modelled.due = self.now + 3
                due_at = NOON + claims.LEASE * modelled.due
                assert claims.postpone(
                    unit.session, job_id, lease, due_at, cause="busy", attempts=1
                )
            else:  # the worker died and its lease has run out
                due_at = NOON + claims.LEASE * modelled.due
                assert claims.postpone(
                    unit.session, job_id, lease, due_at, cause="lost", attempts=1
                )
            unit.commit()

    def let_time_pass(self, clock: FakeClock, ticks: int) -> None:
        """Leases end meanwhile: whoever holds one has vanished."""
        self.now += ticks
        clock.now += claims.LEASE * ticks
        for modelled, _, _ in self.in_flight:
            modelled.held = False
        self.in_flight = []


def test_d5_d6_whatever_happens_in_whatever_order_the_next_job_is_the_one_by_the_rules(
    lite: Database,
) -> None:
    vault = make_vault()
    for name in SUBJECTS:
        add_subject(lite, name)

    @settings(max_examples=40)
    @given(steps=STEPS)
    def rehearse(steps: list[tuple]) -> None:
        with lite.unit("test") as unit:
            unit.session.connection().exec_driver_sql("DELETE FROM jobs")
            unit.commit()
        clock = FakeClock()
        rehearsal = Rehearsal(Engine(lite, vault, clock))
        for step, what, lane in steps:
            match step:
                case "put":
                    rehearsal.put(what, lane)
                case "claim":
                    rehearsal.claim()
                case "time":
                    rehearsal.let_time_pass(clock, what)
                case how:
                    rehearsal.release(how, what)

    rehearse()
