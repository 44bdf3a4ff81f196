"""N7: deletion withdraws everything at once, erases after a cooling-off, and can be taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.adapters.contract import Adapter, Unreachable
from portal.consent.suppression import Suppressions
from portal.rights import later as planning
from portal.rights.later import Planning
from portal.store.tables import Consent, LedgerEntry
from portal.sync.outbox import Outbox
from tests.laters import (
    MAILINGS,
    WINDOW,
    back,
    choose_later,
    decisions,
    erasures,
    is_restricted,
    keep,
    later,
    mailings,
    open_jobs,
    wait,
)
from tests.portals import MARIJKE, StartOffice
from tests.recovering import HENDRIK, Check, Recovering, must_fail

ALL_OFF = dict.fromkeys(MAILINGS, False)
MOMENT = timedelta(seconds=1)


def check_n7_stops(recovering: Recovering) -> None:
    """Everything is stopped within one sync, and nothing is erased before its moment."""
    assert mailings(recovering) == dict.fromkeys(MAILINGS, True)
    later(recovering)
    recovering.office.work()

    assert mailings(recovering) == ALL_OFF
    assert is_restricted(recovering)
    wait(recovering, WINDOW - MOMENT)
    assert recovering.is_there()
    assert recovering.suppressed() == 0
    wait(recovering, MOMENT)
    assert not recovering.is_there()
    assert recovering.suppressed() == 1


def check_n7_undo(recovering: Recovering) -> None:
    """Taking it back gives again what she had on, as new decisions, and nothing is erased."""
    _, place = later(recovering)
    recovering.office.work()
    recovering.office.clock.advance(hours=47)
    assert keep(back(recovering), place).status == 303
    recovering.office.work()

    assert mailings(recovering) == dict.fromkeys(MAILINGS, True)
    assert not is_restricted(recovering)
    assert len(decisions(recovering)) == 6
    wait(recovering, timedelta(days=5))
    assert recovering.is_there()
    assert recovering.suppressed() == 0
    assert erasures(recovering) == [("conflict", "cancelled")]


def check_n7_too_late(recovering: Recovering) -> None:
    """After the moment it is 410, whether or not a worker has been there."""
    _, place = later(recovering)
    visitor = recovering.office.visitor()
    recovering.office.clock.now += WINDOW - timedelta(minutes=1)
    visitor.sign_in(recovering.office)
    recovering.office.clock.advance(minutes=1)
    before = decisions(recovering)

    answer = keep(visitor, place)

    assert answer.status == 410
    assert "cannot be taken back any more" in answer.heading
    assert decisions(recovering) == before
    recovering.office.work()
    assert not recovering.is_there()
    assert keep(visitor, place).status == 410


def test_n7_everything_stops_within_one_sync_and_is_erased_at_its_moment(
    recovering: Recovering,
) -> None:
    check_n7_stops(recovering)
    assert erasures(recovering) == [("retained", None)]
    assert open_jobs(recovering) == ["recheck"]
    assert recovering.events("suppressed") == ["suppressed"]
    assert recovering.office.portal.ledger.verify(recovering.office.database).ok


def test_n7_taking_it_back_restores_what_was_on_as_new_events(recovering: Recovering) -> None:
    check_n7_undo(recovering)
    taken, given = decisions(recovering)[:3], decisions(recovering)[3:]
    assert [one[1:] for one in taken] == [(False, "portal:erasure")] * 3
    assert [one[1:] for one in given] == [(True, "portal:erasure-taken-back")] * 3
    with recovering.office.database.reading() as db:
        last = db.query(Consent).order_by(Consent.id.desc()).first()
        assert last is not None
        assert last.at == recovering.office.clock() - timedelta(days=5), "evidence of then"
        assert last.wording


def test_n7_after_its_moment_it_is_gone(recovering: Recovering) -> None:
    check_n7_too_late(recovering)


def test_n7_she_chooses_and_nothing_is_chosen_beforehand(recovering: Recovering) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    page = visitor.get("/me/erase")

    assert "In 48 hours; until then I can change my mind" in page.text
    assert "when" not in page.fields
    answer = visitor.post("/me/erase", csrf_token=page.fields["csrf_token"])
    assert answer.status == 422
    assert "Choose when we delete." in answer.text
    assert visitor.submit(page, "/me/erase", when="someday").status == 400
    assert erasures(recovering) == []


def test_n7_later_needs_the_fresh_proof_as_now_does(recovering: Recovering) -> None:
    visitor = back(recovering)
    token = visitor.get("/me").fields["csrf_token"]
    assert visitor.post("/me/erase", csrf_token=token, when="later").status == 403
    frame = recovering.office.visitor(frame="demo").sign_in(recovering.office)
    assert frame.post("/me/erase", when="later").status == 403
    assert erasures(recovering) == []


def test_n7_the_pages_say_what_was_done_what_will_be_and_until_when(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    page = visitor.get(place).text
    assert "On 4 March 2026 13:00 we delete your data." in page
    assert "You can still change your mind until then." in page
    assert "We are stopping everything now." in page
    assert "data-poll" in page
    recovering.office.work()

    page = visitor.get(place).text
    assert "We stopped everything now." in page
    assert "data-poll" not in page
    assert "Nothing is deleted here yet" in page
    assert "Yes, it is done" not in page
    listed = visitor.get("/me/requests").text
    assert "On 4 March 2026 13:00 we delete your data." in listed
    for path in ("/me", "/me/consents", "/me/correct", "/me/erase"):
        assert "On 4 March 2026 13:00 we delete your data." in visitor.get(path).text, path
    assert keep(visitor, place).status == 303
    assert "You took this back. Your data is not deleted." in visitor.get(place).text
    assert "we delete your data" not in visitor.get("/me").text


def test_n7_other_sessions_end_with_it_as_with_any_erasure(recovering: Recovering) -> None:
    other = back(recovering)
    later(recovering)
    assert other.get("/me").status == 401


def test_n7_the_ledger_tells_all_of_it_in_codes(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    keep(visitor, place)
    recovering.office.work()

    with recovering.office.database.reading() as db:
        told = [
            (row.facts["right"], row.facts.get("due_at"), row.facts.get("cause"))
            for row in db.query(LedgerEntry).order_by(LedgerEntry.id)
            if row.event in {"request_received", "delivered"} and row.facts["right"] != "consent"
        ]
    assert told[0] == ("erase", "2026-03-04T12:00:00Z", None)
    assert ("erase", None, "cancelled") in told
    assert ("keep", None, None) in told
    assert {right for right, *_ in told} == {"erase", "withdraw", "object", "restrict", "keep"}


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


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, None), (1, "In 1 hour;"), (72, "In 3 days;"), (50, "In 50 hours;")],
)
def test_n7_a_site_says_how_long(start_office: StartOffice, hours: int, words: str | None) -> None:
    office = start_office(sites={0: {"erase_after_hours": hours}})
    visitor = office.visitor().sign_in(office, goal="erase")
    page = visitor.get("/me/erase")
    if words is None:
        assert "change my mind" not in page.text
        assert visitor.submit(page, "/me/erase", when="later").status == 400
    else:
        assert words in page.text
        visitor.submit(page, "/me/erase", when="later")
        office.work()
        office.clock.advance(hours=hours, seconds=-1)
        office.work()
        assert office.crm("SELECT id FROM contacts WHERE email = ?", MARIJKE)
        office.clock.advance(seconds=1)
    visitor.submit(page, "/me/erase") if words is None else None
    office.work()
    assert not office.crm("SELECT id FROM contacts WHERE email = ?", MARIJKE)


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


def test_n7_without_the_capability_nothing_is_restricted_and_nothing_said_of_it(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    can = replace(adapter.capabilities, restrict=False)
    monkeypatch.setattr(adapter, "capabilities", can)
    visitor, place = later(recovering)
    recovering.office.work()
    assert not is_restricted(recovering)
    assert "Use of your data stopped" not in visitor.get("/me/requests").text
    keep(visitor, place)
    recovering.office.work()
    assert mailings(recovering)["newsletter"]


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


# --- switched off ---------------------------------------------------------------------------------


def _nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    put = Outbox.put

    def at_once(self: Outbox, *args: Any, **more: Any) -> Any:
        return put(self, *args, **{**more, "due_at": None})

    monkeypatch.setattr(Outbox, "put", at_once)


def _nothing_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planning, "_stop", lambda *_: None)


def _nothing_is_restricted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planning, "_restrict", lambda *_: None)


def _nothing_is_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planning, "_stopped_by", lambda *_: [])


def _nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "let_go", lambda *_: True)


def _nothing_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planning, "_lifted", lambda *_: {})


def _nobody_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Suppressions, "add", lambda *_, **__: True)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_n7_stops, _nothing_waits),
        (check_n7_stops, _nothing_is_stopped),
        (check_n7_stops, _nothing_is_restricted),
        (check_n7_stops, _nobody_is_listed),
        (check_n7_undo, _nothing_is_given_again),
        (check_n7_undo, _nothing_is_let_go),
        (check_n7_undo, _nothing_is_freed),
        (check_n7_too_late, _nothing_is_let_go),
    ],
)
def test_n7_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by the check."""
    off(monkeypatch)
    must_fail(check, recovering)
