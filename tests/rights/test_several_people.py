"""Several people under one address: stop acts on all, and everything else on hers alone."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.access.sessions import OPENED_FOR
from portal.access.subjects import Opened
from portal.adapters.contract import Unreachable
from portal.domain.addresses import Email
from portal.rights.deeds.doing import DEEDS, erasure
from portal.rights.held.telling_apart import TRIES
from portal.store.tables import Case, Job, Request, Session, Subject, Suppression
from tests.portals import Office, Page, StartOffice, Visitor
from tests.programs import Program, allowed, because
from tests.rights.copying import make, take

SHARED = "familie.jansen@example.net"
WIM, ANNELIES = "K10118", "K10119"
OF_ANNELIES = ("Annelies", "Kuipers", ANNELIES)
OF_WIM = ("Wim", WIM, "06 1000 7731")


def come_in(office: Office, number: str = "", goal: str = "view") -> Visitor:
    visitor = office.visitor().sign_in(office, SHARED, goal)
    if number:
        answer = open_with(visitor, number)
        assert answer.status == 303, answer.text
    return visitor


def open_with(visitor: Visitor, number: str) -> Page:
    return send(visitor, "/me/which", number=number)


def send(visitor: Visitor, path: str, **fields: str) -> Page:
    """One of several forms of a page."""
    token = visitor.get("/me/requests").fields["csrf_token"]
    return visitor.post(path, csrf_token=token, **fields)


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    """Both read the same mailbox, often."""
    return start_office(limits={"mails_per_address_hour": 90, "mails_per_address_day": 90})


def rows(office: Office) -> dict[str, dict[str, Any]]:
    """First name → the CRM's row of who uses the address."""
    return {
        one["first_name"]: one for one in office.crm("SELECT * FROM contacts WHERE id IN (2, 3)")
    }


def left(office: Office) -> list[int]:
    """Which records still stand under the address."""
    return [one["id"] for one in office.crm("SELECT id FROM contacts WHERE email = ?", SHARED)]


def mailings(office: Office, contact: int) -> Mapping[str, int]:
    found = office.crm("SELECT * FROM subscriptions WHERE contact_id = ?", contact)
    return {one["mailing"]: one["active"] for one in found}


def bare(page: Page) -> str:
    """A page without what is new each time."""
    return re.sub(r'(nonce|value)="[^"]*"', "", page.text)


def test_before_she_has_shown_who_she_is_nothing_of_anybody_is_on_any_page(office: Office) -> None:
    visitor = come_in(office)
    for path in ("", "/correct", "/export", "/erase", "/consents", "/requests", "/which"):
        page = visitor.get(f"/me{path}")
        assert not any(one in page.text for one in (*OF_WIM, *OF_ANNELIES)), path
    assert "/me/which" in visitor.get("/me").text


def test_her_own_number_opens_hers_and_nothing_of_the_other(office: Office) -> None:
    visitor = come_in(office, " k-10118 ")

    page = visitor.get("/me")

    assert all(one in page.text for one in OF_WIM)
    assert not any(one in page.text for one in OF_ANNELIES)
    assert not any(one in visitor.get("/me/erase").text for one in OF_ANNELIES)


@pytest.mark.parametrize("wrong", ["K99999", "", "K10114", "Wim", "\0", "x" * 9000, "Ｋ10117"])
def test_a_wrong_number_opens_nothing(office: Office, wrong: str) -> None:
    visitor = come_in(office)

    assert open_with(visitor, wrong).status == 422
    assert visitor.get("/me/which").heading == "Which data is yours?"
    assert not any(one in visitor.get("/me").text for one in (*OF_WIM, *OF_ANNELIES))


def test_a_wrong_number_and_one_that_nobody_has_get_the_very_same_page(office: Office) -> None:
    wrong = open_with(come_in(office), "K10114")  # somebody else's
    office.crm("UPDATE contacts SET customer_number = NULL WHERE email = ?", SHARED)
    office.crm("UPDATE contacts SET customer_number = 'K1' WHERE id = 3")
    absent = open_with(come_in(office), "K10114")
    short = open_with(come_in(office), "K1")

    assert wrong.status == absent.status == 422
    assert bare(wrong) == bare(absent) == bare(short)


def test_a_number_that_two_of_them_have_tells_nobody_apart(office: Office) -> None:
    office.crm("UPDATE contacts SET customer_number = 'k-10118' WHERE id = 3")

    assert open_with(come_in(office), WIM).status == 422


def test_after_five_wrong_ones_a_person_has_to_find_out_whatever_is_typed(office: Office) -> None:
    visitor = come_in(office)
    tries = [open_with(visitor, f"K2000{number}").status for number in range(TRIES)]
    last = open_with(visitor, WIM)
    again = come_in(office)
    other = open_with(again, WIM)

    assert tries == [422] * TRIES
    assert last.status == other.status == 429, "in any session of that day"
    assert "tried often enough" in last.text
    assert not any(one in again.get("/me").text for one in OF_WIM)
    office.clock.advance(days=1, minutes=1)
    assert come_in(office, WIM).get("/me").status == 200


def test_right_ones_do_not_count_and_wrong_ones_are_not_forgiven_by_them(office: Office) -> None:
    for _ in range(TRIES + 1):
        come_in(office, WIM)
    visitor = come_in(office)
    for number in range(TRIES - 1):
        assert open_with(visitor, f"K2000{number}").status == 422
    come_in(office, WIM)
    another = come_in(office)
    assert open_with(another, "K20009").status == 422
    assert open_with(another, ANNELIES).status == 429


def test_what_is_opened_is_of_that_session_alone(office: Office) -> None:
    come_in(office, WIM)

    assert not any(one in come_in(office).get("/me").text for one in OF_WIM)


def test_without_a_number_a_person_finds_out_and_the_clock_runs(office: Office) -> None:
    visitor = come_in(office)
    assert send(visitor, "/me/which/help", message="Show me mine").status == 422
    place = send(visitor, "/me/which/help", message="Show me mine", contact="06 1234 5678").location

    assert "You hear from us by 2 April 2026" in visitor.get(place).text
    with office.database.reading() as db:
        case = db.query(Case).one()
    written = office.portal.services.rights.cases.written(case)
    assert written is not None
    assert (case.kind, written.contact, written.address) == (
        "several_people",
        "06 1234 5678",
        SHARED,
    )


def test_where_no_field_tells_people_apart_only_a_person_does(
    start_office: StartOffice, office_folder: Any
) -> None:
    text = (office_folder / "register.toml").read_text("utf-8")
    without = office_folder.parent / "register-without.toml"
    without.write_text(text.replace("knows = true", "knows = false"), "utf-8")
    office = start_office(register_file=str(without))
    visitor = come_in(office)

    assert 'name="number"' not in visitor.get("/me/which").text
    token = visitor.get("/me/which").fields["csrf_token"]
    assert visitor.post("/me/which", csrf_token=token, number=WIM).status == 422


def test_stop_acts_on_all_at_once_opened_or_not(office: Office) -> None:
    for contact in (2, 3):
        office.crm("DELETE FROM subscriptions WHERE contact_id = ?", contact)
        for mailing in ("newsletter", "workshops"):
            given = (contact, mailing, 1, "2026-01-01 00:00:00.000000", "x", "y")
            office.crm("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, 30)", *given)
    visitor = come_in(office)
    form = {"csrf_token": visitor.get("/me/consents").fields["csrf_token"]}
    place = visitor.post(
        "/me/consents", **{**form, "purpose": "newsletter", "granted": "no"}
    ).location
    office.work()
    assert mailings(office, 2)["newsletter"] == mailings(office, 3)["newsletter"] == 0
    opened = come_in(office, WIM)
    assert opened.get(place).status == 200, "it was decided for all"
    form = {"csrf_token": opened.get("/me/consents").fields["csrf_token"]}
    opened.post("/me/consents", **{**form, "purpose": "workshops", "granted": "no"})
    office.work()
    assert mailings(office, 2)["workshops"] == mailings(office, 3)["workshops"] == 0


def test_giving_consent_is_for_herself_alone(office: Office) -> None:
    visitor = come_in(office, WIM)
    for mailing in ("newsletter", "offers", "workshops"):
        office.crm("UPDATE subscriptions SET active = 0 WHERE mailing = ?", mailing)
    form = {"csrf_token": visitor.get("/me/consents").fields["csrf_token"]}
    before = mailings(office, 3)

    visitor.post("/me/consents", **{**form, "purpose": "newsletter", "granted": "yes"})
    office.work()

    assert mailings(office, 2)["newsletter"] == 1
    assert mailings(office, 3) == before


def test_a_stop_for_all_after_it_overtakes_a_consent_that_waits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = come_in(office, WIM)
    office.crm("UPDATE subscriptions SET active = 0")
    form = {"csrf_token": visitor.get("/me/consents").fields["csrf_token"]}
    visitor.post("/me/consents", **{**form, "purpose": "newsletter", "granted": "yes"})
    office.clock.advance(seconds=5)
    other = come_in_without_work(office, monkeypatch)
    other.post(
        "/me/consents",
        csrf_token=other.get("/me/consents").fields["csrf_token"],
        purpose="newsletter",
        granted="no",
    )
    office.work()

    assert mailings(office, 2).get("newsletter", 0) == 0


def come_in_without_work(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Sign in while deliveries wait: the CRM does not take writes in that moment."""
    (crm,) = office.portal.adapters.values()

    def away(*_args: object, **_more: object) -> None:
        raise Unreachable("away")

    with monkeypatch.context() as patched:
        patched.setattr(crm, "set_consent", away)
        visitor = come_in(office)
    office.clock.advance(minutes=10)
    return visitor


def test_a_correction_is_of_her_records_alone_and_never_of_her_name(office: Office) -> None:
    visitor = come_in(office, WIM)
    form = visitor.get("/me/correct")
    assert "first_name" not in form.fields
    before = rows(office)
    checked = visitor.submit(form, "/me/correct", phone="06 7777 7777")
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    office.work()

    after = rows(office)
    assert after["Wim"]["phone"].replace(" ", "") == "0677777777"
    assert after["Annelies"] == before["Annelies"]


def test_nobody_becomes_the_other_by_taking_on_the_name(office: Office) -> None:
    """Records of one name show together: so no name changes while two use the address."""
    visitor = come_in(office, WIM)
    form = visitor.get("/me/correct")
    answer = visitor.post(
        "/me/correct",
        **{**form.fields, "first_name": "Annelies", "last_name": "Jansen-Kuipers", "step": "save"},
    )
    office.work()

    assert rows(office)["Wim"]["last_name"] == "Jansen"
    assert answer.heading == "You changed nothing" or answer.status in {200, 303, 400}
    assert not any(one in come_in(office).get("/me").text for one in OF_ANNELIES)


def erase_wim(office: Office, when: str = "now") -> str:
    visitor = come_in(office, WIM, goal="erase")
    page = visitor.get("/me/erase")
    answer = visitor.submit(page, "/me/erase", when=when)
    assert answer.status == 303, answer.text
    return answer.location.rpartition("/")[2]


def test_an_erasure_takes_her_records_alone(office: Office) -> None:
    before = rows(office)
    erase_wim(office)
    office.work()

    after = office.crm("SELECT * FROM contacts WHERE id IN (2, 3)")
    assert after[0]["email"] != SHARED
    assert after[1] == before["Annelies"]


def test_an_erasure_in_a_system_that_was_away_takes_the_same_person_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a retry, and when she could not be seen when she asked."""
    before = rows(office)
    (crm,) = office.portal.adapters.values()
    with monkeypatch.context() as patched:
        patched.setattr(crm, "erase", _away)
        erase_wim(office)
        office.work()
    office.clock.advance(hours=1)
    office.work()

    after = office.crm("SELECT * FROM contacts WHERE id IN (2, 3)")
    assert after[0]["email"] != SHARED
    assert after[1] == before["Annelies"]


def _away(*_args: object, **_more: object) -> None:
    raise Unreachable("away")


def test_what_was_not_seen_is_found_by_her_name_and_nobody_elses(office: Office) -> None:
    (crm,) = office.portal.adapters.values()
    fields = ("first_name", "last_name")
    opened = Opened("m", "wim jansen", fields, {})
    payload = erasure(Email.parse(SHARED), None, fields, ["wim jansen"], opened)
    before = rows(office)

    ended = DEEDS["erase"](crm, payload, "key")

    assert ended.state in {"confirmed", "retained"}
    after = office.crm("SELECT * FROM contacts WHERE id IN (2, 3)")
    assert after[0]["email"] != SHARED
    assert after[1] == before["Annelies"]


def test_a_record_without_a_name_in_a_system_that_was_away_goes_to_a_person(
    office: Office,
) -> None:
    office.crm("UPDATE contacts SET first_name = '', last_name = '' WHERE id = 3")
    (crm,) = office.portal.adapters.values()
    fields = ("first_name", "last_name")
    payload = erasure(
        Email.parse(SHARED), None, fields, ["wim jansen"], Opened("m", "wim jansen", fields, {})
    )

    ended = DEEDS["erase"](crm, payload, "key")

    assert ended.by_a_person
    assert len(office.crm("SELECT * FROM contacts WHERE email = ?", SHARED)) == 2


def test_an_erasure_that_waits_is_hers_alone_until_its_moment_and_at_it(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 1 WHERE contact_id IN (2, 3)")
    before, mails = rows(office), mailings(office, 3)
    request_id = erase_wim(office, "later")
    office.work()
    assert set(mailings(office, 2).values()) <= {0}
    assert (rows(office)["Annelies"], mailings(office, 3)) == (before["Annelies"], mails)
    annelies = come_in(office, ANNELIES)
    assert annelies.get(f"/me/requests/{request_id}").status == 404
    assert "we delete your data" not in annelies.get("/me/consents").text
    token = annelies.get("/me").fields["csrf_token"]
    assert annelies.post(f"/me/requests/{request_id}/keep", csrf_token=token).status == 404

    office.clock.advance(hours=49)
    office.work()

    after = office.crm("SELECT * FROM contacts WHERE id IN (2, 3)")
    assert after[0]["email"] != SHARED
    assert after[1] == before["Annelies"]
    assert mailings(office, 3) == mails


def test_one_that_waits_touches_nobody_else_in_a_system_that_had_none_of_hers(
    office: Office,
) -> None:
    """When she showed who she is it had none; one has come since, or it is away by now."""
    (crm,) = office.portal.adapters.values()
    visitor = come_in(office, WIM, goal="erase")
    nothing = {"name": "wim jansen", "name_fields": ["first_name", "last_name"]}
    sealed = office.portal.vault.seal({**nothing, "keys": {crm.name: []}}, OPENED_FOR)
    with office.database.unit("test") as unit:
        unit.session.query(Session).filter(Session.opened_sealed.is_not(None)).update(
            {"opened_sealed": sealed}
        )
        unit.commit()
    before = rows(office)
    answer = visitor.submit(visitor.get("/me/erase"), "/me/erase", when="later")
    assert answer.status == 303, answer.text
    office.work()

    assert rows(office)["Annelies"] == before["Annelies"]

    office.crm("UPDATE contacts SET restricted = 1 WHERE id = 3")  # by her own word
    visitor.submit(visitor.get(answer.location), f"{answer.location}/keep")
    office.work()
    assert rows(office)["Annelies"]["restricted"] == 1


def test_what_an_operator_lifts_of_one_frees_nobody_else_in_a_system_that_had_none_of_his(
    office: Office,
) -> None:
    """Two restrictions stand; when he asked for the second the system had none of his."""
    (crm,) = office.portal.adapters.values()
    lifting = office.portal.opposed.lifting
    visitor = come_in(office, WIM)
    first = restrict(visitor)
    office.work()
    lifting.lift(first)
    office.work()
    nothing = {"name": "wim jansen", "name_fields": ["first_name", "last_name"]}
    sealed = office.portal.vault.seal({**nothing, "keys": {crm.name: []}}, OPENED_FOR)
    with office.database.unit("test") as unit:
        unit.session.query(Session).filter(Session.opened_sealed.is_not(None)).update(
            {"opened_sealed": sealed}
        )
        unit.commit()
    office.clock.advance(minutes=1)
    second = restrict(visitor)
    assert second != first
    office.crm("UPDATE contacts SET restricted = 1 WHERE id = 3")  # by her own word

    lifting.lift(second)
    office.work()
    office.clock.advance(days=4)
    office.work()

    assert rows(office)["Wim"]["restricted"] == 0
    assert rows(office)["Annelies"]["restricted"] == 1


def restrict(visitor: Visitor) -> str:
    token = visitor.get("/me/requests").fields["csrf_token"]
    return visitor.post("/me/restrict", csrf_token=token, on="yes").location.rpartition("/")[2]


def test_one_that_is_taken_back_gives_again_what_was_hers_and_nothing_else(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 1 WHERE contact_id = 2")
    office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 3")
    before, off = mailings(office, 2), mailings(office, 3)
    request_id = erase_wim(office, "later")
    office.work()
    wim = come_in(office, WIM)
    page = wim.get(f"/me/requests/{request_id}")
    wim.submit(page, f"/me/requests/{request_id}/keep")
    office.work()

    assert mailings(office, 2) == before
    assert mailings(office, 3) == off
    assert rows(office)["Wim"]["restricted"] == 0


def test_each_may_have_an_erasure_of_her_own_wait(office: Office) -> None:
    erase_wim(office, "later")
    annelies = come_in(office, ANNELIES, goal="erase")
    annelies.submit(annelies.get("/me/erase"), "/me/erase", when="now")
    office.work()
    assert [one["id"] for one in office.crm("SELECT id FROM contacts WHERE email = ?", SHARED)] == [
        2
    ]

    office.clock.advance(hours=49)
    office.work()

    assert left(office) == []


def test_d11_the_checks_of_later_do_not_take_the_other_half(office: Office) -> None:
    before = rows(office)["Annelies"]
    erase_wim(office)
    office.work()
    for days in (1, 6, 23):
        office.clock.advance(days=days, minutes=1)
        office.work()

    assert rows(office)["Annelies"] == before
    with office.database.reading() as db:
        assert db.query(Job).filter_by(kind="recheck", ended_at=None).count() == 0


def test_d11_who_comes_back_under_her_own_name_is_erased_again(office: Office) -> None:
    before = rows(office)
    erase_wim(office)
    office.work()
    wim = {**before["Wim"], "id": 9002}
    marks = ", ".join("?" * len(wim))
    office.crm(f"INSERT INTO contacts VALUES ({marks})", *wim.values())
    office.clock.advance(days=1, minutes=1)
    office.work()

    assert [one["id"] for one in office.crm("SELECT id FROM contacts WHERE email = ?", SHARED)] == [
        3
    ]
    assert rows(office)["Annelies"] == before["Annelies"]


def test_n2_a_sweep_and_a_replay_leave_the_other_alone(office: Office) -> None:
    before = rows(office)["Annelies"]
    since = office.clock() - timedelta(days=1)
    erase_wim(office)
    office.work()
    (crm,) = office.portal.adapters.values()
    erased = office.portal.erased

    erased.sweeping.sweep(crm, dry_run=False, progress=lambda _: None)
    erased.replaying.replay(crm, since, dry_run=False)
    office.work()

    assert rows(office)["Annelies"] == before
    with office.database.reading() as db:
        assert db.query(Suppression).count() == 1


def test_programs_that_know_the_address_alone_are_told_what_is_of_one_of_several(
    office: Office,
) -> None:
    """A mailing tool that heard of an erasure of the address would delete the other half."""
    Program(office, Scope.FEED_READ, name="reader")
    erase_wim(office, "later")
    office.clock.advance(hours=49)
    office.work()
    annelies = come_in(office, ANNELIES)
    form = {"csrf_token": annelies.get("/me/consents").fields["csrf_token"]}
    annelies.post("/me/consents", **{**form, "purpose": "newsletter", "granted": "no"})

    told = office.portal.services.rights.feed.after("demo", None, 50).entries

    assert {one.email for one in told} == {SHARED}
    assert [one.kind for one in told if one.refs is None] == ["withdrawn"]
    of_one = [one for one in told if one.kind == "one_of_several"]
    assert len(of_one) == len(told) - 1
    assert {tuple(one.refs or ()) for one in of_one} == {("crm:2",)}
    assert {one.what for one in of_one} >= {"erasure_waits", "erasure"}


def come_back(office: Office, row: dict[str, Any], id: int) -> None:
    """An import, or a restored back-up, brings a record in again."""
    row = {**row, "id": id}
    office.crm("DELETE FROM contacts WHERE id = ?", id)
    marks = ", ".join("?" * len(row))
    office.crm(f"INSERT INTO contacts VALUES ({marks})", *row.values())


def test_n2_long_after_a_sweep_finds_who_came_back_by_her_name(office: Office) -> None:
    before = rows(office)
    erase_wim(office)
    office.work()
    office.clock.advance(days=90)
    office.work()
    come_back(office, before["Wim"], 9003)
    (crm,) = office.portal.adapters.values()

    swept = office.portal.erased.sweeping.sweep(crm, dry_run=False, progress=lambda _: None)
    office.work()

    assert (swept.suppressed, swept.reappeared) == (1, 1)
    assert left(office) == [3]
    assert rows(office)["Annelies"] == before["Annelies"]


def test_n11_after_a_restored_crm_a_replay_erases_the_right_half_again(office: Office) -> None:
    before = rows(office)
    since = office.clock() - timedelta(days=1)
    erase_wim(office)
    office.work()
    come_back(office, before["Wim"], 2)
    (crm,) = office.portal.adapters.values()

    replayed = office.portal.erased.replaying.replay(crm, since, dry_run=False)
    office.work()

    assert replayed.erasures == 1
    assert left(office) == [3]
    assert rows(office)["Annelies"] == before["Annelies"]


def test_n11_both_halves_are_erased_again_each_by_her_own_request(office: Office) -> None:
    before = rows(office)
    since = office.clock() - timedelta(days=1)
    erase_wim(office)
    office.work()
    annelies = come_in(office, ANNELIES, goal="erase")
    annelies.submit(annelies.get("/me/erase"), "/me/erase", when="now")
    office.work()
    assert left(office) == []
    come_back(office, before["Wim"], 2)
    come_back(office, before["Annelies"], 3)
    (crm,) = office.portal.adapters.values()

    replayed = office.portal.erased.replaying.replay(crm, since, dry_run=False)
    office.work()

    assert replayed.erasures == 2
    assert left(office) == []


def test_when_only_one_is_left_the_address_shows_nothing_without_her_own_number(
    office: Office,
) -> None:
    """Otherwise whoever erases herself sees the other."""
    erase_wim(office)
    office.work()

    visitor = come_in(office)
    assert not any(one in visitor.get("/me").text for one in OF_ANNELIES)
    assert open_with(visitor, WIM).status == 422
    assert open_with(visitor, ANNELIES).status == 303
    assert all(one in visitor.get("/me").text for one in OF_ANNELIES)


def test_requests_of_one_are_nothing_to_the_other(office: Office) -> None:
    request_id = erase_wim(office)
    office.work()
    annelies = come_in(office, ANNELIES)

    assert annelies.get(f"/me/requests/{request_id}").status == 404
    assert "Deletion" not in annelies.get("/me/requests").text
    with office.database.reading() as db:
        subjects = {one.subject_id for one in db.query(Request)}
        (whole,) = db.query(Subject.id).filter_by(part_of=None).filter(Subject.id.not_in(subjects))
    assert whole


def test_a_copy_holds_hers_alone(office: Office) -> None:
    visitor = come_in(office, WIM, goal="copy")
    copy = make(visitor)

    content = take(visitor, copy, "json").text
    assert "Wim" in content
    assert not any(one in content for one in OF_ANNELIES)


def test_names_are_compared_whatever_case_and_spaces(office: Office) -> None:
    office.crm("UPDATE contacts SET first_name = ' WIM ', last_name = 'jansen' WHERE id = 3")
    visitor = come_in(office)

    assert all(one in visitor.get("/me").text for one in OF_WIM), "one person, twice in the books"


def test_whoever_sends_mail_hears_of_the_one_who_goes_and_not_of_the_other(
    office: Office,
) -> None:
    """While it is under way the whole address is left alone; then hers for good, his not at all."""
    her = rows(office)["Annelies"]
    wim, annelies = rows(office)["Wim"]["id"], her["id"]
    program = Program(office, Scope.CONSENTS_READ)
    before = program.consents(email=SHARED)
    visitor = come_in(office, ANNELIES, "erase")
    send(visitor, "/me/erase", when="now")

    for who in ({"email": SHARED}, {"ref": f"crm:{wim}"}, {"ref": f"crm:{annelies}"}):
        assert program.consents(**who)["erasure"]["state"] == "under_way"
    office.work()
    assert program.consents(ref=f"crm:{wim}")["erasure"] is None
    assert any(allowed(before).values())
    office.crm(
        "UPDATE contacts SET email = ?, first_name = ?, last_name = ? WHERE id = ?",
        *(SHARED, her["first_name"], her["last_name"], annelies),
    )

    assert set(because(program.consents(ref=f"crm:{annelies}")).values()) == {"erased"}
    assert program.consents(ref=f"crm:{wim}") == program.consents(email=SHARED)
    assert program.consents(email=SHARED)["erasure"] is None
