"""The overview: every value with what the register says of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.adapters.contract import Location, Record
from portal.domain.register import (
    Explanation,
    FieldEntry,
    Kind,
    Register,
    in_language,
)
from portal.rights.held.holdings import Holdings, home_of, may_see
from portal.rights.held.values import cell, rows_of, scalar_of, shown

Shown = str | bool | None


@dataclass(frozen=True, slots=True, repr=False)
class Datum:
    """One field of one record, ready for a page. ``withheld``: needs more than a mailbox."""

    field: FieldEntry
    label: str
    value: Shown
    columns: Sequence[str]
    rows: Sequence[Sequence[Shown]]
    withheld: bool
    replaceable: str | None
    """Of what is withheld: the field by whose section of the form it can be replaced unseen."""
    explanation: Explanation


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """The data of one category."""

    label: str
    data: Sequence[Datum]


@dataclass(frozen=True, slots=True, repr=False)
class Holding:
    """One record of one system."""

    groups: Sequence[Group]


@dataclass(frozen=True, slots=True, repr=False)
class System:
    """One system: its name for subscribers, where it stands, what it holds, or that it is away."""

    name: str
    label: str
    location: Location
    away: bool
    holdings: Sequence[Holding]


def overview(register: Register, held: Holdings, locale: str, country: str = "") -> list[System]:
    """What is held, system by system, in the register's order.

    Phone numbers are read as in the country of the record, else in this one.
    """
    return [
        System(
            name=name,
            label=in_language(adapter.settings.label, locale),
            location=adapter.settings.location,
            away=name in held.away,
            holdings=[
                Holding(_groups(register, record, held.tier, locale, country))
                for record in held.records.get(name, ())
            ],
        )
        for name, adapter in held.adapters.items()
    ]


def _groups(
    register: Register, record: Record, tier: int, locale: str, country: str
) -> list[Group]:
    groups, home = [], home_of(register, record, tier) or country
    for category in register.categories:
        data = [
            _datum(register, field, record, tier, locale, home)
            for field in register.fields
            if field.category == category.id and field.shown and field.id in record.values
        ]
        if data:
            groups.append(Group(in_language(category.label, locale), data))
    return groups


def _datum(
    register: Register, field: FieldEntry, record: Record, tier: int, locale: str, home: str
) -> Datum:
    value = record.values[field.id]
    withheld = not may_see(field, tier)
    rows = () if withheld or field.kind is not Kind.ROWS else rows_of(value)
    return Datum(
        field=field,
        label=in_language(field.label, locale),
        value=None if withheld else shown(scalar_of(value), field, locale, home),
        columns=[in_language(label, locale) for label in field.columns.values()],
        rows=[[cell(row.get(column), locale) for column in field.columns] for row in rows],
        withheld=withheld,
        replaceable=_leader(register, field) if withheld and field.replaceable else None,
        explanation=register.explain(field),
    )


def _leader(register: Register, field: FieldEntry) -> str:
    """The first of what is replaced together with it."""
    if field.together is None:
        return field.id
    return next(one.id for one in register.fields if one.together == field.together)
