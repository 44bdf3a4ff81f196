"""A CRM that takes its time: what a call costs is known, so the rest is the engine's."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from portal.adapters.contract import AdapterSettings, Capabilities, Change, Outcome, Record, Ref

CALL = 0.005
"""Seconds that a call takes."""
OLD, NEW = "06 11111111", "06 22222222"


class SlowCrm:
    """Holds a phone number for every key that it is asked for."""

    name = "crm"
    proven = False
    capabilities = Capabilities(fields=frozenset({"phone"}), writable=frozenset({"phone"}))
    settings: Any = AdapterSettings.model_validate(
        {
            "adapter": "slow",
            "label": {"en": "Slow CRM"},
            "location": {"entity": "Example BV", "hosting": "NL"},
        }
    )

    def __init__(self, call: float = CALL) -> None:
        self._call = call
        self._phones: dict[str, str] = {}
        self._lock = threading.Lock()

    def read(self, ref: Ref) -> Record:
        time.sleep(self._call)
        with self._lock:
            phone = self._phones.get(ref.key, OLD)
        return Record(ref, f"{ref.key}@example.org", {"phone": phone}, {}, None)

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        time.sleep(self._call)
        with self._lock:
            for change in changes:
                self._phones[ref.key] = str(change.value)
        return Outcome.DONE


def bare_loop(crm: SlowCrm, keys: Sequence[str]) -> float:
    """Seconds for the same calls without an engine: read, write, read back."""
    started = time.perf_counter()
    for key in keys:
        ref = Ref("crm", key)
        crm.read(ref)
        crm.write(ref, [Change("phone", OLD, NEW)], key=key)
        crm.read(ref)
    return time.perf_counter() - started
