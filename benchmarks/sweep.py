"""How fast `portal sweep` goes through a CRM, against the bare `scan`, and in how much memory.

Each size is measured in a process of its own: a bare scan, then a sweep, several times in turn,
so that whatever else the machine does hits both.
"""

import json
import os
import resource
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown

from portal.access.directory import Directory
from portal.adapters.sql import SqlAdapter
from portal.adapters.sql.settings import SqlSettings
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.domain.clock import utc_now
from portal.domain.rights import Right
from portal.proof.ledger import Ledger
from portal.rights.held.naming import Naming
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.lasting.reappeared import Reappeared
from portal.rights.lasting.sweep import Sweeping
from portal.store.database import Database
from portal.store.recalls import Recalls
from portal.store.tables import AdapterState, Request, Subject, SubjectAlias, Suppression
from portal.store.vault import Keyring, Vault
from portal.sync.outbox import Outbox

ROWS = int(os.environ.get("ROWS", "1_000_000"))
TIMES = int(os.environ.get("TIMES", "3"))
SUPPRESSED = 1000
"""People who were erased."""
BACK = 100
"""One of so many of them is in the CRM again."""
Result = dict[str, object]


def results() -> list[Result]:
    """The figures, as `benchmarks.sync` shows them."""
    large, small = measured(ROWS), measured(ROWS // 10)
    growth = large["sweep_peak"] / small["sweep_peak"]
    return [
        {
            "what": f"a sweep over {ROWS:,} records, of the bare scan",
            "found": round(large["ratio"], 3),
            "goal": 0.8,
            "met": large["ratio"] >= 0.8,
            "detail": f"{large['per_second']:,.0f} records/s; by processor time of its own "
            f"{large['own']:.2f}; load {large['load']:.1f} on {os.cpu_count()} cores",
        },
        {
            "what": f"its memory over {ROWS:,} records, times that over {ROWS // 10:,}",
            "found": round(growth, 3),
            "goal": 1.1,
            "met": growth <= 1.1,
            "detail": f"{large['sweep_peak']:.0f} and {small['sweep_peak']:.0f} MiB at most; "
            f"the second process {large['second_peak']:.0f} MiB",
        },
    ]


def measured(rows: int) -> dict[str, float]:
    """One size, in a process of its own."""
    done = subprocess.run(  # this very program
        [sys.executable, "-m", "benchmarks.sweep", "measure", str(rows)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(rows: int) -> dict[str, float]:
    """The ratio, the speed, and the most memory that was used (MiB)."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        adapter, sweeping = parts(folder, rows)
        ratios, own, speeds = [], [], []
        for _ in range(TIMES):
            started, used = time.perf_counter(), time.process_time()
            if sum(1 for _ in adapter.scan()) != rows:
                raise RuntimeError("the scan has not seen every record")
            bare, bare_used = time.perf_counter() - started, time.process_time() - used
            started, used = time.perf_counter(), time.process_time()
            swept = sweeping.sweep(adapter, dry_run=False, progress=lambda _: None)
            taken = time.perf_counter() - started
            if (swept.records, swept.suppressed) != (rows, SUPPRESSED // BACK):
                raise RuntimeError("the sweep has not found what is there")
            ratios.append(bare / taken)
            own.append(bare_used / (time.process_time() - used))
            speeds.append(rows / taken)
        adapter.close()
    return {
        "ratio": statistics.median(ratios),
        "own": statistics.median(own),
        "per_second": statistics.median(speeds),
        "sweep_peak": peak(resource.RUSAGE_SELF),
        "second_peak": peak(resource.RUSAGE_CHILDREN),
        "load": os.getloadavg()[0],
    }


def peak(who: int) -> float:
    """MiB."""
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return resource.getrusage(who).ru_maxrss / unit


def parts(folder: Path, rows: int) -> tuple[SqlAdapter, Sweeping]:
    """A CRM of so many records, and a portal that has erased some people."""
    adapter = SqlAdapter("crm", crm(folder / "crm.sqlite", rows))
    keys = Keyring.create(folder / "keys.json")
    database, vault = Database(f"sqlite:///{folder / 'portal.sqlite'}"), Vault(keys)
    database.migrate()
    suppress(database, vault, rows)
    ledger, outbox = Ledger(utc_now), Outbox(vault, utc_now)
    suppressions = Suppressions(ledger, utc_now)
    reappeared = Reappeared(outbox, ledger, utc_now)
    directory = Directory({"crm": adapter}, {"demo": ()})
    sweeping = Sweeping(
        database,
        vault,
        directory,
        suppressions,
        OtherAddresses(database, vault, Recalls(vault, utc_now), utc_now),
        reappeared,
        ledger,
        utc_now,
        ["newsletter"],
        Naming(database, vault, ["name"]),
    )
    return adapter, sweeping


def crm(file: Path, rows: int) -> SqlSettings:
    """A table of people, in SQLite."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name TEXT, street TEXT)"
        )
        connection.execute("CREATE INDEX people_email ON people (email COLLATE NOCASE)")
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, 'Somebody', '14')",
            ((number, address(number)) for number in range(1, rows + 1)),
        )
    settings: dict[str, Any] = {
        "adapter": "sql",
        "label": {"en": "CRM"},
        "location": {"entity": "bench", "hosting": "NL"},
        "url": f"sqlite:///{file}",
        "table": "people",
        "email": "email",
        "fields": {"name": "name"},
        "erase": [{"category": "contact", "action": "delete"}],
    }
    return SqlSettings.model_validate(settings, context={"folder": file.parent})


def address(number: int) -> str:
    """As people have them: one in a thousand not plain."""
    name = "Voor.Naam" if number % 3 else "achternaam"
    host = "bücher.example" if number % 1000 == 0 else f"mail{number % 89}.example.org"
    return f"{name}{number}@{host}"


def suppress(database: Database, vault: Vault, rows: int) -> None:
    """So many people were erased, and some of them are in the CRM again."""
    with database.unit("bench") as unit:
        for number in range(SUPPRESSED):
            subject, request = secrets.token_hex(16), secrets.token_urlsafe(16)
            back = number % BACK == 0
            text = address(rows // SUPPRESSED * number + 1 if back else rows + number + 1)
            version, digest = vault.alias(Email.parse(text))
            unit.session.add(Subject(id=subject, created_at=utc_now()))
            unit.session.flush()
            unit.session.add(SubjectAlias(key_version=version, digest=digest, subject_id=subject))
            unit.session.add(
                Request(
                    id=request,
                    subject_id=subject,
                    site="demo",
                    right=Right.ERASE,
                    locale="en",
                    received_at=utc_now(),
                    details={},
                )
            )
            unit.session.flush()
            unit.session.add(Suppression(subject_id=subject, request_id=request, since=utc_now()))
        unit.session.add(AdapterState(adapter="crm", failures=0, records=rows))
        unit.commit()


def main() -> int:
    """Measure and show; 1 when a goal is missed."""
    if sys.argv[1:2] == ["measure"]:
        sys.stdout.write(json.dumps(measure(int(sys.argv[2]))) + "\n")
        return 0
    found = results()
    shown = Shown("what", "found", "goal", "", "detail")
    for result in found:
        met = "ok" if result["met"] else "MISSED"
        shown.add_row(
            str(result["what"]),
            str(result["found"]),
            str(result["goal"]),
            met,
            str(result["detail"]),
        )
    Console().print(shown)
    return 0 if all(result["met"] for result in found) else 1


if __name__ == "__main__":
    sys.exit(main())
