"""A CRM that fails: what the subscriber reads is true, and nothing is lost or done twice."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.adapters.contract import (
    Adapter,
    Misconfigured,
    Outcome,
    RateLimited,
    Refused,
    Unreachable,
    Unsupported,
)
from portal.sync.alarms import open_alarms
from tests.portals import MARIJKE, Office, Page, Visitor, logged

DONE = "Yes, it is done"
NADIA = "nadia.guit@post.example"


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


@pytest.fixture
def crm(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def save(visitor: Visitor, phone: str) -> str:
    """Correct the phone number; the address of the request."""
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone=phone)
    return visitor.post("/me/correct", **{**checked.fields, "step": "save"}).location


class Faults:
    """Stands before a method of the adapter: raises what is queued, then lets calls through."""

    def __init__(self, real: Callable[..., Any], *errors: Exception, late: bool = False) -> None:
        self.calls: list[str] = []
        self._real = real
        self._errors = list(errors)
        self._late = late

    def __call__(self, *args: Any, **more: Any) -> Any:
        self.calls.append(more.get("key", ""))
        if self._errors and not self._late:
            raise self._errors.pop(0)
        answer = self._real(*args, **more)
        if self._errors:
            raise self._errors.pop(0)
        return answer


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after it did"])
def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(
    office: Office, marijke: Visitor, crm: Adapter, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    faults = Faults(crm.write, Unreachable("gone"), late=late)
    monkeypatch.setattr(crm, "write", faults)
    version = office.contact()["version"]

    place = save(marijke, "06 10004820")
    office.work()
    assert DONE not in marijke.get(place).text
    office.clock.advance(hours=1)
    marijke.sign_in(office)
    office.work()

    assert len(set(faults.calls)) == 1
    assert office.contact()["phone"] == "06 10004820"
    assert office.contact()["version"] == version + 1, "written once"
    assert DONE in marijke.get(place).text


def test_a_crm_that_answers_well_and_keeps_the_old_is_never_called_done(
    office: Office,
    marijke: Visitor,
    crm: Adapter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(crm, "write", lambda *_args, **_more: Outcome.DONE)

    place = save(marijke, "06 10004820")
    office.work()

    page = marijke.get(place)
    assert DONE not in page.text
    assert "answered well and kept the old" in logged(caplog)
    assert "06 10004820" not in logged(caplog)


def test_a_consent_that_reads_back_otherwise_is_never_called_done(
    office: Office, marijke: Visitor, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm, "set_consent", lambda *_args, **_more: Outcome.DONE)
    token = marijke.get("/me/consents").fields["csrf_token"]

    answer = marijke.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()

    assert DONE not in marijke.get(answer.location).text


def test_an_erasure_that_left_something_is_never_called_done(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = crm.erasure_plan
    monkeypatch.setattr(crm, "erase", lambda ref, **_more: plan(ref))
    visitor = office.visitor().sign_in(office, goal="erase")

    answer = visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.work()

    assert DONE not in visitor.get(answer.location).text
    assert "delivered" not in office.events()


@pytest.mark.parametrize("error", [Refused, Unsupported])
def test_a_crm_that_refuses_is_told_as_not_done_and_is_not_asked_again(
    office: Office,
    marijke: Visitor,
    crm: Adapter,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    faults = Faults(crm.write, *[error("the column Phone is too short")] * 9)
    monkeypatch.setattr(crm, "write", faults)

    place = save(marijke, "06 10004820")
    office.work()
    office.clock.advance(minutes=10)
    office.work()

    page = marijke.get(place)
    assert len(faults.calls) == 1
    assert DONE not in page.text
    assert "too short" not in page.text
    assert office.events()[-1] == "delivered", "the ledger knows how it ended"


def test_d8_a_wrong_password_pauses_the_adapter_for_all_and_loses_nothing(
    office: Office, marijke: Visitor, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call is refused, not one for each that waits; a person is told, mends it, and goes on."""
    monkeypatch.setattr(crm, "write", Faults(crm.write, Misconfigured("the password is wrong")))
    stops = Faults(crm.set_consent)
    monkeypatch.setattr(crm, "set_consent", stops)

    place = save(marijke, "06 10004820")
    office.work()
    token = marijke.get("/me/consents").fields["csrf_token"]
    marijke.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()

    assert stops.calls == [], "what comes after finds the gate shut"
    assert "received" in marijke.get(place).text
    with office.database.unit("test") as unit:
        assert [alarm.kind for alarm in open_alarms(unit.session)] == ["adapter_paused"]
        assert office.portal.gates.resume(unit.session, "crm", office.clock())
        unit.commit()
    office.clock.advance(minutes=1)
    office.work()
    assert len(stops.calls) == 1
    assert office.contact()["phone"] == "06 10004820"
    with office.database.reading() as session:
        assert open_alarms(session) == []


def test_a_crm_that_asks_for_patience_is_left_alone_for_as_long(
    office: Office, marijke: Visitor, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(crm.write, RateLimited("slow down", retry_after=90))
    monkeypatch.setattr(crm, "write", faults)

    place = save(marijke, "06 10004820")
    office.work()
    office.clock.advance(seconds=89)
    office.work()
    assert len(faults.calls) == 1
    office.clock.advance(seconds=2)
    office.work()

    assert len(faults.calls) == 2
    assert DONE in marijke.get(place).text


def test_a_record_that_went_away_meanwhile_does_not_come_back(
    office: Office, marijke: Visitor
) -> None:
    place = save(marijke, "06 10004820")
    for table in ("subscriptions", "notes", "orders"):
        office.crm(f"DELETE FROM {table} WHERE contact_id = 1")
    office.crm("DELETE FROM contacts WHERE id = 1")
    office.work()

    page: Page = marijke.get(place)
    assert DONE not in page.text
    assert office.crm("SELECT * FROM contacts WHERE id = 1") == []


def test_the_last_decision_stands_though_withdrawals_overtake_consents(
    office: Office, marijke: Visitor
) -> None:
    token = marijke.get("/me/consents").fields["csrf_token"]
    for granted in ("no", "yes", "no", "yes", "no"):
        marijke.post("/me/consents", csrf_token=token, purpose="newsletter", granted=granted)
    office.work()

    rows = office.crm(
        "SELECT active FROM subscriptions WHERE contact_id = 1 AND mailing = 'newsletter'"
    )
    assert rows == [{"active": 0}]
    assert office.events().count("delivered") == 5


def test_a_correction_that_an_erasure_overtook_fills_nothing_in_again(
    office: Office,
) -> None:
    office.crm("UPDATE contacts SET birth_date = NULL WHERE id = 1")
    visitor = office.visitor().sign_in(office, goal="erase")
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", birth_date="08-03-1949")
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.work()

    (row,) = office.crm("SELECT * FROM contacts WHERE id = 1")
    assert not row["birth_date"]
    assert not row["email"]


def test_an_erasure_whose_answer_was_lost_does_not_erase_who_got_the_number_since(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database may give the number of a deleted row to the next one."""
    visitor, number = office.visitor().sign_in(office, goal="erase"), office.contact()["id"]
    monkeypatch.setattr(crm, "erase", Faults(crm.erase, Unreachable("gone")))
    place = visitor.submit(visitor.get("/me/erase"), "/me/erase").location
    office.work()
    office.crm("DELETE FROM contacts WHERE email = ?", MARIJKE)
    office.crm("UPDATE contacts SET id = ? WHERE email = ?", number, NADIA)

    office.clock.advance(minutes=2)
    office.work()

    assert office.contact(NADIA)["id"] == number
    assert DONE not in visitor.get(place).text
