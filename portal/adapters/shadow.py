"""Shadow: an adapter that reads everything and writes nothing until a day has passed.

For the first days of a new connection. It stands around the adapter itself, so that no part of the
portal, whatever it is about, can write past it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, cast

from portal.adapters.contract import (
    Adapter,
    Capabilities,
    Change,
    ConsentState,
    Erasure,
    Evidence,
    FieldInfo,
    InShadow,
    Linked,
    LinkToSet,
    Outcome,
    Record,
    Ref,
    SetsLink,
    Unsupported,
    that_pauses,
    that_puts_back,
    that_sets_address,
    that_sets_link,
)

READING = frozenset({"warnings", "categories", "changes_since", "webhook"})
"""What an adapter may have beyond the contract that writes nothing."""


def in_shadow(
    adapters: Mapping[str, Adapter], clock: Callable[[], datetime], zone: tzinfo
) -> dict[str, Adapter]:
    """The same adapters, those with a ``shadow_until`` in shadow until that day has passed."""
    around = {
        # The class attributes of an adapter are here those of an instance, which no type knows.
        name: cast("Adapter", Shadow(adapter, clock, zone))
        for name, adapter in adapters.items()
        if adapter.settings.shadow_until
    }
    return {name: around.get(name, adapter) for name, adapter in adapters.items()}


def shadow_of(adapter: Adapter, now: datetime, zone: tzinfo) -> date | None:
    """The last day of an adapter's shadow; None when it is in none, or in none any more."""
    day = adapter.settings.shadow_until
    return day if day and now < ends_at(day, zone) else None


def shadows(
    adapters: Mapping[str, Adapter], clock: Callable[[], datetime], zone: tzinfo
) -> Mapping[str, date]:
    """The adapters that are in shadow now, with its last day."""
    found = ((name, shadow_of(adapter, clock(), zone)) for name, adapter in adapters.items())
    return {name: day for name, day in found if day}


def ends_at(day: date, zone: tzinfo) -> datetime:
    """The first moment (UTC) after this day, in that zone."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


class Shadow:
    """Stands around an adapter. Every call that writes raises `InShadow` until the day has passed.

    Args:
        adapter: The real one.
        clock: The time; moved by tests.
        zone: Whose midnight ends the day.
    """

    def __init__(self, adapter: Adapter, clock: Callable[[], datetime], zone: tzinfo) -> None:
        self._real = adapter
        self._clock = clock
        day = adapter.settings.shadow_until
        self._until = ends_at(day, zone) if day else datetime.min.replace(tzinfo=UTC)
        self.name = adapter.name
        self.settings = adapter.settings
        self.capabilities: Capabilities = adapter.capabilities
        self.proven = adapter.proven
        self.Settings = adapter.Settings

    # --- what writes ---------------------------------------------------------------------------

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        self._stop("write", fields=sorted(change.field for change in changes))
        return self._real.write(ref, changes, key=key)

    def set_consent(
        self, ref: Ref, purpose: str, granted: bool, evidence: Evidence, *, key: str
    ) -> Outcome:
        self._stop("set_consent", purpose=purpose, granted=granted)
        return self._real.set_consent(ref, purpose, granted, evidence, key=key)

    def restrict(self, ref: Ref, on: bool, *, key: str) -> Outcome:
        self._stop("restrict", on=on)
        return self._real.restrict(ref, on, key=key)

    def erase(self, ref: Ref, *, key: str) -> Erasure:
        if self._is_on:
            plan = self._real.erasure_plan(ref)
            kept = [f"{one.category}:{one.ground}" for one in plan.retained]
            self._stop("erase", kind=str(plan.kind), removed=list(plan.removed), retained=kept)
        return self._real.erase(ref, key=key)

    def set_address(self, ref: Ref, seen: str, address: str, *, key: str) -> Outcome:
        self._stop("set_address")
        able = that_sets_address(self._real)
        if able is None:
            raise Unsupported("addresses are not written here")
        return able.set_address(ref, seen, address, key=key)

    def pause(self, ref: Ref, purpose: str, until: datetime, *, key: str) -> Outcome:
        self._stop("pause", purpose=purpose)
        able = that_pauses(self._real)
        if able is None:
            raise Unsupported("nothing is paused here")
        return able.pause(ref, purpose, until, key=key)

    def set_links(self, links: Sequence[LinkToSet], *, key: str) -> Sequence[Outcome | None]:
        self._stop("set_links", purposes=sorted({one.purpose for one in links}))
        return self._linking().set_links(links, key=key)

    def put_back(
        self, ref: Ref, purpose: str, before: ConsentState, evidence: Evidence, *, key: str
    ) -> Outcome:
        self._stop("put_back", purpose=purpose)
        able = that_puts_back(self._real)
        if able is None:
            raise Unsupported("a consent is not put back here")
        return able.put_back(ref, purpose, before, evidence, key=key)

    def __getattr__(self, name: str) -> Any:
        """What the contract does not name is taken to write, unless it is known not to."""
        found = getattr(self._real, name)
        if name in READING or not callable(found):
            return found

        def guarded(*args: Any, **more: Any) -> Any:
            self._stop(name)
            return found(*args, **more)

        return guarded

    @property
    def _is_on(self) -> bool:
        return self._clock() < self._until

    def _stop(self, call: str, **codes: Any) -> None:
        """:raises InShadow: the day has not passed."""
        if self._is_on:
            raise InShadow({"do": call, **codes}, self._until)

    # --- what reads ----------------------------------------------------------------------------

    def ping(self) -> None:
        self._real.ping()

    def find(self, email: str) -> list[Ref]:
        return self._real.find(email)

    def read(self, ref: Ref) -> Record | None:
        return self._real.read(ref)

    def erasure_plan(self, ref: Ref) -> Erasure:
        return self._real.erasure_plan(ref)

    def erased(self, ref: Ref) -> bool:
        return self._real.erased(ref)

    def fields(self) -> list[FieldInfo]:
        return self._real.fields()

    def scan(self) -> Iterator[tuple[Ref, str]]:
        return self._real.scan()

    def links(self) -> Iterator[Linked]:
        return self._linking().links()

    def _linking(self) -> SetsLink:
        able = that_sets_link(self._real)
        if able is None:
            raise Unsupported("there are no fields for links here")
        return able

    def close(self) -> None:
        self._real.close()
