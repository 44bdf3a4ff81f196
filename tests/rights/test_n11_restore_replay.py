"""N11: after a restored back-up, of CRM or portal, what was asked for since is done again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.rights.erasing.returned import Finding
from portal.rights.lasting.reapply import Reapplying
from portal.rights.lasting.recovery import Recovery, State
from portal.rights.requests.journaling import Journaling
from portal.store.tables import Consent, Delivery, Request
from portal.sync.jobs import Finished
from tests.portals import MARIJKE, STRANGER
from tests.recovering import (
    HENDRIK,
    Check,
    Recovering,
    file_of,
    let_it_die_everywhere,
    must_fail,
)

SHARED = "familie.jansen@example.net"


def check_n11_crm(recovering: Recovering) -> None:
    """The CRM is put back to before an erasure; replay erases again, and once is enough."""
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        recovering.erase()
    assert recovering.is_there()

    found = recovering.replay(since)

    assert (found["erasures"], found["left"]) == (1, 0)
    assert not recovering.is_there()
    again = recovering.replay(since)
    assert (again["erasures"], again["withdrawals"], again["waiting"]) == (0, 0, 0)


def check_n11_portal(recovering: Recovering) -> None:
    """Both are put back to before an erasure: the portal is closed until it was replayed."""
    made = recovering.run("backup", str(file_of(recovering, "portal.backup")))
    assert made.exit_code == 0, made.output
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        recovering.erase()
        assert recovering.suppressed() == 1
    put_back(recovering)
    assert recovering.is_there()
    assert recovering.suppressed() == 0
    assert recovering.office.visitor().get("/").status == 503
    assert recovering.office.visitor().get("/readyz").status == 503

    found = recovering.told("replay", "--journal")

    assert (found["lines"], found["by_right"]) == (1, {"erase": 1})
    assert [one["erasures"] for one in found["adapters"]] == [1]
    assert not recovering.is_there()
    assert recovering.suppressed() == 1
    again = recovering.told("replay", "--journal")
    assert (again["lines"], again["adapters"]) == (0, [])
    recovering.start_again()
    assert recovering.office.visitor().get("/").status == 200
    assert recovering.office.visitor().get("/readyz").status == 200


def put_back(recovering: Recovering, *, yes: bool = True) -> None:
    """The portal is stopped, its database put back, and it is started again."""
    recovering.office.close()
    options = ["--yes"] if yes else []
    done = recovering.run("restore", str(file_of(recovering, "portal.backup")), *options)
    assert done.exit_code == 0, done.output
    recovering.start_again()


# --- the CRM was restored ------------------------------------------------------------------------


def test_n11_a_restored_crm_forgets_an_erasure_once(recovering: Recovering) -> None:
    check_n11_crm(recovering)
    assert recovering.events("replayed") == ["replayed"]


def test_n11_withdrawals_and_objections_too_and_what_is_lost_is_counted(
    recovering: Recovering,
) -> None:
    office, since = recovering.office, recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        visitor = recovering.office.visitor().sign_in(recovering.office)
        recovering.decide(visitor, "newsletter", "no")
        recovering.decide(visitor, "offers", "no")
        recovering.correct(visitor, phone="06 10004820")
        office.work()
        hendrik = recovering.office.visitor().sign_in(recovering.office, HENDRIK)
        recovering.decide(hendrik, "newsletter", "no")
        recovering.decide(hendrik, "newsletter", "yes")
    assert recovering.newsletter() == [1]
    hendriks = recovering.newsletter(email=HENDRIK)

    dry = recovering.replay(since, "--dry-run")
    assert recovering.newsletter() == [1]
    found = recovering.replay(since)

    numbers = ("erasures", "withdrawals", "objections", "corrections_lost", "consents_lost")
    assert [found[name] for name in numbers] == [0, 1, 1, 1, 1]
    assert [dry[name] for name in numbers] == [found[name] for name in numbers]
    assert found["superseded"] == 1, "what was given again later is not withdrawn"
    assert recovering.newsletter() == [0]
    assert recovering.newsletter("offers") == [0]
    assert recovering.newsletter("workshops") == [1], "the others stay"
    assert recovering.newsletter(email=HENDRIK) == hendriks
    again = recovering.replay(since)
    assert [again[name] for name in numbers[:3]] == [0, 0, 0]


def decided_elsewhere(
    recovering: Recovering, adapter: str, *, granted: bool, cause: str | None = None
) -> None:
    """Of the last decision's subject and purpose: one more, on another site, told in one system."""
    with recovering.office.database.unit("test") as unit:
        last = unit.session.query(Consent).order_by(Consent.id.desc()).first()
        assert last is not None
        ours = {"subject_id": last.subject_id, "locale": "en"}
        now, id = recovering.office.clock(), f"r{last.id}"
        right = "consent" if granted else "withdraw"
        request = {"id": id, "site": "other", "right": right, "received_at": now, "details": {}}
        unit.session.add(Request(**ours, **request))
        unit.session.flush()
        words = {"source": "portal", "wording": "w", "wording_version": "1", "request_id": id}
        words |= {"wording_hash": "", "statement_hash": "", "method": "page", "actor": "subscriber"}
        decided = {"purpose": last.purpose, "granted": granted, "at": now}
        unit.session.add(Consent(**ours, **words, **decided))
        done = {"state": "confirmed", "changed_at": now, "outcome": {"cause": cause}}
        unit.session.add(Delivery(request_id=id, adapter=adapter, **done))
        unit.commit()


def test_n11_a_consent_that_only_another_system_got_is_no_reason_to_leave_it(
    recovering: Recovering,
) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        visitor = recovering.office.visitor().sign_in(recovering.office)
        recovering.decide(visitor, "newsletter", "no")
    decided_elsewhere(recovering, "webshop", granted=True)

    found = recovering.replay(since)

    assert (found["withdrawals"], found["superseded"]) == (1, 0)
    assert recovering.newsletter() == [0]


@pytest.mark.parametrize("cause", ["superseded", "restored"])
def test_n11_a_consent_that_was_overtaken_before_it_was_done_is_none_either(
    recovering: Recovering, cause: str
) -> None:
    """Given again while the system was away, and withdrawn on a site that does not know it."""
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        visitor = recovering.office.visitor().sign_in(recovering.office)
        recovering.decide(visitor, "newsletter", "no")
    decided_elsewhere(recovering, "crm", granted=True, cause=cause)
    decided_elsewhere(recovering, "webshop", granted=False)

    assert recovering.replay(since)["withdrawals"] == 1
    assert recovering.newsletter() == [0]


def test_n11_every_record_of_a_person_is_found(recovering: Recovering) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.erase(HENDRIK)

    assert recovering.replay(since)["erasures"] == 2
    assert not recovering.is_there(HENDRIK)


def test_n11_a_withdrawal_from_a_shared_mailbox_is_done_in_all_its_records(
    recovering: Recovering,
) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        shared = recovering.office.visitor().sign_in(recovering.office, SHARED, goal="less")
        recovering.decide(shared, "newsletter", "no")

    recovering.replay(since)

    assert not any(recovering.newsletter(email=SHARED))


def test_n11_what_was_asked_for_before_the_back_up_is_not_looked_at(recovering: Recovering) -> None:
    recovering.erase()
    recovering.office.clock.advance(days=1)
    recovering.import_again()

    assert recovering.replay(recovering.office.clock())["erasures"] == 0


def test_n11_a_later_opt_in_in_the_crm_stands(recovering: Recovering) -> None:
    since = recovering.office.clock()
    visitor = recovering.office.visitor().sign_in(recovering.office)
    recovering.decide(visitor, "newsletter", "no")
    recovering.office.clock.advance(hours=1)
    recovering.office.crm(
        "UPDATE subscriptions SET active = 1, changed_at = ? WHERE contact_id = 1 "
        "AND mailing = 'newsletter'",
        (since + timedelta(hours=1, minutes=30)).strftime("%Y-%m-%d %H:%M:%S.%f"),
    )

    found = recovering.replay(since)

    assert (found["withdrawals"], found["already"]) == (0, 1)
    assert recovering.newsletter() == [1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["replay", "--since", "2026-03-01"],
        ["replay", "--since", "yesterday", "--adapter", "crm"],
        ["replay", "--since", "2026-03-01", "--adapter", "other"],
        ["replay", "--journal", "--adapter", "crm"],
        ["sweep", "--adapter", "other"],
    ],
)
def test_n11_a_misused_command_ends_with_2(recovering: Recovering, arguments: list[str]) -> None:
    assert recovering.run(*arguments).exit_code == 2


# --- the portal was restored ---------------------------------------------------------------------


def test_n11_a_restored_portal_is_closed_until_its_journal_was_replayed(
    recovering: Recovering,
) -> None:
    check_n11_portal(recovering)


def test_n11_the_page_of_a_closed_portal_says_so_and_whom_to_call(recovering: Recovering) -> None:
    restored(recovering)

    page = recovering.office.visitor().get("/")

    assert page.status == 503
    assert "closed for a moment" in page.text
    assert "0345 - 00 01 23" in page.text
    assert page.response.headers["Retry-After"]
    assert recovering.office.visitor().post("/signin", email=MARIJKE).status == 503
    assert recovering.office.visitor().get("/me").status == 503
    assert recovering.office.visitor().get("/healthz").status == 200
    assert recovering.office.visitor().get("/static/portal.css").status == 200


def test_n11_a_closed_portal_delivers_nothing_and_sweeps_nothing(recovering: Recovering) -> None:
    restored(recovering)

    assert recovering.office.portal.worker.drain() == 0
    assert recovering.run("sweep").exit_code == 1


def test_n11_a_dry_run_opens_nothing(recovering: Recovering) -> None:
    restored(recovering)

    assert recovering.told("replay", "--journal", "--dry-run")["lines"] == 1
    assert recovering.office.visitor().get("/").status == 503


def test_n11_a_running_portal_opens_by_itself(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.rights.lasting.recovery.LOOK_AGAIN", 0.0)
    restored(recovering)
    assert recovering.office.visitor().get("/").status == 503

    recovering.told("replay", "--journal")

    assert recovering.office.visitor().get("/").status == 200


def test_n11_a_replay_that_was_cut_short_goes_on(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(recovering)
    away = recovering.office.crm_file.with_name("away")
    for adapter in recovering.office.portal.adapters.values():
        adapter.close()
    recovering.office.crm_file.rename(away)
    assert recovering.run("replay", "--journal").exit_code == 1
    assert recovering.office.portal.erased.recovery.look() is State.UNFINISHED

    away.rename(recovering.office.crm_file)
    found = recovering.told("replay", "--journal")

    assert [one["erasures"] for one in found["adapters"]] == [1]
    assert not recovering.is_there()
    assert found["state"] == "open"


def test_n11_a_replay_of_the_journal_may_die_at_any_point(recovering: Recovering) -> None:
    restored(recovering)

    assert let_it_die_everywhere(recovering, "replay", "--journal") > 10

    assert recovering.told("replay", "--journal")["lines"] == 0
    assert not recovering.is_there()
    assert recovering.suppressed() == 1
    assert recovering.events("restored") == ["restored", "restored"], "by restore, and by replay"
    recovering.start_again()
    assert recovering.office.visitor().get("/").status == 200


def test_n11_a_replay_of_a_crm_and_a_sweep_may_die_at_any_point(recovering: Recovering) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.erase()

    command = ("replay", "--since", since.isoformat(), "--adapter", "crm")
    assert let_it_die_everywhere(recovering, *command) > 3
    assert not recovering.is_there()
    recovering.import_again()
    assert let_it_die_everywhere(recovering, "sweep") > 3

    assert not recovering.is_there()
    assert recovering.events("reappeared", "reapplied") == ["reapplied", "reappeared", "reapplied"]


def test_n11_her_request_is_there_again_with_the_truth_about_it(recovering: Recovering) -> None:
    place = restored(recovering)
    recovering.told("replay", "--journal")
    recovering.start_again()
    recovering.office.clock.advance(hours=1)
    recovering.import_again()
    visitor = recovering.office.visitor().sign_in(recovering.office)

    page = visitor.get(place)

    assert page.status == 200
    assert "Kept, because the law says so" in page.text or "Yes, it is done" in page.text


def test_n11_a_consent_given_later_is_remembered_as_well(recovering: Recovering) -> None:
    """The journal holds it: otherwise the withdrawal before it would be done again."""
    recovering.run("backup", str(file_of(recovering, "portal.backup")))
    visitor = recovering.office.visitor().sign_in(recovering.office)
    recovering.decide(visitor, "newsletter", "no")
    recovering.office.clock.advance(minutes=1)
    recovering.decide(visitor, "newsletter", "yes")
    recovering.office.crm("UPDATE subscriptions SET changed_at = '2020-01-01 00:00:00'")
    put_back(recovering)

    found = recovering.told("replay", "--journal")

    assert found["by_right"] == {"withdraw": 1, "consent": 1}
    assert recovering.newsletter() == [1]


def test_n11_open_jobs_of_the_back_up_do_not_redo_what_was_overtaken(
    recovering: Recovering,
) -> None:
    """A correction was open; it was made, and made undone again: only a person can know."""
    office = recovering.office
    visitor = office.visitor().sign_in(office)
    recovering.correct(visitor, phone="06 10004820")
    office.work()
    recovering.correct(visitor, phone="06 10004821")
    office.visitor().ask(STRANGER)
    recovering.run("backup", str(file_of(recovering, "portal.backup")))
    office.work()
    assert office.contact()["phone"] == "06 10004821"
    recovering.correct(visitor, phone="06 10004820")
    mails = len(office.mails())
    put_back(recovering)

    recovering.office.work()

    assert recovering.office.contact()["phone"] == "06 10004820"
    assert len(recovering.office.mails()) == mails
    assert "dead_letter" in recovering.alarms()
    assert visitor.get("/me").status in {401, 503}, "nobody stays signed in"


def test_n11_an_erasure_that_was_open_and_a_later_opt_in(recovering: Recovering) -> None:
    office = recovering.office
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    recovering.run("backup", str(file_of(recovering, "portal.backup")))
    office.work()
    office.clock.advance(hours=2)
    recovering.import_again()
    recovering.decide(office.visitor().sign_in(office), "newsletter", "yes")
    put_back(recovering)

    recovering.told("replay", "--journal")
    recovering.office.work()

    assert recovering.is_there()


# --- switched off --------------------------------------------------------------------------------


def restored(recovering: Recovering) -> str:
    """Portal and CRM as before an erasure, and started; where the request was."""
    recovering.run("backup", str(file_of(recovering, "portal.backup")))
    with recovering.crm_put_back():
        place = recovering.erase()
    put_back(recovering)
    return place


def _nothing_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reapplying, "run", lambda *_: Finished())


def _the_state_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.lasting.replay.look_at", lambda *_: Finding.GONE)


def _no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journaling, "run", lambda *_: Finished())


def _nobody_looks_at_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recovery, "look", lambda *_: State.OPEN)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_n11_crm, _nothing_is_done_again),
        (check_n11_crm, _the_state_is_not_read),
        (check_n11_portal, _nothing_is_done_again),
        (check_n11_portal, _no_journal),
        (check_n11_portal, _nobody_looks_at_the_journal),
    ],
)
def test_n11_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by the check."""
    off(monkeypatch)
    must_fail(check, recovering)
