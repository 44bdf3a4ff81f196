"""On, off or paused: what the delivery of a decision does in one system."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.adapters.contract import Adapter, ConsentState, Evidence, Outcome, Record, that_pauses
from portal.domain.rights import DeliveryState
from portal.rights.deeds.ended import GONE, Ended, Rehearsal, by_read_back
from portal.rights.deeds.putting_back import give
from portal.rights.held.known import addresses_in, records_under
from portal.rights.held.parts import hers_among

A_DAY = timedelta(days=1)
"""Systems may keep the day on which a pause is over, and not the hour."""


def set_consent(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    """The deed: reads first, writes, reads back."""
    purpose, granted = payload["purpose"], payload["granted"]
    until = _until(payload)
    told = payload["evidence"]
    evidence = Evidence(**{**told, "at": datetime.fromisoformat(told["at"])})
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    if not records:
        # Nothing to stop is as good as stopped; a consent that nobody can keep was not given.
        end = DeliveryState.FAILED if granted else DeliveryState.CONFIRMED
        return Ended(end, {"cause": GONE})
    outcomes, unconfirmed, shadow = [], [], Rehearsal()
    for number, record in enumerate(records):
        # "No record either way" may still mean that mail is sent: a withdrawal is written then.
        state = record.consents.get(purpose)
        if state is not None and _is_so(state, granted, until):
            continue
        with shadow:
            outcomes.append(_write(adapter, record, evidence, payload, f"{key}:{number}"))
            after = adapter.read(record.ref)
            if after is not None and not _confirms(after, purpose, granted, until):
                unconfirmed.append(purpose)
    return shadow.ended() or by_read_back(outcomes, unconfirmed)


def _is_so(state: ConsentState, granted: bool, until: datetime | None) -> bool:
    """Is there nothing to do? A stop is more than a pause, and a long one more than a short one."""
    if granted or state.granted is not False or state.paused_until is None:
        return state.granted is granted
    return until is not None and until - state.paused_until < A_DAY


def _write(
    adapter: Adapter, record: Record, evidence: Evidence, payload: Mapping[str, Any], key: str
) -> Outcome:
    purpose, until = payload["purpose"], _until(payload)
    if payload["granted"]:
        return give(adapter, record, purpose, evidence, payload, key)
    state, able = record.consents.get(purpose), that_pauses(adapter)
    # What is on because nothing is said has no row that could be paused.
    has_one = state is not None and (state.granted or state.paused_until is not None)
    if until is not None and able is not None and has_one:
        return able.pause(record.ref, purpose, until, key=key)
    return adapter.set_consent(record.ref, purpose, False, evidence, key=key)


def _until(payload: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(payload["until"]) if "until" in payload else None


def _confirms(record: Record, purpose: str, granted: bool, until: datetime | None) -> bool:
    state = record.consents.get(purpose)
    if state is None or bool(state.granted) is not granted:
        return False
    if state.paused_until is None:
        return True
    return until is not None and abs(state.paused_until - until) < A_DAY
