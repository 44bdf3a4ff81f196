"""The rig as a process of its own: one order a line in, one outcome a line out.

It has one thread, so that forking it is safe whatever the tests around it do. `Rig` is the other
side: it starts one and talks to it.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.crash.process import Order, Outcome, run, warm
from tests.crash.world import World

SHARED_MEMORY = Path("/dev/shm")


def folder_for_runs() -> Path:
    """In memory where that can be had: what is killed here is a process, not the power."""
    where = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="crash-", dir=where))


class Rig:
    """Starts a rig and gives it orders. Ends it when left."""

    def __init__(self) -> None:
        self._folder = folder_for_runs()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.rig", str(self._folder / "world")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def run(self, order: Order) -> Outcome:
        """One run."""
        self.send(order)
        return self.receive()

    def send(self, order: Order) -> None:
        """Give an order without waiting for how it goes."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()

    def receive(self) -> Outcome:
        """How the oldest order that is not answered yet went."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the rig has ended, with {self._process.wait()}")
        told = json.loads(line)
        told["findings"] = [(code, what) for code, what in told["findings"]]
        return Outcome(**{**told, "order": Order(**told["order"])})

    def close(self) -> None:
        """End it and take its folder away."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(folder: Path) -> None:
    """Do what is ordered until there are no more orders."""
    logging.disable(logging.CRITICAL)
    world = World(folder)
    warm(world)
    for line in sys.stdin:
        outcome = run(world, Order(**json.loads(line)))
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
