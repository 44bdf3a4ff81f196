"""Reading what is held, for pages that cannot do without it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import abort

from portal.rights.held.holdings import Holdings
from portal.web.context import me, services
from portal.web.pages import adapter_label


def held_or_503() -> Holdings:
    """What is held about whoever is signed in; 503 when no system at all could be asked."""
    held = services().rights.reading.of(me())
    if held.nothing_answered:
        abort(503)
    return held


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What becomes of her data until an erasure that waits is done, by the names of systems."""

    unused: list[str]
    """They know the mark "keep, do not use"."""
    as_it_is: list[str]
    """They know none: nothing is marked there, and a person does it where she asks for that."""


def meanwhile(names: Iterable[str]) -> Meanwhile:
    """What these systems can do while an erasure waits."""
    there = [name for name in names if name in services().adapters]
    marks = {name: services().adapters[name].capabilities.restrict for name in there}
    return Meanwhile(
        unused=[adapter_label(name) for name in there if marks[name]],
        as_it_is=[adapter_label(name) for name in there if not marks[name]],
    )
