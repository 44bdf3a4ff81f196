"""N7: what she, the CRM and others do while an erasure waits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.adapters.contract import Adapter, Unreachable
from portal.store.tables import Consent
from tests.laters import (
    MAILINGS,
    back,
    choose_later,
    decisions,
    erasures,
    is_restricted,
    keep,
    later,
    mailings,
    wait,
)
from tests.portals import MARIJKE, StartOffice
from tests.recovering import HENDRIK, Recovering

ALL_OFF = dict.fromkeys(MAILINGS, False)


def test_n7_what_was_off_before_stays_off_and_what_she_decided_since_stands(
    recovering: Recovering,
) -> None:
    visitor = back(recovering)
    recovering.decide(visitor, "workshops", "no")
    visitor, place = later(recovering)
    recovering.office.work()
    recovering.decide(visitor, "newsletter", "yes")
    recovering.decide(visitor, "newsletter", "no")

    keep(visitor, place)
    recovering.office.work()

    assert mailings(recovering) == {"newsletter": False, "offers": True, "workshops": False}


def test_n7_a_withdrawal_that_had_not_arrived_before_is_not_undone(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    place = choose_later(visitor)

    keep(visitor, place)
    recovering.office.work()

    assert mailings(recovering) == {"newsletter": False, "offers": True, "workshops": True}


def test_n7_a_consent_that_is_under_way_is_stopped_and_given_again(recovering: Recovering) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    recovering.decide(visitor, "newsletter", "no")
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="yes")
    place = choose_later(visitor)
    recovering.office.work()
    assert mailings(recovering) == ALL_OFF

    keep(visitor, place)
    recovering.office.work()

    assert mailings(recovering)["newsletter"]


def test_n7_a_consent_she_gives_while_it_waits_is_no_later_word(recovering: Recovering) -> None:
    """The page said that the erasure is planned still."""
    visitor, _ = later(recovering)
    recovering.office.work()
    recovering.office.clock.advance(minutes=1)
    recovering.decide(visitor, "newsletter", "yes")
    assert mailings(recovering)["newsletter"]

    wait(recovering)

    assert not recovering.is_there()
    assert recovering.suppressed() == 1


def test_n7_she_may_correct_while_it_waits(recovering: Recovering) -> None:
    visitor, _ = later(recovering)
    recovering.correct(visitor, phone="06 10004820")
    recovering.office.work()
    assert recovering.office.contact()["phone"] == "06 10004820"
    wait(recovering)
    assert not recovering.is_there()


def test_n7_delete_now_after_all_is_done_at_once_and_once(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    adapter = type(recovering.office.portal.adapters["crm"])
    real = adapter.erase

    def erase(self: Adapter, *args: Any, **more: Any) -> Any:
        calls.append(more["key"])
        return real(self, *args, **more)

    monkeypatch.setattr(adapter, "erase", erase)
    visitor, place = later(recovering)
    recovering.office.work()
    page = visitor.get("/me/erase")
    assert page.fields["when"] == "now", "later is not offered twice"

    assert visitor.submit(page, "/me/erase").status == 303
    recovering.office.work()

    assert not recovering.is_there()
    assert erasures(recovering) == [("conflict", "sooner"), ("retained", None)]
    assert keep(visitor, place).status == 410
    wait(recovering, timedelta(days=3))
    assert len(calls) == 1
    assert recovering.suppressed() == 1


def test_n7_later_twice_is_one(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    token = visitor.get("/me/erase").fields["csrf_token"]
    again = visitor.post("/me/erase", csrf_token=token, when="later")
    assert again.location == place
    assert erasures(recovering) == [("queued", "later")]
    assert len(decisions(recovering)) == 3


def test_n7_taken_back_twice_is_one(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    first, second = keep(visitor, place), keep(visitor, place)
    assert first.location == second.location
    assert len(decisions(recovering)) == 6


def test_n7_it_can_be_chosen_again_after_it_was_taken_back(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    keep(visitor, place)
    second = choose_later(visitor)
    assert second != place
    recovering.office.work()
    assert mailings(recovering) == ALL_OFF
    assert is_restricted(recovering), "what was freed before does not free it now"
    wait(recovering)
    assert not recovering.is_there()


def test_n7_nobody_takes_back_what_is_not_hers(recovering: Recovering) -> None:
    _, place = later(recovering)
    hendrik = recovering.office.visitor().sign_in(recovering.office, HENDRIK)
    token = hendrik.get("/me").fields["csrf_token"]
    assert hendrik.post(f"{place}/keep", csrf_token=token).status == 404
    assert hendrik.post("/me/requests/no%00ne/keep", csrf_token=token).status == 404
    assert erasures(recovering) == [("queued", "later")]


def test_n7_an_erasure_that_was_not_to_wait_cannot_be_taken_back(recovering: Recovering) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    place = visitor.submit(visitor.get("/me/erase"), "/me/erase").location
    assert keep(visitor, place).status == 410
    recovering.office.work()
    assert not recovering.is_there()


# --- the CRM is away ------------------------------------------------------------------------------


class Away:
    """While it is on, nothing of the CRM answers."""

    def __init__(self, recovering: Recovering, patch: pytest.MonkeyPatch) -> None:
        (self._adapter,) = recovering.office.portal.adapters.values()
        self._patch = patch

    def on(self) -> None:
        def away(*_: object, **__: object) -> None:
            raise Unreachable("no answer")

        for call in ("find", "read", "set_consent", "restrict", "erase", "erased"):
            self._patch.setattr(self._adapter, call, away)

    def off(self) -> None:
        self._patch.undo()


@pytest.mark.parametrize("step", ["stopping", "taking back", "erasing"])
def test_n7_the_crm_may_be_away_at_each_step(recovering: Recovering, step: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        away = Away(recovering, patch)
        visitor, place = later(recovering)
        if step == "stopping":
            away.on()
        recovering.office.work()
        if step == "taking back":
            away.on()
        if step != "erasing":
            assert keep(visitor, place).status == 303
            recovering.office.work()
            away.off()
            wait(recovering, timedelta(days=3))
            assert mailings(recovering) == dict.fromkeys(MAILINGS, True)
            assert not is_restricted(recovering)
            assert recovering.is_there()
            return
        away.on()
        wait(recovering)
        assert recovering.is_there()
        away.off()
        wait(recovering, timedelta(hours=3))
        assert not recovering.is_there()


# --- others and the list --------------------------------------------------------------------------


def test_n7_a_sweep_takes_nobody_who_waits_for_somebody_who_is_back(
    recovering: Recovering,
) -> None:
    """She was erased before, an import brought her back, and now she chooses for herself."""
    recovering.erase()
    recovering.import_again()
    recovering.office.clock.advance(hours=1)
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    place = choose_later(visitor)
    recovering.office.clock.advance(days=1)
    recovering.office.work()  # the look after one day

    found = recovering.sweep()
    assert (found["reappeared"], found["in_progress"]) == (0, 1)
    assert recovering.is_there()
    assert "reappeared" not in recovering.events()

    assert keep(back(recovering), place).status == 303
    recovering.office.work()
    assert recovering.sweep()["reappeared"] == 0, "that she stays is her later word"
    assert recovering.is_there()
    assert recovering.suppressed() == 0


def test_n7_one_that_was_taken_back_counts_for_no_list(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    keep(visitor, place)
    wait(recovering, timedelta(days=4))
    assert recovering.sweep()["suppressed"] == 0
    assert recovering.replay(recovering.office.clock() - timedelta(days=9))["erasures"] == 0
    assert recovering.is_there()


def test_n7_what_somebody_had_restricted_before_is_not_freed(recovering: Recovering) -> None:
    recovering.office.crm("UPDATE contacts SET restricted = 1 WHERE id = 1")
    visitor, place = later(recovering)
    recovering.office.work()
    keep(visitor, place)
    recovering.office.work()
    assert is_restricted(recovering)


def without_a_mark(recovering: Recovering, monkeypatch: pytest.MonkeyPatch) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    can = replace(adapter.capabilities, restrict=False)
    monkeypatch.setattr(adapter, "capabilities", can)


UNUSED = "keep your data and do not use it, in: Our customer file."
AS_IT_IS = "so there it stays as it is until then: Our customer file."


def test_n7_what_each_system_can_keep_to_until_then_is_said_before_and_meanwhile(
    recovering: Recovering,
) -> None:
    visitor, place = later(recovering)
    assert UNUSED in visitor.get(place).text
    assert AS_IT_IS not in visitor.get(place).text
    other = recovering.office.visitor().sign_in(recovering.office, HENDRIK, goal="erase")
    assert UNUSED in other.get("/me/erase").text


def test_n7_without_the_capability_nothing_is_restricted_and_nothing_said_of_it(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_mark(recovering, monkeypatch)
    before = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    assert AS_IT_IS in before.get("/me/erase").text
    recovering.office.clock.advance(hours=1)
    visitor, place = later(recovering)
    recovering.office.work()
    assert not is_restricted(recovering)
    assert "Use of your data stopped" not in visitor.get("/me/requests").text
    page = visitor.get(place).text
    assert AS_IT_IS in page
    assert UNUSED not in page
    keep(visitor, place)
    recovering.office.work()
    assert mailings(recovering)["newsletter"]


def test_e10_there_a_person_does_it_where_she_asks_and_not_any_more_once_she_is_erased(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_mark(recovering, monkeypatch)
    visitor, place = later(recovering)
    assert "One of us does that by hand." in visitor.get(place).text
    token = visitor.get("/me/requests").fields["csrf_token"]
    asked = visitor.post("/me/restrict", csrf_token=token, on="yes").location
    recovering.office.work()
    assert "One of us does that by hand." not in visitor.get(place).text
    casework = recovering.office.portal.services.desk.casework
    assert "restrict" in [one.kind for one, _day in casework.all_open()]

    wait(recovering)

    assert "restrict" not in [one.kind for one, _day in casework.all_open()]
    assert "You do not need this any more." in back(recovering).get(asked).text


def test_n7_the_brake_holds_an_erasure_whose_moment_has_come(start_office: StartOffice) -> None:
    office = start_office(adapters={"crm": {"brake_floor": 1}})
    visitor = office.visitor().sign_in(office, goal="erase")
    choose_later(visitor)
    office.work()
    with office.database.reading() as db:
        assert db.query(Consent).count() == 3
    office.clock.advance(hours=48)
    office.work()
    assert office.crm("SELECT id FROM contacts WHERE email = ?", MARIJKE), "a person looks first"
