"""How often: what the delivery of such a choice does in one system."""

from collections.abc import Mapping
from typing import Any, cast

from portal.adapters.contract import Adapter, ConsentState, Record, SetsFrequency
from portal.domain.rights import DeliveryState
from portal.rights.deeds.ended import GONE, Ended, Rehearsal, by_read_back
from portal.rights.held.known import addresses_in, records_under
from portal.rights.held.parts import hers_among


def set_frequency(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    """The deed: reads first, writes, reads back. What is off stays as it is."""
    purpose, wanted = payload["purpose"], payload["frequency"]
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    if not records:
        return Ended(DeliveryState.CONFIRMED, {"cause": GONE})
    outcomes, unconfirmed, shadow = [], [], Rehearsal()
    for number, record in enumerate(records):
        if not _is_to_change(record.consents.get(purpose), payload):
            continue
        with shadow:
            setting = cast("SetsFrequency", adapter)
            outcomes.append(
                setting.set_frequency(record.ref, purpose, wanted, key=f"{key}:{number}")
            )
            after = adapter.read(record.ref)
            if after is not None and frequency_in(after, purpose) != wanted:
                unconfirmed.append(purpose)
    return shadow.ended() or by_read_back(outcomes, unconfirmed)


def _is_to_change(state: ConsentState | None, payload: Mapping[str, Any]) -> bool:
    granted = state.granted if state else None
    if granted is False or (granted is None and not payload["by_exception"]):
        return False
    now, order = state.frequency if state else None, payload["order"]
    if payload["only_less"] and now in order:
        return bool(order.index(now) < order.index(payload["frequency"]))
    return bool(now != payload["frequency"])


def frequency_in(record: Record, purpose: str) -> str | None:
    """How often, as one record says."""
    state = record.consents.get(purpose)
    return state.frequency if state else None
