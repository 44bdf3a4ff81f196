"""What is written down of every run: one line of JSON, so that it can be judged from outside."""

import json
import time
from pathlib import Path
from typing import IO, Any, Self

from tests.crash.process import Outcome

FILE = Path("test-results/crash.jsonl")


class Record:
    """A file of lines, one a run; begun anew."""

    def __init__(self, file: Path, *, began: float | None = None) -> None:
        self.file = file
        self.began = time.time() if began is None else began
        file.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[str] = file.open("w", encoding="utf-8")

    def add(self, line: dict[str, Any]) -> None:
        """One run. ``at``: seconds since the first."""
        self._stream.write(json.dumps({**line, "at": round(time.time() - self.began, 3)}) + "\n")
        self._stream.flush()  # a rig that dies itself must not take its runs along

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def line_of(outcome: Outcome) -> dict[str, Any]:
    """A run's line: enough to do the very same again."""
    order = outcome.order
    return {
        "kind": "control" if order.control else "kill",
        "scenario": order.scenario,
        "control": order.control,
        "seed": order.seed,
        "kill": order.kill,
        "point": outcome.point,
        "hit": outcome.hit,
        "second_kill": order.second,
        "second_point": outcome.second_point,
        "second_hit": outcome.second_hit,
        "result": "ok" if not outcome.findings else outcome.findings[0][0],
        "findings": [list(one) for one in outcome.findings],
        "ms": round(outcome.seconds * 1000, 1),
    }
