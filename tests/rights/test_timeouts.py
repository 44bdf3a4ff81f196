"""D4: after a time-out nobody knows what the CRM did, so it is read before anything is repeated."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.adapters.contract import Adapter, Unreachable
from tests.portals import Office
from tests.rights.wishes import DONE, ERASURE, WISHES, Wish

READS_BACK = {"write": "read", "set_consent": "read", "erase": "erased"}


class Crm:
    """An adapter whose answer, or the whole call, gets lost once; counts what reached the CRM."""

    def __init__(self, adapter: Adapter, wish: Wish, lost: str) -> None:
        self.reached = 0
        self._lost = lost
        self._lose_read = False
        self._write: Callable[..., Any] = getattr(adapter, wish.call)
        self._read: Callable[..., Any] = getattr(adapter, READS_BACK[wish.call])

    def write(self, *args: Any, **more: Any) -> Any:
        lost, self._lost = self._lost, ""
        if lost == "call":
            raise Unreachable("timed out")
        self.reached += 1
        answer = self._write(*args, **more)
        if lost == "answer":
            raise Unreachable("timed out")
        self._lose_read = lost == "read-back"
        return answer

    def read(self, *args: Any) -> Any:
        if self._lose_read:
            self._lose_read = False
            raise Unreachable("timed out")
        return self._read(*args)


@pytest.mark.parametrize("lost", ["call", "answer", "read-back"])
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
def test_d4_whatever_gets_lost_there_is_one_effect_and_it_is_confirmed_by_reading(
    office: Office, wish: Wish, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = office.portal.adapters.values()
    crm = Crm(adapter, wish, lost)
    monkeypatch.setattr(adapter, wish.call, crm.write)
    monkeypatch.setattr(adapter, READS_BACK[wish.call], crm.read)
    visitor = wish.signed_in(office)
    place = wish.ask(visitor)
    office.work()

    page = visitor.get(place)
    assert '<span class="tag wait">being checked</span>' in page.text
    assert "we do not know whether it is done" in page.text
    assert DONE not in page.text
    assert wish.holds(office) is (lost != "call")
    office.clock.advance(minutes=5)
    office.work()

    assert crm.reached == 1, "nothing is done twice"
    assert wish.holds(office)
    assert DONE in visitor.get(place).text


def test_d4_an_erasure_that_had_happened_still_tells_what_is_kept_by_law(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = office.portal.adapters.values()
    monkeypatch.setattr(adapter, "erase", Crm(adapter, ERASURE, "answer").write)
    visitor = ERASURE.signed_in(office)
    place = ERASURE.ask(visitor)
    office.work()
    office.clock.advance(minutes=5)
    office.work()

    page = visitor.get(place).text
    assert "done; some kept by law" in page
    assert "Your orders" in page
