"""What an erasure removed and kept, as it is stored and shown."""

from collections.abc import Sequence
from typing import Any

from portal.adapters.contract import Erasure, Retained


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
                "count": kept.count,
            }
            for kept in retained
        ],
    }


def merge(retained: Sequence[Retained]) -> list[Retained]:
    """One line per category and ground: counts added up, the latest day."""
    merged: dict[tuple[str, str], Retained] = {}
    for kept in retained:
        place = (kept.category, kept.ground)
        before = merged.get(place)
        if before is None:
            merged[place] = kept
            continue
        days = [day for day in (before.until, kept.until) if day]
        merged[place] = Retained(
            category=kept.category,
            ground=kept.ground,
            law=kept.law,
            until=max(days, default=None),
            count=before.count + kept.count,
        )
    return list(merged.values())
