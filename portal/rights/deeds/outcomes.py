"""What erasures removed and kept, as it is stored and shown; and when that goes as well."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from portal.adapters.contract import Adapter, Erasure, Record, Ref, Retained
from portal.rights.deeds.ended import Again


def again_for(adapter: Adapter, done: Mapping[Ref, Erasure]) -> Again | None:
    """The records in which something is kept for a time, and the last day of what goes first.

    :raises AdapterError: the system could not be asked.
    """
    firsts = {
        ref: min(days)
        for ref, erasure in done.items()
        if (days := [kept.first for kept in erasure.retained if kept.first])
    }
    if not firsts:
        return None
    return Again({ref.key: address_mark(adapter.read(ref)) for ref in firsts}, min(firsts.values()))


def address_mark(record: Record | None) -> str:
    """A fingerprint of the address that a record holds, or of none; empty: there is no record."""
    return hashlib.sha256(record.email.strip().encode()).hexdigest() if record else ""


def as_outcome(erasures: Sequence[Erasure]) -> dict[str, Any]:
    """What was removed and what was kept, over all records, as it is stored and shown."""
    retained = merge([kept for erasure in erasures for kept in erasure.retained])
    kept_categories = {kept.category for kept in retained}
    removed = {category for erasure in erasures for category in erasure.removed}
    return {
        "removed": sorted(removed - kept_categories),
        "retained": [
            {
                "category": kept.category,
                "ground": kept.ground,
                "law": dict(kept.law),
                "until": kept.until.isoformat() if kept.until else None,
                "first": kept.first.isoformat() if kept.first else None,
                "count": kept.count,
            }
            for kept in retained
        ],
    }


def merge(retained: Sequence[Retained]) -> list[Retained]:
    """One line per category and ground: counts added up, the latest day and the first."""
    merged: dict[tuple[str, str], Retained] = {}
    for kept in retained:
        place = (kept.category, kept.ground)
        before = merged.get(place)
        if before is None:
            merged[place] = kept
            continue
        days = [day for day in (before.until, kept.until) if day]
        firsts = [day for day in (before.first, kept.first) if day]
        merged[place] = Retained(
            category=kept.category,
            ground=kept.ground,
            law=kept.law,
            until=max(days, default=None),
            count=before.count + kept.count,
            first=min(firsts, default=None),
        )
    return list(merged.values())
