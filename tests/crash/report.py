"""The summary of a crash run, made from its lines and from nothing else.

    python -m tests.crash.report test-results/crash.jsonl

prints it, and writes it beside the lines as `crash.json`. Ends with 1 if something was lost or
doubled, or if a planted fault was not found.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Line = dict[str, Any]


def read(file: Path) -> list[Line]:
    """The lines of a run; one that was cut off by a death of the rig itself is left out."""
    lines = []
    for text in file.read_text("utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def summary(lines: Iterable[Line]) -> dict[str, Any]:
    """All that is to be told of these runs."""
    lines = list(lines)
    kills = [line for line in lines if line["kind"] == "kill"]
    power = [line for line in lines if line["kind"] == "power"]
    bad = [line for line in kills + power if line["result"] != "ok"]
    controls = _controls(lines)
    seconds = max((line["at"] for line in kills), default=0.0) - min(
        (line["at"] - line["ms"] / 1000 for line in kills), default=0.0
    )
    results = Counter(line["result"] for line in kills)
    return {
        "runs": len(kills),
        "killed": sum(line["point"] is not None for line in kills),
        "killed_twice": sum(bool(line["point"] and line["second_point"]) for line in kills),
        "distinct_places": len(_places(kills)),
        "results": dict(results),
        "lost": sum(_says(line, "lost") for line in kills),
        "doubled": sum(_says(line, "doubled") for line in kills),
        "power_cuts": len(power),
        "power_lost": sum(line["result"] != "ok" for line in power),
        "seconds": round(seconds, 1),
        "runs_per_second": round(len(kills) / seconds, 1) if seconds else None,
        "seeds": len({line["seed"] for line in kills}),
        "scenarios": _scenarios(kills),
        "points": dict(sorted(Counter(line["point"] for line in kills if line["point"]).items())),
        "controls": controls,
        "bad": bad[:50],
        "good": not bad and bool(kills) and all(one["caught"] for one in controls.values()),
    }


def _says(line: Line, code: str) -> bool:
    return any(found[0] == code for found in line["findings"])


def _places(lines: Iterable[Line]) -> set[tuple[Any, ...]]:
    return {(one["scenario"], one["point"], one["hit"]) for one in lines if one["point"]}


def _scenarios(kills: list[Line]) -> dict[str, Any]:
    told = {}
    for name in sorted({line["scenario"] for line in kills}):
        mine = [line for line in kills if line["scenario"] == name]
        told[name] = {
            "runs": len(mine),
            "places": len(_places(mine)),
            "killed_twice": sum(bool(line["point"] and line["second_point"]) for line in mine),
            "lost": sum(_says(line, "lost") for line in mine),
            "doubled": sum(_says(line, "doubled") for line in mine),
            "otherwise_wrong": sum(
                line["result"] not in {"ok", "lost", "doubled"} for line in mine
            ),
        }
    return told


def _controls(lines: list[Line]) -> dict[str, Any]:
    told = {}
    for name in dict.fromkeys(line["control"] for line in lines if line.get("control")):
        mine = [line for line in lines if line.get("control") == name]
        found = Counter(code for line in mine for code in {one[0] for one in line["findings"]})
        caught = sum(line["result"] == "caught" for line in mine)
        told[name] = {"runs": len(mine), "caught": caught, "found_as": dict(found)}
    return told


def show(told: dict[str, Any], console: Console) -> None:
    """Print it."""
    table = Table(title="Killed at every point", title_justify="left")
    for name in ("scenario", "runs", "places", "killed twice", "lost", "doubled", "otherwise"):
        table.add_column(name, justify="left" if name == "scenario" else "right")
    for name, one in told["scenarios"].items():
        table.add_row(name, *(str(value) for value in one.values()))
    table.add_section()
    table.add_row(
        "all",
        str(told["runs"]),
        str(told["distinct_places"]),
        str(told["killed_twice"]),
        str(told["lost"]),
        str(told["doubled"]),
        str(sum(one["otherwise_wrong"] for one in told["scenarios"].values())),
    )
    console.print(table)
    if told["controls"]:
        table = Table(title="Planted faults", title_justify="left")
        for name in ("fault", "runs", "caught in", "found as"):
            table.add_column(name, justify="right" if name in {"runs", "caught in"} else "left")
        for name, one in told["controls"].items():
            found = ", ".join(f"{code} {times}" for code, times in one["found_as"].items())
            table.add_row(name, str(one["runs"]), str(one["caught"] or "NONE"), found)
        console.print(table)
    if told["power_cuts"]:
        console.print(f"power cuts: {told['power_cuts']}, wrong after it: {told['power_lost']}")
    console.print(
        f"{told['runs']} runs in {told['seconds']} s ({told['runs_per_second']} a second):"
        f" {told['lost']} lost, {told['doubled']} doubled"
    )
    for line in told["bad"][:10]:
        console.print(f"[bold]{line['result']}[/]: {json.dumps(line)}", soft_wrap=True)


def main(file: Path) -> int:
    """Make the summary of a file of lines; the exit code."""
    told = summary(read(file))
    file.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    show(told, Console(soft_wrap=False))
    return 0 if told["good"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
