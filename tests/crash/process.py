"""Lives and deaths: a scenario in a process that is really killed, and what comes after it.

The parent has one thread and no connection; each life is a fork of it, so that a life begins in a
second's hundredth and knows nothing of the one before but what is on disk.
"""

import gc
import json
import os
import random
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from portal import faults
from tests.crash.asking import Run
from tests.crash.controls import CONTROLS
from tests.crash.invariants import findings
from tests.crash.scenarios import SCENARIOS
from tests.crash.world import World

HUNG_AFTER = 60.0
"""Seconds; a life takes a few hundredths."""
ACKNOWLEDGED = "request received: acknowledged"


@dataclass(frozen=True)
class Order:
    """One run: what is asked, where it is killed, and where the life after that is killed."""

    scenario: str
    seed: int = 0
    kill: int | None = None
    """At the how-manieth point, from 1; None: not at all."""
    second: int | None = None
    control: str | None = None
    """The fault that is planted, if any."""


@dataclass
class Outcome:
    """How a run went. ``findings`` is empty when nothing is wrong."""

    order: Order
    point: str | None = None
    """Where it was killed, if it got that far."""
    hit: int | None = None
    """The how-manieth time that it came by there."""
    second_point: str | None = None
    second_hit: int | None = None
    findings: list[tuple[str, str]] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    """Of the lives that were not killed: every point they came by, in order."""
    recovery_points: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """Of a first life that was not killed: what a death at each of its points would have left."""
    seconds: float = 0.0


def run(world: World, order: Order) -> Outcome:
    """One run, from clean files to the checks after the end."""
    began = time.perf_counter()
    outcome = Outcome(order)
    world.reset()
    first = _life(world, order, order.kill, _first_life)
    outcome.point, outcome.hit = first.killed
    outcome.points, outcome.states = first.points, first.states
    last = first
    if first.ended:
        if order.second is not None:
            second = _life(world, order, order.second, _recovery)
            outcome.second_point, outcome.second_hit = second.killed
            last = second
        if last is first or last.killed[0] is not None:
            last = _life(world, order, None, _recovery)
        outcome.recovery_points = last.points
    outcome.findings = [(code, what) for code, what in last.findings]
    outcome.seconds = time.perf_counter() - began
    return outcome


def recover(world: World, order: Order) -> list[tuple[str, str]]:
    """Start the portal over the files as they are, work to the end, and check."""
    last = _life(world, order, None, _recovery)
    return [(code, what) for code, what in last.findings]


# --- one life ------------------------------------------------------------------------------------


@dataclass
class _Life:
    ended: bool
    """By its end or by the kill, and not by a fault of the rig or by hanging."""
    killed: tuple[str | None, int | None] = (None, None)
    points: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    findings: list[list[str]] = field(default_factory=list)


def _life(
    world: World, order: Order, kill: int | None, live: Callable[[World, Order, "_Points"], Any]
) -> _Life:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(world, order, kill, live, writing)
    os.close(writing)
    told = _read_all(reading, child)
    _, status = os.waitpid(child, 0)
    if told is None:
        return _Life(False, findings=[["hung", "a life did not come to its end"]])
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    try:
        heard = json.loads(told)
    except ValueError:
        return _Life(False, findings=[["rig", f"a life ended with {status} and said nothing"]])
    if killed:
        return _Life(True, killed=(heard["point"], heard["hit"]))
    return _Life(
        "fault" not in heard,
        points=heard.get("points", []),
        states=heard.get("states", []),
        findings=[["rig", heard["fault"]]] if "fault" in heard else heard["findings"],
    )


def _read_all(descriptor: int, child: int) -> bytes | None:
    """All that the child says; None: it said nothing for too long and was killed."""
    said = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], HUNG_AFTER)
        if not ready:
            os.kill(child, signal.SIGKILL)
            os.close(descriptor)
            return None
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            os.close(descriptor)
            return said
        said += piece


def _child(
    world: World,
    order: Order,
    kill: int | None,
    live: Callable[[World, Order, "_Points"], Any],
    writing: int,
) -> None:
    """The life itself. Does not return."""
    gc.disable()
    random.seed(order.seed)  # the engine's back-off; Python makes it new in every fork
    points = _Points(kill, writing)
    try:
        found = live(world, order, points)
        told = {"points": points.passed, "states": points.states, "findings": found or []}
    except BaseException as error:  # noqa: BLE001  whatever it is, the parent must hear of it
        trace = "".join(traceback.format_exception(error)[-6:])
        told = {"fault": trace}
    os.write(writing, json.dumps(told).encode())
    os._exit(0)


class _Points:
    """Listens to the fault points, writes acknowledgements down, and kills at the chosen one."""

    def __init__(self, kill: int | None, writing: int) -> None:
        self.passed: list[str] = []
        self.states: list[str] = []
        self.left: Callable[[], str] | None = None
        """Tells what a death would leave now; asked at each point, where it is there."""
        self.run: Run | None = None
        self._kill = kill
        self._writing = writing

    def __call__(self, point: str) -> None:
        self.passed.append(point)
        if point == ACKNOWLEDGED and self.run is not None:
            self.run.acknowledged()
        if self.left is not None:
            self.states.append(self.left())
        if len(self.passed) == self._kill:
            told = {"point": point, "hit": self.passed.count(point)}
            os.write(self._writing, json.dumps(told).encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _start(world: World, order: Order, points: _Points) -> Run:
    if order.control is not None:
        CONTROLS[order.control].plant(world)
    world.portal.services.recovery.look()  # as every start does: is this an old database?
    run = Run(world)
    points.run = run
    faults.listen(points)
    return run


def _first_life(world: World, order: Order, points: _Points) -> None:
    run = _start(world, order, points)
    points.left = world.left if order.kill is None else None
    SCENARIOS[order.scenario](run, Random(order.seed))


def _recovery(world: World, order: Order, points: _Points) -> list[tuple[str, str]]:
    """The portal is started again, minutes or no time at all later, and works to the end."""
    run = _start(world, order, points)
    run.resume(Random(order.seed))
    run.settle()
    faults.listen(None)
    return findings(world)


def warm(world: World) -> None:
    """Do everything once in this process, so that its forks need not think about it again."""
    for name in ("two systems", "erasure", "a copy"):
        world.reset()
        run = Run(world)
        SCENARIOS[name](run, Random(0))
        run.settle()
        findings(world)
        world.let_go()
    world.reset()
    gc.collect()
    gc.freeze()
