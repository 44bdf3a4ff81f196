"""The table that every scenario puts itself into, and what they have in common."""

from collections.abc import Callable
from random import Random

from tests.crash.asking import Run

Scenario = Callable[[Run, Random], None]
SCENARIOS: dict[str, Scenario] = {}
PHONES = ("+3110200{:04}", "+3161000{:04}", "+3162000{:04}")
OVERTAKEN = {"confirmed", "conflict", "failed"}
"""Where a correction may end when something that goes before it comes in between."""


def scenario(made: Scenario) -> Scenario:
    """Add it to the table, by its name with blanks."""
    SCENARIOS[made.__name__.strip("_").replace("_", " ")] = made
    return made


def phone(chance: Random) -> str:
    return chance.choice(PHONES).format(chance.randrange(10_000))
