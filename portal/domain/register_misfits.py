"""What does not fit together in a register: told of plain data, whose shape may be wrong too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.domain.complaints import Complaint, did_you_mean
from portal.domain.toml_lines import Path

MEMBERS = 2
"""So many purposes make a group, at least."""


def misfits(register: Mapping[str, Any]) -> list[Complaint]:
    """Ids that stand twice, references to what is not there, and groups of fewer than two.

    Takes a register as plain data, since a file with other faults in it is checked too; whatever
    has not the right shape there is passed over.
    """
    complaints: list[Complaint] = []
    ids: dict[str, set[str]] = {}
    for kind in ("activities", "categories", "fields", "groups", "purposes", "elsewhere"):
        ids[kind] = set()
        for path, id in _texts_at(register, kind, "id"):
            if id in ids[kind]:
                complaints.append((path, f"{id!r} stands twice"))
            ids[kind].add(id)
    for kind, key, target in (
        ("fields", "activity", "activities"),
        ("purposes", "activity", "activities"),
        ("fields", "category", "categories"),
        ("purposes", "group", "groups"),
    ):
        for path, id in _texts_at(register, kind, key):
            if id not in ids[target]:
                complaints.append(
                    (path, f"there is no {key} {id!r}{did_you_mean(id, ids[target])}")
                )
    complaints += _frequencies_twice(register)
    complaints += _groups_of_one(register)
    return complaints


def _groups_of_one(register: Mapping[str, Any]) -> Iterator[Complaint]:
    grouped = [id for _, id in _texts_at(register, "purposes", "group")]
    for path, id in _texts_at(register, "groups", "id"):
        if grouped.count(id) < MEMBERS:
            found = "one purpose" if id in grouped else "no purpose"
            yield path, f"{found} has group = {id!r}: it takes two to stand under one heading"


def _frequencies_twice(register: Mapping[str, Any]) -> Iterator[Complaint]:
    purposes = register.get("purposes", ())
    for index, purpose in enumerate(purposes if isinstance(purposes, Sequence) else ()):
        if not isinstance(purpose, Mapping):
            continue
        known: set[str] = set()
        for path, id in _texts_at(purpose, "frequencies", "id"):
            if id in known:
                yield ("purposes", index, *path), f"{id!r} stands twice"
            known.add(id)


def _texts_at(register: Mapping[str, Any], kind: str, key: str) -> Iterator[tuple[Path, str]]:
    parts = register.get(kind, ())
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        return
    for index, part in enumerate(parts):
        text = part.get(key) if isinstance(part, Mapping) else None
        if isinstance(text, str):
            yield (kind, index, key), text
