"""N7 and a restored portal: what waits still waits, what was taken back stays so."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.faults import listen
from portal.rights.lasting import replanned
from portal.rights.lasting.recreate import Recreating
from tests.laters import (
    MAILINGS,
    WINDOW,
    back,
    back_up,
    choose_later,
    erasures,
    keep,
    later,
    mailings,
    open_jobs,
    put_back,
    wait,
)
from tests.recovering import Check, Died, Recovering, file_of, let_it_die_everywhere, must_fail

ALL_ON = dict.fromkeys(MAILINGS, True)
ALL_OFF = dict.fromkeys(MAILINGS, False)


def check_n7_waits_on(recovering: Recovering) -> None:
    """The back-up knows nothing of it, the journal does: it is done at its moment, not before."""
    back_up(recovering)
    with recovering.crm_put_back():
        later(recovering)
        recovering.office.work()
        recovering.office.clock.advance(hours=1)
    put_back(recovering)
    assert mailings(recovering) == ALL_OFF, "stopped again"
    wait(recovering, timedelta(hours=46))
    assert recovering.is_there()
    assert recovering.suppressed() == 0
    wait(recovering, timedelta(hours=1))
    assert not recovering.is_there()
    assert recovering.suppressed() == 1


def check_n7_stays_taken_back(recovering: Recovering) -> None:
    """Neither the choice nor that it was taken back is in the back-up."""
    back_up(recovering)
    visitor, place = later(recovering)
    recovering.office.work()
    keep(visitor, place)
    recovering.office.work()
    put_back(recovering)
    wait(recovering, timedelta(days=4))
    assert recovering.is_there()
    assert mailings(recovering) == ALL_ON
    assert recovering.suppressed() == 0


def check_n7_stays_taken_back_known(recovering: Recovering) -> None:
    """The back-up holds the erasure that waits, and not that it was taken back."""
    visitor, place = later(recovering)
    recovering.office.work()
    back_up(recovering)
    keep(visitor, place)
    recovering.office.work()
    recovering.office.clock.advance(days=3)
    put_back(recovering)
    wait(recovering, timedelta(days=4))
    assert recovering.is_there()
    assert mailings(recovering) == ALL_ON


def test_n7_after_a_replay_it_waits_until_its_moment(recovering: Recovering) -> None:
    check_n7_waits_on(recovering)
    assert erasures(recovering) == [("retained", "restored")]


def test_n7_what_was_taken_back_stays_so_after_a_replay(recovering: Recovering) -> None:
    check_n7_stays_taken_back(recovering)
    assert erasures(recovering) == [("conflict", "cancelled")]


def test_n7_what_the_back_up_holds_open_is_let_go_by_the_journal(recovering: Recovering) -> None:
    check_n7_stays_taken_back_known(recovering)
    assert erasures(recovering) == [("conflict", "cancelled")]


def test_n7_after_a_replay_it_can_still_be_taken_back(recovering: Recovering) -> None:
    back_up(recovering)
    _, place = later(recovering)
    recovering.office.work()
    put_back(recovering)
    visitor = back(recovering)
    assert "I changed my mind" in visitor.get(place).text

    assert keep(visitor, place).status == 303
    recovering.office.work()

    assert mailings(recovering) == ALL_ON
    assert not recovering.office.contact()["restricted"]
    wait(recovering, timedelta(days=3))
    assert recovering.is_there()
    assert erasures(recovering) == [("conflict", "cancelled")]


def test_n7_a_back_up_of_the_time_in_which_it_waits_goes_on_waiting(recovering: Recovering) -> None:
    later(recovering)
    recovering.office.work()
    back_up(recovering)
    visitor = back(recovering)
    recovering.decide(visitor, "newsletter", "yes")
    put_back(recovering)
    assert recovering.is_there()
    wait(recovering)
    assert not recovering.is_there(), "a consent given while it waits takes nothing back"
    assert recovering.suppressed() == 1


def test_n7_a_replay_after_its_moment_erases_whatever_was_given_meanwhile(
    recovering: Recovering,
) -> None:
    back_up(recovering)
    with recovering.crm_put_back():
        visitor, _ = later(recovering)
        recovering.office.work()
        recovering.office.clock.advance(minutes=1)
        recovering.decide(visitor, "workshops", "yes")
        wait(recovering)
    put_back(recovering)
    recovering.office.work()
    assert not recovering.is_there()
    assert recovering.suppressed() == 1


@pytest.mark.parametrize("known", [False, True])
def test_n7_asked_for_at_once_instead_it_does_not_come_back_later(
    recovering: Recovering, known: bool
) -> None:
    """She is erased, comes back by herself, and the moment of the first passes."""
    if not known:
        back_up(recovering)
    visitor, _ = later(recovering)
    recovering.office.work()
    if known:
        back_up(recovering)
    recovering.office.clock.advance(minutes=1)
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    recovering.office.work()
    put_back(recovering)
    recovering.office.clock.advance(hours=1)
    recovering.import_again(opted_in_at=recovering.office.clock())
    wait(recovering, timedelta(days=3))

    assert recovering.is_there()
    assert erasures(recovering)[0] == ("conflict", "sooner")


def test_n7_the_crm_may_be_away_when_its_moment_comes_after_a_replay(
    recovering: Recovering,
) -> None:
    back_up(recovering)
    later(recovering)
    recovering.office.work()
    put_back(recovering)
    away = recovering.office.crm_file.with_name("away")
    for adapter in recovering.office.portal.adapters.values():
        adapter.close()
    recovering.office.crm_file.rename(away)
    wait(recovering)
    away.rename(recovering.office.crm_file)
    assert recovering.is_there()

    wait(recovering, timedelta(hours=3))

    assert not recovering.is_there()
    assert recovering.suppressed() == 1


def test_n7_a_replay_may_die_at_any_point_and_it_waits_or_is_let_go(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    recovering.office.work()
    back_up(recovering)
    keep(visitor, place)
    choose_later(visitor)
    recovering.office.work()
    recovering.office.close()
    recovering.run("restore", str(file_of(recovering, "portal.backup")), "--yes")
    recovering.start_again()

    assert let_it_die_everywhere(recovering, "replay", "--journal") > 5

    recovering.start_again()
    assert erasures(recovering) == [("conflict", "cancelled"), ("queued", "later")]
    wait(recovering)
    assert not recovering.is_there()


def test_n7_no_address_is_in_the_journal(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    recovering.office.work()
    recovering.office.clock.advance(minutes=1)
    keep(visitor, place)
    recovering.office.work()

    lines = recovering.office.settings.journal_file.read_text().splitlines()[1:]
    told = {json.loads(line)["of"]["right"]: json.loads(line)["of"] for line in lines}
    assert set(told) == {"erase", "withdraw", "object", "keep", "consent", "restrict"}
    assert told["erase"]["due"].startswith("2026-03-04T12:00:00")
    assert told["keep"]["more"]["of"] == told["erase"]["request"]
    assert not any("marijke" in line.lower() for line in lines)


def test_n7_what_is_done_at_its_moment_after_a_replay_may_die_at_any_point(
    recovering: Recovering,
) -> None:
    back_up(recovering)
    with recovering.crm_put_back():
        later(recovering)
        recovering.office.work()
    put_back(recovering)
    recovering.office.clock.now += WINDOW
    deaths = 0
    for allowed in range(1, 200):
        left = [allowed]

        def die(_point: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Died

        listen(die)
        try:
            recovering.office.work()
        except Died:
            deaths += 1
            recovering.office.clock.advance(minutes=5)  # the lease of what it had in hand ends
            continue
        finally:
            listen(None)
        break

    assert deaths > 10
    assert not recovering.is_there()
    assert recovering.suppressed() == 1
    assert open_jobs(recovering) == []
    assert all(state in {"confirmed", "retained"} for state, _ in erasures(recovering))


# --- switched off ---------------------------------------------------------------------------------


def _the_moment_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.lasting.recreate.is_planned", lambda *_: False)


def _it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.lasting.recreate.put_down", lambda *_: None)


def _taking_back_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.lasting.recreate.let_go_since", lambda _: {})


def _nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recreating, "_let_go", lambda *_: None)


def _nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replanned.Replanning, "_begin", lambda *_: None)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_n7_waits_on, _the_moment_is_not_kept),
        (check_n7_waits_on, _it_is_forgotten),
        (check_n7_waits_on, _nothing_is_looked_for),
        (check_n7_stays_taken_back, _taking_back_is_not_read),
        (check_n7_stays_taken_back_known, _nothing_is_let_go),
    ],
)
def test_n7_fails_without_its_safeguard_after_a_restore(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by the check."""
    off(monkeypatch)
    must_fail(check, recovering)
