"""Do the register and the connected CRMs tell the same story?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal.domain.complaints import did_you_mean
from portal.domain.register import Kind, Register


@dataclass(frozen=True, slots=True)
class Held:
    """What one adapter, as configured, says that its CRM holds: ids of the register."""

    fields: frozenset[str] = frozenset()
    """Fields that it reads."""
    writable: frozenset[str] = frozenset()
    """Fields that it can write."""
    purposes: frozenset[str] = frozenset()
    """Purposes of which it holds the consent."""
    categories: frozenset[str] = frozenset()
    """Categories that its erasure removes or keeps."""
    frequencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Purpose → the frequencies that it can be set to."""
    links: frozenset[str] = frozenset()
    """Purposes whose footer link has a field of its own."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``errors``: what is held and not accounted for; ``warnings``: promised and held nowhere."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def fit(register: Register, held: Mapping[str, Held]) -> Fit:
    """Compare the register with what each adapter (by name) holds."""
    return Fit(
        (*_errors(register, held), *_frequency_errors(register, held)),
        tuple(_warnings(register, held)),
    )


def _errors(register: Register, held: Mapping[str, Held]) -> Iterator[str]:
    known = {
        "field": {part.id for part in register.fields},
        "purpose": {part.id for part in register.purposes},
        "category": {part.id for part in register.categories},
    }
    for name, one in held.items():
        used = {
            "field": one.fields | one.writable,
            "purpose": one.purposes | one.links,
            "category": one.categories,
        }
        for kind, ids in used.items():
            for id in sorted(ids - known[kind]):
                yield (
                    f"adapter {name} uses the {kind} {id}, which is not in the register"
                    f"{did_you_mean(id, sorted(known[kind]))}"
                )


def _frequency_errors(register: Register, held: Mapping[str, Held]) -> Iterator[str]:
    known = {one.id: {often.id for often in one.frequencies} for one in register.purposes}
    for name, one in held.items():
        for purpose, ids in sorted(one.frequencies.items()):
            for id in sorted(ids - known.get(purpose, ids)):
                yield (
                    f"adapter {name} uses the frequency {id} of {purpose}, which is not in the "
                    f"register{did_you_mean(id, sorted(known[purpose]))}"
                )


def _warnings(register: Register, held: Mapping[str, Held]) -> Iterator[str]:
    fields = frozenset[str]().union(*(one.fields for one in held.values()))
    writable = frozenset[str]().union(*(one.writable for one in held.values()))
    purposes = frozenset[str]().union(*(one.purposes for one in held.values()))
    if fields and not any(one.kind is Kind.NAME and one.id in fields for one in register.fields):
        yield (
            "no adapter holds a field of kind name: without one, people who share a mailbox "
            "cannot be told apart and would see each other's data"
        )
    for entry in register.fields:
        if entry.id not in fields:
            yield f"the register's field {entry.id} is held by no adapter"
        elif (entry.editable or entry.replaceable) and entry.id not in writable:
            how = "editable" if entry.editable else "replaceable"
            yield f"the register calls the field {entry.id} {how}, but no adapter can write it"
    for purpose in register.purposes:
        if purpose.id not in purposes:
            yield f"the register's purpose {purpose.id} is held by no adapter"
