"""One of several people under one address: which records a payload means, and which it does not.

What is asked for by one of them is done in her records alone: those of the keys that were opened,
and, in a system that was away then, those of her very name. Of the others nothing is touched.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.access.subjects import Opened
from portal.adapters.contract import Record, Ref
from portal.rights.held.holdings import name_of


def hers(opened: Opened | None, adapter: str) -> dict[str, Any] | None:
    """What a payload for this adapter says of whose records it means.

    Nothing: all of the address. None: she has none there, and there is nothing to deliver.
    """
    if opened is None:
        return {}
    if adapter not in opened.keys:
        return {"who": whose(opened)}
    return {"only": list(opened.keys[adapter])} if opened.keys[adapter] else None


def whose(opened: Opened) -> dict[str, Any]:
    """By which she is told from the others in records that were not opened."""
    return {"name_fields": list(opened.name_fields), "name": opened.name}


def hers_among(records: Sequence[Record], payload: Mapping[str, Any]) -> list[Record]:
    """Of the records of an address, those that a payload means."""
    found = list(records)
    if "only" in payload:
        found = [record for record in found if record.ref.key in payload["only"]]
    if "who" in payload:
        found = [record for record in found if is_of(record, payload["who"])]
    return found


def is_of(record: Record, who: Mapping[str, Any]) -> bool:
    """Does the record bear her name?"""
    return bool(name_of(record, who["name_fields"]) == who["name"])


def refs_of(records: Sequence[Record], who: Mapping[str, Any]) -> list[Ref] | None:
    """Those that bear her name; None: one bears no name, and whose that is, a person finds out."""
    if not all(name_of(record, who["name_fields"]) for record in records):
        return None
    return [record.ref for record in records if is_of(record, who)]
