"""``make bench-sync``: how much the engine costs, as ratios measured in one run.

Every figure stands beside what it is measured against, taken in the same run: machines differ, and
this one is busy. Prints a table and writes it as JSON.
"""

import json
import multiprocessing
import multiprocessing.synchronize
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown
from sqlalchemy import select, text

from benchmarks import sweep
from benchmarks.engine import Engine, engine, people
from benchmarks.slow_crm import SlowCrm, bare_loop
from portal.domain.clock import utc_now
from portal.domain.rights import DeliveryState
from portal.store.database import Database
from portal.store.tables import Delivery, Subject
from portal.store.vault import Keyring
from portal.sync import claims
from portal.sync.crew import Crew
from portal.sync.gates import Gates
from tests.servers import postgresql
from tests.servers.shared import Started, stop

JOBS = int(os.environ.get("JOBS", "300"))
ROWS = int(os.environ.get("ROWS", "1_000_000"))
console = Console()
Result = dict[str, object]


def main() -> int:
    """Measure all; 1 when a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name, postgres() as server:
        folder = Path(name)
        keys = Keyring.create(folder / "keys.json")
        fresh = fresh_databases(folder, server)
        results = [
            *throughput(fresh, keys),
            latency(fresh("sqlite"), keys, "SQLite"),
            latency(fresh("postgresql"), keys, "PostgreSQL"),
            claiming(fresh("sqlite"), keys, "SQLite"),
            claiming(fresh("postgresql"), keys, "PostgreSQL"),
            *sweep.results(),
        ]
    report(results)
    return 0 if all(result["met"] for result in results) else 1


# --- what is measured -----------------------------------------------------------------------------


def throughput(fresh: Callable[[str], str], keys: Keyring) -> Iterator[Result]:
    """Deliveries a second, against the bare calls; and four workers against one."""
    bare = JOBS / bare_loop(SlowCrm(), [str(number) for number in range(JOBS)])
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        one = in_processes(fresh(kind), keys, 1)
        four = in_processes(fresh(kind), keys, 4)
        yield figure(f"{name}, one worker, of the bare calls", one / bare, 0.5, f"{one:.0f}/s")
        goal = 3.0 if kind == "postgresql" else None
        console.print(f"{name}: {one:.0f} and {four:.0f} a second; the bare calls {bare:.0f}")
        yield figure(f"{name}, four workers, times one", four / one, goal, f"{four:.0f}/s")


def in_processes(url: str, keys: Keyring, workers: int) -> float:
    """Deliveries a second by so many processes, from the moment that all of them are ready."""
    filled = engine(url, keys, SlowCrm())
    for person in people(filled.database, JOBS * workers):
        filled.receive(person)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers + 1)
    processes = [context.Process(target=drain, args=(url, keys, barrier)) for _ in range(workers)]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    for process in processes:
        process.join()
    taken = time.perf_counter() - started
    if not filled.is_idle():
        raise RuntimeError("not everything was delivered")
    filled.database.close()
    return JOBS * workers / taken


def drain(url: str, keys: Keyring, barrier: "multiprocessing.synchronize.Barrier") -> None:
    """One process: work until nothing is left."""
    ours = engine(url, keys, SlowCrm())
    ours.is_idle()  # the first connection is not what is measured
    barrier.wait()
    while not ours.is_idle():
        ours.worker.drain()
    ours.database.close()


def latency(url: str, keys: Keyring, name: str) -> Result:
    """Milliseconds from "received" to "confirmed", with nothing else to do."""
    ours = engine(url, keys, SlowCrm())
    crew = Crew(ours.database, [ours.worker])
    ours.outbox.subscribe(crew.wake)
    crew.start()
    taken = []
    for person in people(ours.database, 60):
        request_id = ours.receive(person)
        started = time.perf_counter()
        while not is_confirmed(ours, request_id):
            time.sleep(0.001)
        taken.append((time.perf_counter() - started) * 1000)
        time.sleep(0.05)  # idle again
    crew.stop()
    ours.database.close()
    median = statistics.median(taken)
    result = figure(f"{name}, received to confirmed, ms", median, 100, f"worst {max(taken):.0f} ms")
    return {**result, "met": median < 100}


def is_confirmed(ours: Engine, request_id: str) -> bool:
    """By the page's own look."""
    with ours.database.reading() as db:
        state = db.scalar(select(Delivery.state).where(Delivery.request_id == request_id))
    return state == DeliveryState.CONFIRMED


def claiming(url: str, keys: Keyring, name: str) -> Result:
    """A claim and its end among a million rows that are over, against the same with none."""
    ours = engine(url, keys, SlowCrm())
    empty = claim_and_end(ours)
    fill(ours.database, ROWS)
    full = claim_and_end(ours)
    ours.database.close()
    result = figure(
        f"{name}, a claim among {ROWS:,} rows, times one among none",
        full / empty,
        1.2,
        f"{full * 1000:.2f} ms",
    )
    return {**result, "met": full / empty <= 1.2}


def claim_and_end(ours: Engine, rounds: int = 300) -> float:
    """Seconds, the median of many, for the two statements that a queue lives by."""
    taken = []
    for person in people(ours.database, rounds):
        ours.receive(person)
    for _ in range(rounds):
        started = time.perf_counter()
        with ours.database.unit("claimed") as unit:
            job = claims.claim(unit.session, utc_now(), Gates())
            claims.next_due(unit.session, utc_now())
            if job is None:
                raise RuntimeError("no job to claim")
            claims.end(unit.session, job.id, job.lease or "", how="done", now=utc_now(), cause=None)
            unit.commit()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def fill(database: Database, rows: int) -> None:
    """So many requests, done jobs and chained ledger entries, made by the database itself."""
    postgres = database.engine.dialect.name == "postgresql"
    text32 = "lpad(i::text, 32, '0')" if postgres else "printf('%032d', i)"
    bytes32 = f"convert_to({text32}, 'UTF8')" if postgres else f"CAST({text32} AS BLOB)"
    numbers = (
        "WITH RECURSIVE numbers(i) AS"
        f" (SELECT {OFFSET} UNION ALL SELECT i + 1 FROM numbers WHERE i < {OFFSET + rows - 1})"
    )
    now = "'2026-01-01 00:00:00.000000'"
    tables = {
        'requests (id, subject_id, site, "right", locale, received_at, details)': (
            f"{text32}, '{ANYBODY}', 'bench', 'rectify', 'en', {now}, '{{}}'"
        ),
        'jobs (id, kind, lane, subject_id, adapter, "key", created_at, due_at, attempts,'
        ' ended_at, "end")': (
            f"i, 'delivery', 2, '{ANYBODY}', 'crm', {text32}, {now}, {now}, 1, {now}, 'done'"
        ),
        "ledger (id, at, event, facts)": f"i, {now}, 'delivered', '{{}}'",
        "ledger_links (position, entry_id, digest)": f"i, i, {bytes32}",
    }
    with database.unit("filled") as unit:
        unit.session.add(Subject(id=ANYBODY, created_at=utc_now()))
        unit.session.flush()
        for table, values in tables.items():
            unit.session.execute(
                text(f"INSERT INTO {table} {numbers} SELECT {values} FROM numbers")
            )
        unit.commit()
    if postgres:
        engine_of_its_own = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine_of_its_own.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


OFFSET = 10_000_000
ANYBODY = "a" * 32

# --- around it ------------------------------------------------------------------------------------


def fresh_databases(folder: Path, server: str) -> Callable[[str], str]:
    """``fresh(kind)``: the address of an empty database; SQLite on disk, as in real life."""
    numbers = iter(range(1000))

    def fresh(kind: str) -> str:
        name = f"bench_{next(numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{folder / name}.sqlite"
        return postgresql.create_database(server, name)

    return fresh


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own, on loopback; it commits to disk."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-pg-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "session").write_text(str(os.getpid()))
        home = folder / "postgresql"
        home.mkdir(mode=0o700)
        started: Started = postgresql.start(home)
        try:
            yield started.url
        finally:
            stop(started)


def figure(what: str, found: float, goal: float | None, detail: str) -> Result:
    """One line of the table; a ratio that must be at least its goal."""
    return {
        "what": what,
        "found": round(found, 3),
        "goal": goal,
        "met": goal is None or found >= goal,
        "detail": detail,
    }


def report(results: Sequence[Result]) -> None:
    """A table for people, JSON for everything else."""
    shown = Shown("what", "found", "goal", "", "detail")
    for result in results:
        goal = "" if result["goal"] is None else str(result["goal"])
        met = "ok" if result["met"] else "MISSED"
        shown.add_row(str(result["what"]), str(result["found"]), goal, met, str(result["detail"]))
    console.print(shown)
    machine = {
        "date": f"{utc_now():%Y-%m-%d}",
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": multiprocessing.cpu_count(),
    }
    path = Path("test-results/bench-sync.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=2))
    console.print(f"also in {path}")


if __name__ == "__main__":
    sys.exit(main())
