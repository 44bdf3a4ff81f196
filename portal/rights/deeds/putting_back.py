"""Putting a consent back as it stood before a stop: its own date and words are the proof."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.adapters.contract import (
    Adapter,
    ConsentState,
    Evidence,
    Outcome,
    Record,
    that_puts_back,
)

BEFORE = "before"
"""In a payload: key of a record → what stood there, as `as_told` gives it."""


def as_told(state: ConsentState) -> dict[str, Any]:
    """The evidence of a consent, to be kept sealed for as long as it can be put back."""
    return {
        "at": state.at.isoformat() if state.at else None,
        "source": state.source,
        "wording": state.wording,
        "wording_version": state.wording_version,
        "locale": state.locale,
    }


def give(
    adapter: Adapter,
    record: Record,
    purpose: str,
    evidence: Evidence,
    payload: Mapping[str, Any],
    key: str,
) -> Outcome:
    """Give it; or, where it is known how it stood and the system can do that, put it back."""
    told, able = payload.get(BEFORE, {}).get(record.ref.key), that_puts_back(adapter)
    if told is None or able is None:
        return adapter.set_consent(record.ref, purpose, True, evidence, key=key)
    at = datetime.fromisoformat(told["at"]) if told["at"] else None
    before = ConsentState(**{**told, "granted": True, "at": at})
    return able.put_back(record.ref, purpose, before, evidence, key=key)
