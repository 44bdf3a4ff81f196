"""The long run: `make crash`, or `python -m tests.crash --runs 10000 --seed 7`.

Two rigs side by side kill the portal at places chosen by chance, look for every planted fault, and
cut the power; every run is a line of ``test-results/crash.jsonl``, from which the summary is made.
Ends with 1 if anything was lost or doubled, or a planted fault was not found.
"""

import argparse
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.crash import report
from tests.crash.controls import CONTROLS
from tests.crash.hunt import hunt
from tests.crash.power import CONTROLS as POWER_CONTROLS
from tests.crash.power import cut_the_power, cut_the_power_carelessly
from tests.crash.process import Order
from tests.crash.record import FILE, Record, line_of
from tests.crash.rig import Rig
from tests.crash.scenarios import SCENARIOS
from tests.crash.strace import CannotTrace, can_trace

CUTS = 400
"""Of the power, in the long run."""
PLAIN_EVERY = 10.0
"""Seconds between two lines where there is no terminal to draw a bar on."""


def orders(runs: int, seed: int, points: dict[str, int]) -> Iterator[Order]:
    """So many runs: every scenario alike often, killed anywhere in it, every third one twice."""
    chance = Random(seed)
    names = list(SCENARIOS)
    for number in range(runs):
        name = names[number % len(names)]
        yield Order(
            name,
            seed=chance.randrange(1 << 31),
            kill=chance.randint(1, points[name]),
            second=chance.randint(1, 20) if chance.random() < 1 / 3 else None,
        )


class _Lines:
    """A record that several threads write."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._lock = threading.Lock()

    def add(self, line: dict[str, object]) -> None:
        with self._lock:
            self._record.add(line)


def _work(
    rig: Rig, waiting: "SimpleQueue[Order]", lines: _Lines, done: "SimpleQueue[bool]"
) -> None:
    while True:
        try:
            order = waiting.get_nowait()
        except Empty:
            return
        outcome = rig.run(order)
        lines.add(line_of(outcome))
        done.put(not outcome.findings)


def kill_often(rigs: list[Rig], all_orders: list[Order], record: Record, console: Console) -> None:
    """Do all these runs, shared out over the rigs; show how far it is."""
    waiting: SimpleQueue[Order] = SimpleQueue()
    for order in all_orders:
        waiting.put(order)
    done: SimpleQueue[bool] = SimpleQueue()
    lines = _Lines(record)
    threads = [
        threading.Thread(target=_work, args=(rig, waiting, lines, done), daemon=True)
        for rig in rigs
    ]
    for thread in threads:
        thread.start()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("wrong: {task.fields[wrong]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    wrong, last = 0, time.monotonic()
    with bar:
        task = bar.add_task("killing", total=len(all_orders), wrong=0)
        for number in range(1, len(all_orders) + 1):
            while True:
                try:
                    wrong += not done.get(timeout=1)
                    break
                except Empty:
                    if not any(thread.is_alive() for thread in threads):
                        raise RuntimeError("the rigs have ended early") from None
            bar.update(task, completed=number, wrong=wrong)
            if not console.is_terminal and time.monotonic() - last > PLAIN_EVERY:
                last = time.monotonic()
                console.print(f"{number} of {len(all_orders)} killed, wrong: {wrong}")
    for thread in threads:
        thread.join()


def cut(seed: int, record: Record, console: Console) -> None:
    """Power cuts, where they can be had; said loudly where not.

    Raises:
        CannotTrace: Under ``CI=true``.
    """
    if not can_trace():
        if os.environ.get("CI") == "true":
            raise CannotTrace("strace is missing or may not watch programs")
        console.print("[bold red]strace is missing: NO POWER WAS CUT[/]")
        return
    console.print("cutting the power")
    for line in cut_the_power(seed, CUTS):
        record.add(line)
    for synchronous in POWER_CONTROLS:
        for line in cut_the_power_carelessly(seed, CUTS // 4, synchronous):
            record.add(line)


def main(runs: int, seed: int, file: Path) -> int:
    """All of it; the exit code."""
    console = Console()
    console.print(f"seed {seed}: the same again with  make crash CRASHES={runs} SEED={seed}")
    with Record(file) as record, Rig() as one, Rig() as other:
        points = {name: len(one.run(Order(name)).points) for name in SCENARIOS}
        kill_often([one, other], list(orders(runs, seed, points)), record, console)
        console.print("looking for planted faults")
        for control in CONTROLS:
            hunt(one, control, record)
        cut(seed, record, console)
    return report.main(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None, help="else a fresh one")
    parser.add_argument("--file", type=Path, default=FILE)
    given = parser.parse_args()
    chosen = secrets.randbelow(1 << 31) if given.seed is None else given.seed
    sys.exit(main(given.runs, chosen, given.file))
