"""Fixtures shared with the other tests of what is stored; an operator; and a CRM that refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.adapters.contract import Adapter, Refused
from tests.desks import Person, add_operator
from tests.portals import Office, Visitor
from tests.storing import clock, database, migrated, vault

__all__ = ["clock", "database", "migrated", "vault"]


@pytest.fixture
def anna(office: Office) -> Person:
    return add_operator(office)


class Crm:
    """The office's CRM, as it is or refusing all corrections."""

    def __init__(self, adapter: Adapter, patch: pytest.MonkeyPatch) -> None:
        self.adapter = adapter
        self.keys: list[str] = []
        self.error: Exception | None = None
        self._real: Callable[..., Any] = adapter.write
        patch.setattr(adapter, "write", self._write)

    def refuses(self, error: Exception | None = None) -> None:
        self.error = error or Refused("the column Phone is too short for 06 10004820")

    def is_mended(self) -> None:
        self.error = None

    def _write(self, *args: Any, key: str, **more: Any) -> Any:
        self.keys.append(key)
        if self.error:
            raise self.error
        return self._real(*args, key=key, **more)


@pytest.fixture
def crm(office: Office, monkeypatch: pytest.MonkeyPatch) -> Crm:
    (adapter,) = office.portal.adapters.values()
    return Crm(adapter, monkeypatch)


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def correct(visitor: Visitor, phone: str = "06 10004820") -> str:
    """Correct the phone number; the request's id."""
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone=phone)
    answer = visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    return answer.location.rpartition("/")[2]


@pytest.fixture
def dead_letter(office: Office, crm: Crm, marijke: Visitor) -> str:
    """A correction that the CRM refused; the request's id."""
    crm.refuses()
    request_id = correct(marijke)
    office.work()
    return request_id
