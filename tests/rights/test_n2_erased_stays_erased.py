"""N2: who was erased and is loaded into the CRM again is noticed, reported and erased again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.consent.suppression import Suppressions
from portal.rights.erasing.returned import Finding
from portal.rights.lasting import sweep
from portal.rights.lasting.reappeared import Reappeared
from portal.store import hashing
from portal.sync.alarms import open_alarms
from tests.portals import MARIJKE
from tests.recovering import HENDRIK, Check, Recovering, must_fail


def check_n2(recovering: Recovering) -> None:
    """Erase, re-add by an import, sweep: re-suppressed and reported."""
    recovering.erase()
    recovering.import_again()
    assert recovering.is_there()

    found = recovering.sweep()

    assert (found["suppressed"], found["reappeared"], found["left"]) == (1, 1, 0)
    assert not recovering.is_there()
    assert "reappeared" in recovering.alarms()
    assert recovering.events("reappeared", "reapplied") == ["reappeared", "reapplied"]


def check_n2_opt_in(recovering: Recovering) -> None:
    """A fresh opt-in lifts it, an older one does not."""
    recovering.erase()
    recovering.office.clock.advance(days=3)
    recovering.import_again(opted_in_at=recovering.office.clock() - timedelta(days=1))

    found = recovering.sweep()

    assert (found["opted_in"], found["reappeared"]) == (1, 0)
    assert recovering.is_there()
    assert recovering.suppressed() == 0


def test_n2_who_comes_back_by_an_import_is_erased_again_and_reported(
    recovering: Recovering,
) -> None:
    check_n2(recovering)

    again = recovering.sweep()
    assert (again["suppressed"], again["reappeared"]) == (0, 0)


def test_n2_the_plain_address_is_nowhere_in_the_portals_storage(recovering: Recovering) -> None:
    check_n2(recovering)

    stored = recovering.stored().lower()
    assert b"journal" in stored
    for value in (MARIJKE, "marijke", "devries", "lindelaan"):
        assert value.encode() not in stored


def test_n2_a_fresh_opt_in_in_the_crm_lifts_it(recovering: Recovering) -> None:
    check_n2_opt_in(recovering)
    assert recovering.events("suppression_lifted") == ["suppression_lifted"]


def test_n2_an_opt_in_on_the_portal_lifts_it_in_the_same_commit(recovering: Recovering) -> None:
    recovering.erase()
    recovering.office.clock.advance(hours=2)
    recovering.import_again()
    visitor = recovering.office.visitor().sign_in(recovering.office)
    assert recovering.suppressed() == 1

    recovering.decide(visitor, "workshops", "yes")

    assert recovering.suppressed() == 0
    assert recovering.sweep()["suppressed"] == 0
    assert recovering.is_there()


def test_n2_an_opt_in_of_before_the_erasure_lifts_nothing(recovering: Recovering) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office)
    recovering.decide(visitor, "newsletter", "yes")
    recovering.office.clock.advance(minutes=5)
    recovering.erase()
    before = recovering.office.clock() - timedelta(minutes=5)
    recovering.import_again(opted_in_at=before)

    assert recovering.sweep()["reappeared"] == 1
    assert not recovering.is_there()


def test_n2_a_consent_given_between_asking_and_erasing_is_a_later_one(
    recovering: Recovering,
) -> None:
    """She changed her mind while the CRM was away: nobody is put on the list against her will."""
    office = recovering.office
    visitor = office.visitor().sign_in(office, goal="erase")
    review = visitor.get("/me/erase")
    visitor.submit(review, "/me/erase")
    office.clock.advance(minutes=1)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="yes")

    office.work()

    assert recovering.suppressed() == 0
    assert "suppression_lifted" in recovering.events()


def test_n2_a_dry_run_counts_and_changes_nothing(recovering: Recovering) -> None:
    recovering.erase()
    recovering.import_again()
    before = recovering.events()

    found = recovering.sweep("--dry-run")

    assert found["reappeared"] == 1
    assert recovering.is_there()
    assert recovering.events() == before
    assert recovering.alarms() == []


def test_n2_a_second_sweep_while_the_first_waits_makes_no_second_job(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovering.erase()
    recovering.import_again()
    service = recovering.office.portal.erased.sweeping
    crm = recovering.office.portal.adapters["crm"]

    first = service.sweep(crm, dry_run=False, progress=lambda _: None)
    second = service.sweep(crm, dry_run=False, progress=lambda _: None)

    assert (first.reappeared, first.waiting) == (1, 0)
    assert (second.reappeared, second.waiting) == (0, 1)
    recovering.office.work()
    assert recovering.events("reappeared", "reapplied") == ["reappeared", "reapplied"]


def test_n2_what_had_to_be_kept_is_no_return(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that keeps the address by law says so by `erased`, and is left alone."""
    recovering.erase()
    recovering.import_again()
    adapter = type(recovering.office.portal.adapters["crm"])
    monkeypatch.setattr(adapter, "erased", lambda *_: True)

    found = recovering.sweep()

    assert (found["gone"], found["reappeared"]) == (1, 0)
    assert recovering.is_there()


def test_n2_others_and_their_records_are_left_alone(recovering: Recovering) -> None:
    recovering.erase()
    recovering.import_again()
    others = recovering.office.crm("SELECT * FROM contacts WHERE email NOT IN (?, '')", MARIJKE)

    recovering.sweep()

    now = recovering.office.crm("SELECT * FROM contacts WHERE email NOT IN (?, '')", MARIJKE)
    assert now == others
    assert recovering.is_there(HENDRIK)


def test_n2_an_erasure_that_is_still_under_way_is_not_called_a_return(
    recovering: Recovering,
) -> None:
    recovering.erase(HENDRIK)
    recovering.import_again(HENDRIK)
    recovering.office.clock.advance(hours=1)
    visitor = recovering.office.visitor().sign_in(recovering.office, HENDRIK, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")

    found = recovering.office.portal.erased.sweeping.sweep(
        recovering.office.portal.adapters["crm"], dry_run=False, progress=lambda _: None
    )

    assert (found.in_progress, found.reappeared) == (1, 0)


def test_n2_a_sweep_tells_how_large_the_crm_is(recovering: Recovering) -> None:
    recovering.sweep()

    (row,) = recovering.office.crm("SELECT count(*) AS n FROM contacts WHERE email <> ''")
    assert recovering.office.portal.erased.sweeping.expected("crm") == row["n"]


def test_n2_a_sweep_speaks_to_people_too(recovering: Recovering) -> None:
    recovering.erase()
    recovering.import_again()

    found = recovering.run("sweep")

    assert found.exit_code == 0
    assert "crm: 1 back: reported, and to be erased again" in found.output
    assert MARIJKE not in found.output


def test_n2_the_desk_is_told_once_however_often_she_is_found(recovering: Recovering) -> None:
    for _ in range(3):
        recovering.import_again() if recovering.suppressed() else recovering.erase()
        recovering.sweep()

    with recovering.office.database.reading() as db:
        (alarm,) = [one for one in open_alarms(db) if one.kind == "reappeared"]
    assert alarm.times == 2


def _no_suppression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Suppressions, "add", lambda *_, **__: True)


def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reappeared, "report", lambda *_, **__: True)


def _nobody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "canonical_forms", lambda texts: [b"somebody"] * len(texts))


def _opt_ins_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.erasing.returned.opted_in_at", lambda *_: None)


def _everybody_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "look_at", lambda *_: Finding.BACK)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_n2, _no_suppression),
        (check_n2, _no_report),
        (check_n2, _nobody_is_found),
        (check_n2_opt_in, _opt_ins_are_not_looked_at),
        (check_n2_opt_in, _everybody_is_back),
    ],
)
def test_n2_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by the check."""
    off(monkeypatch)
    must_fail(check, recovering)
