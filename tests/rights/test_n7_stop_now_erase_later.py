"""N7: deletion withdraws everything at once, erases after a cooling-off, and can be taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.consent.suppression import Suppressions
from portal.rights.erasing import later as planning
from portal.rights.erasing.later import Planning
from portal.store.tables import Consent, LedgerEntry
from portal.sync.outbox import Outbox
from tests.laters import (
    MAILINGS,
    WINDOW,
    back,
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
from tests.recovering import Check, Recovering, must_fail

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
    assert open_jobs(recovering) == ["recheck", "second_erasure"]
    assert recovering.events("suppressed") == ["suppressed"]
    assert len(recovering.office.mails()) == 1, "one mail for one goal: the code"
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
    monkeypatch.setattr(planning, "take", lambda *_: [1])
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
