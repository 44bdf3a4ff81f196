"""Every adapter of a running portal, with a fault point before and after each of its calls."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import wraps
from types import TracebackType
from typing import Any, ClassVar

from portal.adapters.contract import (
    Adapter,
    AdapterSettings,
    Capabilities,
    Change,
    ConsentState,
    Erasure,
    Evidence,
    FieldInfo,
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
from portal.faults import fault


class Watched:
    """Stands around one adapter and passes everything on.

    The registry puts it there, so that no call of a CRM can be without its points: after one the
    CRM may have done what was asked, and the portal may not know it.
    """

    Settings: ClassVar[type[AdapterSettings]]
    proven: ClassVar[bool]

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.name: str = adapter.name
        self.settings: AdapterSettings = adapter.settings
        self.capabilities: Capabilities = adapter.capabilities

    def ping(self) -> None:
        with _Call(self.name, "ping"):
            self._adapter.ping()

    def find(self, email: str) -> list[Ref]:
        with _Call(self.name, "find"):
            return self._adapter.find(email)

    def read(self, ref: Ref) -> Record | None:
        with _Call(self.name, "read"):
            return self._adapter.read(ref)

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        with _Call(self.name, "write"):
            return self._adapter.write(ref, changes, key=key)

    def set_consent(
        self, ref: Ref, purpose: str, granted: bool, evidence: Evidence, *, key: str
    ) -> Outcome:
        with _Call(self.name, "set_consent"):
            return self._adapter.set_consent(ref, purpose, granted, evidence, key=key)

    def restrict(self, ref: Ref, on: bool, *, key: str) -> Outcome:
        with _Call(self.name, "restrict"):
            return self._adapter.restrict(ref, on, key=key)

    def erase(self, ref: Ref, *, key: str) -> Erasure:
        with _Call(self.name, "erase"):
            return self._adapter.erase(ref, key=key)

    def set_address(self, ref: Ref, seen: str, address: str, *, key: str) -> Outcome:
        with _Call(self.name, "set_address"):
            able = that_sets_address(self._adapter)
            if able is None:
                raise Unsupported("addresses are not written here")
            return able.set_address(ref, seen, address, key=key)

    def pause(self, ref: Ref, purpose: str, until: datetime, *, key: str) -> Outcome:
        with _Call(self.name, "pause"):
            able = that_pauses(self._adapter)
            if able is None:
                raise Unsupported("nothing is paused here")
            return able.pause(ref, purpose, until, key=key)

    def links(self) -> Iterator[Linked]:
        with _Call(self.name, "links"):
            yield from self._linking().links()

    def set_links(self, links: Sequence[LinkToSet], *, key: str) -> Sequence[Outcome | None]:
        with _Call(self.name, "set_links"):
            return self._linking().set_links(links, key=key)

    def _linking(self) -> SetsLink:
        able = that_sets_link(self._adapter)
        if able is None:
            raise Unsupported("there are no fields for links here")
        return able

    def put_back(
        self, ref: Ref, purpose: str, before: ConsentState, evidence: Evidence, *, key: str
    ) -> Outcome:
        with _Call(self.name, "put_back"):
            able = that_puts_back(self._adapter)
            if able is None:
                raise Unsupported("a consent is not put back here")
            return able.put_back(ref, purpose, before, evidence, key=key)

    def erasure_plan(self, ref: Ref) -> Erasure:
        with _Call(self.name, "erasure_plan"):
            return self._adapter.erasure_plan(ref)

    def erased(self, ref: Ref) -> bool:
        with _Call(self.name, "erased"):
            return self._adapter.erased(ref)

    def fields(self) -> list[FieldInfo]:
        with _Call(self.name, "fields"):
            return self._adapter.fields()

    def scan(self) -> Iterator[tuple[Ref, str]]:
        with _Call(self.name, "scan"):
            yield from self._adapter.scan()

    def close(self) -> None:
        self._adapter.close()

    def __getattr__(self, name: str) -> Any:
        """What the contract leaves open: optional calls, with their points, and an own attribute.

        Asked for only when the class has none of that name.
        """
        if name == "_adapter":  # not there yet: it is being copied or built
            raise AttributeError(name)
        found = getattr(self._adapter, name)
        return _watched(self.name, name, found) if callable(found) else found

    def __repr__(self) -> str:
        return f"Watched({self.name})"


class _Call:
    """The two points of one call. The second is also there when the call raises."""

    __slots__ = ("_what",)

    def __init__(self, adapter: str, method: str) -> None:
        self._what = f"{adapter}.{method}"

    def __enter__(self) -> None:
        fault(f"{self._what}: before the call")

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        fault(f"{self._what}: after the call")


def _watched(adapter: str, method: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def watched(*args: Any, **more: Any) -> Any:
        with _Call(adapter, method):
            return call(*args, **more)

    return watched
