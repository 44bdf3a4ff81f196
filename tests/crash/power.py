"""Power loss: a portal is watched while it works, and then the power is cut at every moment.

``kill -9`` says nothing about durability, since the kernel goes on and writes what it was given.
Here the files are put together as a disk may have them after a cut (`tests.crash.disk`), opened by
the portal's own `Database`, and checked: whole, everything that was acknowledged before the cut,
and no transaction in part. Some are then worked to the end, with all the invariants of a kill.

    python -m tests.crash.power FOLDER SEED CUTS [SYNCHRONOUS]

prints one line of JSON for each cut. It has one thread, and is started by `cut_the_power`.
"""

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from portal.store.database import Database
from tests.crash.crm import read_lines
from tests.crash.disk import HOWS, Disk, How
from tests.crash.invariants import stored_whole
from tests.crash.power_child import BEGINS
from tests.crash.process import Order, recover
from tests.crash.rig import folder_for_runs
from tests.crash.strace import Operation, watch
from tests.crash.world import World

HOUSE = Path(__file__).parents[2]
CONTROLS = ("OFF", "NORMAL")
"""Of ``PRAGMA synchronous``: with each of these something acknowledged must be seen to be lost."""
OUTSIDE = ("asked.jsonl", "crm.jsonl", "mailing.jsonl")
"""Of others: whoever asked and the CRMs have no power cut."""
RECOVERED = 8
"""One cut in so many is worked to the end."""
Line = dict[str, Any]


def cut_the_power(seed: int, cuts: int) -> Iterator[Line]:
    """A line for each of so many cuts of one run, as it is. Needs strace: `strace.can_trace`."""
    yield from _cuts(seed, cuts, None)


def cut_the_power_carelessly(seed: int, cuts: int, synchronous: str) -> Iterator[Line]:
    """The same with a pragma that promises less: "caught" where a loss was seen."""
    for line in _cuts(seed, cuts, synchronous):
        result = "missed" if line["result"] == "ok" else "caught"
        control = f"synchronous={synchronous}"
        yield {**line, "kind": "control", "control": control, "result": result}


def _cuts(seed: int, cuts: int, synchronous: str | None) -> Iterator[Line]:
    folder = folder_for_runs()
    told = [] if synchronous is None else [synchronous]
    command = [sys.executable, "-m", "tests.crash.power", str(folder), str(seed), str(cuts), *told]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOUSE) as process:
            assert process.stdout is not None
            for text in process.stdout:
                yield json.loads(text)
        if process.returncode:
            raise RuntimeError(f"the power test ended with {process.returncode}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Cutter:
    """Puts the files together as they may be, and looks at them."""

    def __init__(self, folder: Path, seed: int, synchronous: str | None) -> None:
        told = [] if synchronous is None else [synchronous]
        program = "tests.crash.power_child"
        command = [sys.executable, "-m", program, str(folder / "world"), str(seed), *told]
        run_folder = folder / "world" / "run"
        trace = folder / "trace"
        self.operations = watch(command, trace, run_folder, cwd=HOUSE, begins=BEGINS.encode())
        trace.unlink()
        self.world = World(folder / "world")
        self._base = {"portal.sqlite": self.world.file.read_bytes()}

    def moments(self, chance: Random, cuts: int) -> Iterator[tuple[int, Operation, How, Disk]]:
        """So many cuts, spread over everything that was done; each with the disk at that time."""
        disk = Disk(self._base)
        chosen = sorted(chance.randrange(len(self.operations)) for _ in range(cuts))
        for number, one in enumerate(self.operations):
            if one.name not in OUTSIDE:
                disk.do(one)
            while chosen and chosen[0] == number:
                chosen.pop(0)
                yield number, one, chance.choice(HOWS), disk

    def put_back(self, number: int, files: dict[str, bytes]) -> None:
        """The folder as it is found when the power comes back after this operation."""
        for file in self.world.run_folder.iterdir():
            file.unlink()
        for name, content in files.items():
            (self.world.run_folder / name).write_bytes(content)
        for name in OUTSIDE:
            parts = [one.data for one in self.operations[: number + 1] if one.name == name]
            (self.world.run_folder / name).write_bytes(b"".join(parts))

    def look(self) -> list[tuple[str, str]]:
        """What is wrong before any work is done."""
        try:
            found = _damage(self.world.file)
            return found or stored_whole(self.world)
        except sqlite3.DatabaseError as error:
            return [("lost", f"the database cannot be read: {type(error).__name__}")]
        finally:
            self.world.let_go()


def _damage(file: Path) -> list[tuple[str, str]]:
    """As the portal opens it, and as SQLite itself judges it."""
    database = Database(f"sqlite:///{file}")
    try:
        with closing(database.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            found = cursor.execute("PRAGMA integrity_check").fetchall()
            dangling = cursor.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        database.close()
    bad = [str(row[0]) for row in found if row[0] != "ok"]
    bad += [f"{row[0]} refers to a missing {row[2]}" for row in dangling]
    return [("lost", one) for one in bad[:3]]


def main(folder: Path, seed: int, cuts: int, synchronous: str | None) -> None:
    """Watch, cut, look; a line for each cut."""
    logging.disable(logging.CRITICAL)
    cutter = _Cutter(folder, seed, synchronous)
    chance = Random(seed)
    moments = cutter.moments(chance, cuts)
    for count, (number, one, how, disk) in enumerate(moments, start=1):
        cutter.put_back(number, disk.after_a_cut(how, chance))
        acknowledged = sum("acknowledged" in line for line in read_lines(cutter.world.asked))
        findings = cutter.look()
        recovered = not findings and count % RECOVERED == 0
        if recovered:
            findings = recover(cutter.world, Order("power cut", seed))
        line = {
            "kind": "power",
            "seed": seed,
            "cut": number,
            "after": str(one),
            "left": how,
            "acknowledged": acknowledged,
            "worked_to_the_end": recovered,
            "result": findings[0][0] if findings else "ok",
            "findings": [list(found) for found in findings],
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _folder, _seed, _cuts_told, *_more = sys.argv[1:]
    main(Path(_folder), int(_seed), int(_cuts_told), _more[0] if _more else None)
