"""The three things that a delivery can do, each asked for on the pages as a person would."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.adapters.contract import Adapter, Outcome
from tests.portals import Office, Visitor

PHONE = "06 10004820"
DONE = "Yes, it is done"


@dataclass(frozen=True)
class Wish:
    """What is asked for, which call of the adapter carries it, and whether the CRM holds it."""

    name: str
    goal: str
    call: str
    ask: Callable[[Visitor], str]
    """Asks for it; the address of the request."""
    holds: Callable[[Office], bool]
    answers: Callable[[Adapter], Callable[..., Any]]
    """An adapter's method that answers as if it had done it, and does nothing."""

    def signed_in(self, office: Office) -> Visitor:
        return office.visitor().sign_in(office, goal=self.goal)


def _correct(visitor: Visitor) -> str:
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone=PHONE)
    return visitor.post("/me/correct", **{**checked.fields, "step": "save"}).location


def _decide(purpose: str, granted: str) -> Callable[[Visitor], str]:
    def decide(visitor: Visitor) -> str:
        token = visitor.get("/me/consents").fields["csrf_token"]
        fields = {"csrf_token": token, "purpose": purpose, "granted": granted}
        return visitor.post("/me/consents", **fields).location

    return decide


def _erase(visitor: Visitor) -> str:
    return visitor.submit(visitor.get("/me/erase"), "/me/erase").location


def _is_stopped(office: Office) -> bool:
    (row,) = office.crm(
        "SELECT active FROM subscriptions WHERE contact_id = 1 AND mailing = 'newsletter'"
    )
    return not row["active"]


def _is_erased(office: Office) -> bool:
    (row,) = office.crm("SELECT email FROM contacts WHERE id = 1")
    return not row["email"]


def _done(_adapter: Adapter) -> Callable[..., Any]:
    return lambda *_args, **_more: Outcome.DONE


def _planned(adapter: Adapter) -> Callable[..., Any]:
    return lambda ref, **_more: adapter.erasure_plan(ref)


CORRECTION = Wish(
    "a correction",
    "view",
    "write",
    _correct,
    lambda office: office.crm("SELECT phone FROM contacts WHERE id = 1")[0]["phone"] == PHONE,
    _done,
)
WITHDRAWAL = Wish(
    "a withdrawal", "view", "set_consent", _decide("newsletter", "no"), _is_stopped, _done
)
ERASURE = Wish("an erasure", "erase", "erase", _erase, _is_erased, _planned)
WISHES = (CORRECTION, WITHDRAWAL, ERASURE)
