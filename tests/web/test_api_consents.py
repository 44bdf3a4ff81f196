"""May mail be sent? What is not known is never a yes."""

import logging
from shutil import copyfile
from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.adapters.contract import RateLimited, Refused, Unreachable
from portal.rights.cases.casebook import CaseKind, Outcome
from portal.store.tables import LedgerEntry, Subject
from tests.desks import add_operator, at_the_desk
from tests.footers import HENDRIK, one_click, token_of
from tests.portals import MARIJKE, STRANGER, Office, StartOffice, logged
from tests.programs import Program, allowed, because
from tests.rights.wishes import ERASURE, WITHDRAWAL

ALL = ("newsletter", "offers", "workshops", "partners")


@pytest.fixture
def program(office: Office) -> Program:
    return Program(office, Scope.CONSENTS_READ)


def none_allowed(reason: str) -> dict[str, str]:
    return dict.fromkeys(ALL, reason)


def test_what_she_has_on_is_allowed_with_its_ground_and_since_when(
    office: Office, program: Program
) -> None:
    answer = program.consents(email=MARIJKE)

    on = {
        row["mailing"]: bool(row["active"])
        for row in office.crm("SELECT mailing, active FROM subscriptions WHERE contact_id = 1")
    }
    assert allowed(answer) == {one: on.get(one, one == "offers") for one in ALL}
    assert allowed(answer)["newsletter"]
    assert (answer["known"], answer["away"], answer["restricted"]) == (True, [], False)
    assert (answer["erasure"], answer["error"]) == (None, None)
    grounds = {one["purpose"]: one["ground"] for one in answer["purposes"]}
    assert grounds == {one: "customer" if one == "offers" else "consent" for one in ALL}
    newsletter = answer["purposes"][0]
    assert (newsletter["certain"], newsletter["mailing"], newsletter["because"]) == (
        True,
        True,
        None,
    )
    assert newsletter["since"].endswith("Z")


def test_a_record_is_asked_about_by_its_key_and_no_address_stands_in_a_url(
    program: Program,
) -> None:
    told = program.get("/consents/crm:1")
    assert told.json == program.consents(email=MARIJKE) == program.consents(ref="crm:1")


@pytest.mark.parametrize("email", [MARIJKE.upper(), f" {MARIJKE} "])
def test_the_address_may_be_spelled_otherwise(program: Program, email: str) -> None:
    assert program.consents(email=email) == program.consents(email=MARIJKE)


@pytest.mark.parametrize(
    "who", [{"email": STRANGER}, {"ref": "crm:999999"}, {"ref": "crm:"}, {"ref": "crm:x\0y"}]
)
def test_whom_no_system_knows_gets_nothing(program: Program, who: dict[str, str]) -> None:
    answer = program.consents(**who)
    assert (answer["known"], because(answer)) == (False, none_allowed("unknown"))


def test_what_cannot_be_asked_is_told_for_each_one_and_keeps_the_others(program: Program) -> None:
    told = program.post(
        "/consents",
        {
            "asked": [
                {"email": "no address"},
                {"email": MARIJKE},
                {"ref": "elsewhere:1"},
                {"ref": MARIJKE},
                {"email": STRANGER},
            ]
        },
    )
    answers = told.json["answers"]
    assert [one["error"] for one in answers] == [
        "not_an_address",
        None,
        "no_such_system",
        "no_such_system",
        None,
    ]
    assert [any(allowed(one).values()) for one in answers] == [False, True, False, False, False]
    assert MARIJKE not in told.text
    assert program.get("/consents/elsewhere:1").code == "no_such_system"


def test_a_hundred_are_answered_in_their_order(program: Program) -> None:
    asked = [{"email": MARIJKE}, {"email": STRANGER}] * 50
    answers = program.post("/consents", {"asked": asked}).json["answers"]
    assert [one["known"] for one in answers] == [True, False] * 50


def test_asking_leaves_nobody_behind(office: Office, program: Program) -> None:
    program.consents(email=STRANGER)
    program.consents(email=MARIJKE)
    with office.database.reading() as db:
        assert db.query(Subject).count() == 0


def test_personal_values_are_in_no_log_and_no_ledger(
    office: Office, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    program.consents(email=MARIJKE)
    program.get(f"/consents/crm:{MARIJKE}")
    program.get(f"/consents/{MARIJKE}")
    assert MARIJKE not in logged(caplog)
    with office.database.reading() as db:
        assert all(MARIJKE not in str(row.facts) for row in db.query(LedgerEntry))


# --- what she decided ---------------------------------------------------------------------------


def test_a_withdrawal_counts_from_the_moment_she_was_told_received(
    office: Office, program: Program
) -> None:
    WITHDRAWAL.ask(WITHDRAWAL.signed_in(office))
    assert not WITHDRAWAL.holds(office)  # the system still says yes

    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"
    office.work()
    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"


def test_a_withdrawal_that_failed_counts_all_the_same(
    office: Office, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: object, **_more: object) -> None:
        raise Refused("will not")

    monkeypatch.setattr(office.portal.adapters["crm"], "set_consent", refuses, raising=False)
    WITHDRAWAL.ask(WITHDRAWAL.signed_in(office))
    office.work()
    assert not WITHDRAWAL.holds(office)

    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"


def test_a_footer_link_counts_and_its_undoing_too(office: Office, program: Program) -> None:
    one_click(office, token_of(office))
    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"


def test_what_an_import_turned_on_again_is_not_allowed_and_a_later_opt_in_is(
    office: Office, program: Program
) -> None:
    WITHDRAWAL.ask(WITHDRAWAL.signed_in(office))
    office.work()
    turn = "UPDATE subscriptions SET active = 1, changed_at = ? WHERE contact_id = 1"

    office.crm(turn, "2020-01-01 12:00:00")
    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"
    office.crm(turn, "2026-03-02 15:00:00")  # 14:00 UTC, two hours after her no
    assert allowed(program.consents(email=MARIJKE))["newsletter"]


def test_a_yes_without_a_time_is_not_known_to_be_later_than_her_no(
    start_office: StartOffice,
) -> None:
    office = start_office(adapters={"crm": {"consents": {"newsletter": {"at": None}}}})
    program = Program(office)
    assert allowed(program.consents(email=MARIJKE))["newsletter"]
    WITHDRAWAL.ask(WITHDRAWAL.signed_in(office))
    office.work()
    office.crm("UPDATE subscriptions SET active = 1 WHERE contact_id = 1")

    assert because(program.consents(email=MARIJKE))["newsletter"] == "stopped"


def test_of_two_records_a_no_in_one_is_a_no_unless_the_yes_is_later(
    office: Office, program: Program
) -> None:
    keys = [row["id"] for row in office.crm("SELECT id FROM contacts WHERE email = ?", HENDRIK)]
    assert len(keys) == 2
    office.crm("DELETE FROM subscriptions WHERE contact_id IN (?, ?)", *keys)
    add = "INSERT INTO subscriptions (contact_id, mailing, active, changed_at) VALUES (?, ?, ?, ?)"
    office.crm(add, keys[0], "newsletter", 1, "2024-01-01 10:00:00")
    office.crm(add, keys[1], "newsletter", 0, "2023-01-01 10:00:00")
    assert allowed(program.consents(email=HENDRIK))["newsletter"]

    office.crm("UPDATE subscriptions SET changed_at = '2025-01-01 10:00:00' WHERE active = 0")
    assert because(program.consents(email=HENDRIK))["newsletter"] == "stopped"


def test_where_there_is_no_record_either_way_consent_is_not_given_and_a_customer_may_be_mailed(
    office: Office, program: Program
) -> None:
    office.crm("DELETE FROM subscriptions WHERE contact_id = 1")
    assert because(program.consents(email=MARIJKE)) == {
        "newsletter": "not_given",
        "offers": None,
        "workshops": "not_given",
        "partners": "not_given",
    }


# --- restricted, erased ---------------------------------------------------------------------------


def test_what_is_restricted_is_not_used(office: Office, program: Program) -> None:
    office.crm("UPDATE contacts SET restricted = 1 WHERE id = 1")
    answer = program.consents(email=MARIJKE)
    assert (answer["restricted"], because(answer)) == (True, none_allowed("restricted"))


def test_an_erasure_counts_from_the_asking_and_after_it_for_good(
    office: Office, program: Program
) -> None:
    ERASURE.ask(ERASURE.signed_in(office))
    asked = program.consents(email=MARIJKE)
    assert asked["erasure"] == {"state": "under_way", "at": "2026-03-02T12:00:00Z"}
    assert because(asked) == none_allowed("erased")

    office.work()
    done = program.consents(email=MARIJKE)
    assert (done["erasure"]["state"], because(done)) == ("done", none_allowed("erased"))
    assert program.consents(ref="crm:1")["known"] is False

    # an import brings her back
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", MARIJKE)
    back = program.consents(ref="crm:1")
    assert (back["known"], because(back)) == (True, none_allowed("erased"))


def test_an_erasure_that_waits_stops_everything_and_says_until_when(
    office: Office, program: Program
) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    page = visitor.get("/me/erase")
    answer = visitor.submit(page, "/me/erase", when="later")

    waits = program.consents(email=MARIJKE)
    assert waits["erasure"] == {"state": "waits", "at": "2026-03-04T12:00:00Z"}
    assert because(waits) == none_allowed("erasure_waits")
    assert waits["restricted"] is True

    visitor.submit(visitor.get(answer.location), f"{answer.location}/keep")
    office.work()
    kept = program.consents(email=MARIJKE)
    assert (kept["erasure"], kept["restricted"]) == (None, False)
    assert allowed(kept)["newsletter"]


def test_who_was_erased_and_opted_in_again_herself_may_be_mailed(
    office: Office, program: Program
) -> None:
    ERASURE.ask(ERASURE.signed_in(office))
    office.work()
    office.clock.advance(minutes=5)
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", MARIJKE)
    add = "INSERT INTO subscriptions (contact_id, mailing, active, changed_at) VALUES (1, ?, 0, ?)"
    office.crm(add, "newsletter", "2020-01-01 10:00:00")
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="yes")
    office.work()

    answer = program.consents(email=MARIJKE)
    assert answer["erasure"] is None
    assert allowed(answer)["newsletter"]


# --- a system away --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Unreachable("away"), RateLimited("slowly", 3)])
def test_a_system_that_does_not_answer_is_named_and_nothing_is_allowed(
    office: Office, program: Program, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    calls = []

    def away(*args: Any) -> None:
        calls.append(args)
        raise error

    for call in ("find", "read"):
        monkeypatch.setattr(office.portal.adapters["crm"], call, away, raising=False)
    for who in ({"email": MARIJKE}, {"ref": "crm:1"}):
        answer = program.consents(**who)
        assert (answer["known"], answer["away"]) == (None, ["crm"])
        assert because(answer) == none_allowed("uncertain")
        assert not any(one["certain"] for one in answer["purposes"])
    calls.clear()
    told = program.post("/consents", {"asked": [{"email": MARIJKE}, {"ref": "crm:1"}] * 10})
    assert len(told.json["answers"]) == 20
    assert len(calls) == 1  # a batch does not wait twenty times


TWO = {
    "shop": {
        "adapter": "sql",
        "label": {"nl": "Winkel", "en": "Shop"},
        "location": {"entity": "x", "hosting": "NL"},
        "url": "sqlite:///crm.sqlite",
        "table": "contacts",
        "email": "email",
        "fields": {"email": "email"},
    }
}


def test_what_she_restricted_herself_is_not_used_from_that_moment_on(
    office: Office, program: Program
) -> None:
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me/restrict").fields["csrf_token"]
    assert visitor.post("/me/restrict", csrf_token=token, on="yes").status == 303
    assert because(program.consents(email=MARIJKE)) == none_allowed("restricted")
    office.work()
    assert visitor.post("/me/restrict", csrf_token=token, on="no").status == 303
    office.work()
    assert program.consents(email=MARIJKE)["restricted"] is False


def test_a_system_that_holds_no_consent_but_could_restrict_is_waited_for(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    restricts = {"shop": {**TWO["shop"], "restrict": {"column": "restricted"}}}
    for adapters, certain in ((TWO, True), (restricts, False)):
        office = start_office(adapters=adapters)
        program = Program(office)

        def away(*_args: Any) -> None:
            raise Unreachable("away")

        monkeypatch.setattr(office.portal.adapters["shop"], "find", away, raising=False)
        answer = program.consents(email=MARIJKE)
        assert answer["away"] == ["shop"]
        assert allowed(answer)["newsletter"] is certain


def test_a_key_sees_the_systems_of_its_own_site_alone(start_office: StartOffice) -> None:
    office = start_office(adapters=TWO, sites={0: {"adapters": ["crm"]}, 1: {"adapters": ["shop"]}})
    here, there = Program(office), Program(office, site="other")

    assert here.consents(ref="shop:1")["error"] == "no_such_system"
    assert there.consents(ref="crm:1")["error"] == "no_such_system"
    assert allowed(here.consents(email=MARIJKE))["newsletter"]
    # what only the other site's system holds is no purpose of this one
    assert allowed(there.consents(email=MARIJKE)) == {}


def test_an_erasure_on_one_site_counts_on_another_that_sees_the_same_system(
    start_office: StartOffice,
) -> None:
    office = start_office()
    ERASURE.ask(ERASURE.signed_in(office))
    assert because(Program(office, site="other").consents(email=MARIJKE)) == none_allowed("erased")


def test_what_a_person_is_asked_to_restrict_is_not_used_meanwhile(
    office: Office, program: Program
) -> None:
    visitor = office.visitor().sign_in(office)
    assert allowed(program.consents(email=MARIJKE))["newsletter"]
    with office.database.unit("test") as unit:
        subject_id = unit.session.query(Subject).one().id
        office.portal.services.rights.cases.open(
            unit, CaseKind.RESTRICT, site="demo", locale="en", subject_id=subject_id
        )
        unit.commit()

    assert because(program.consents(email=MARIJKE)) == none_allowed("restricted")
    assert visitor.get("/me").status == 200


def test_a_restriction_on_one_site_outlives_an_erasure_on_another(
    start_office: StartOffice,
) -> None:
    """In a system that knows no mark a person has seen to it, and the portal alone knows of it."""
    mailings = {
        "table": "subscriptions",
        "on": {"contact_id": "id"},
        "where": {"mailing": "newsletter"},
        "column": "active",
    }
    shop = {**TWO["shop"], "url": "sqlite:///shop.sqlite", "consents": {"newsletter": mailings}}
    office = start_office(
        adapters={"shop": shop}, sites={0: {"adapters": ["crm"]}, 1: {"adapters": ["shop"]}}
    )
    copyfile(office.crm_file, office.crm_file.with_name("shop.sqlite"))
    there = Program(office, site="other")
    assert because(there.consents(email=MARIJKE)) == {"newsletter": None}
    visitor = office.visitor()
    asked = visitor.ask(site="other")
    visitor.submit(asked, "/signin/code", code=office.next_mail().code)
    token = visitor.get("/me/requests").fields["csrf_token"]
    assert visitor.post("/me/restrict", csrf_token=token, on="yes").status == 303
    office.work()
    cases = office.portal.services.desk.casework
    (brief,) = [brief for brief, _day in cases.all_open()]
    assert cases.close(
        at_the_desk(office, add_operator(office)).operator_id, brief.reference, Outcome.DONE
    )
    assert because(there.consents(email=MARIJKE)) == {"newsletter": "restricted"}

    ERASURE.ask(ERASURE.signed_in(office))
    office.work()

    assert office.crm("SELECT id FROM contacts WHERE email = ?", MARIJKE) == []
    assert because(there.consents(email=MARIJKE)) == {"newsletter": "restricted"}
