"""The feed tells of another address, and of one of several people under the same one.

And whoever is told so can ask at once: what stands for the address is what will stand once every
system knows.
"""

from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.adapters.contract import Adapter, Unreachable
from portal.rights.held.moves import Moves, UnderWay
from portal.store.tables import FeedEntry
from tests.footers import one_click, token_of
from tests.movings import NEW, address, changed, pending, says
from tests.portals import MARIJKE, Office, StartOffice
from tests.programs import Program, allowed, because
from tests.rights.test_several_people import ANNELIES, SHARED, WIM, come_in, erase_wim, restrict
from tests.rights.wishes import ERASURE, WITHDRAWAL
from tests.servers.databases import FreshDatabase

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]
SHOP = {
    "adapter": "sql",
    "label": {"nl": "Winkel", "en": "Shop"},
    "location": {"entity": "x", "hosting": "NL"},
    "url": "sqlite:///crm.sqlite",
    "table": "contacts",
    "where": {"source": "nowhere"},
    "email": "email",
    "fields": {"email": "email"},
}
"""A system of another site, in which she is not held."""
LIMITS = {"mails_per_address_hour": 90, "mails_per_address_day": 90}


@pytest.fixture(params=BOTH)
def office(
    request: pytest.FixtureRequest, start_office: StartOffice, fresh_database: FreshDatabase
) -> Office:
    if request.param == "sqlite":
        return start_office(limits=LIMITS)
    return start_office(limits=LIMITS, database=fresh_database(request.param))


@pytest.fixture
def program(office: Office) -> Program:
    return Program(office, Scope.FEED_READ, Scope.CONSENTS_READ, name="reader")


@pytest.fixture
def crm(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def entries(program: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = program.get("/feed").json["entries"]
    return found


def told(program: Program) -> list[tuple[str, str | None, str | None, list[str] | None]]:
    return [(one["kind"], one["what"], one["new_email"], one["refs"]) for one in entries(program)]


# --- another address -----------------------------------------------------------------------------


def test_another_address_is_told_in_its_place_with_both(office: Office, program: Program) -> None:
    WITHDRAWAL.ask(office.visitor().sign_in(office))
    assert [one["kind"] for one in entries(program)] == ["withdrawn"]
    changed(office)
    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()

    assert [(one["kind"], one["email"], one["new_email"]) for one in entries(program)] == [
        ("withdrawn", MARIJKE, None),
        ("address_changed", MARIJKE, NEW),
        ("erasure", NEW, None),
    ]
    assert all(one["refs"] is one["what"] is None for one in entries(program))


def test_one_that_waits_or_is_stopped_is_not_told(office: Office, program: Program) -> None:
    says(office, pending(office), "no")
    office.work()
    assert entries(program) == []


def test_one_that_is_taken_back_is_told_the_other_way_round(
    office: Office, program: Program
) -> None:
    mail, _ = changed(office)
    says(office, mail, "back")
    office.work()
    assert [(one["email"], one["new_email"]) for one in entries(program)] == [
        (MARIJKE, NEW),
        (NEW, MARIJKE),
    ]
    assert allowed(program.consents(email=MARIJKE))["newsletter"]
    assert set(because(program.consents(email=NEW)).values()) == {"unknown"}


def test_from_then_on_the_old_address_is_nobodys_and_the_new_one_stands_as_she_decided(
    office: Office, program: Program, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the system does not know it yet: who is told asks at once, and not again."""
    before = program.consents(email=MARIJKE)
    assert allowed(before)["newsletter"]
    mail = pending(office)
    with monkeypatch.context() as patch:
        patch.setattr(crm, "set_address", _away)
        says(office, mail, "yes")
        office.work()
        assert address(office) == MARIJKE

        assert allowed(program.consents(email=NEW)) == allowed(before)
        assert set(because(program.consents(email=MARIJKE)).values()) == {"unknown"}
        assert set(because(program.consents(ref="crm:1")).values()) == {"unknown"}
        one_click(office, token_of(office, NEW))
        assert because(program.consents(email=NEW))["newsletter"] == "stopped"
    for _ in range(4):
        office.clock.advance(minutes=20)
        office.work()
    assert address(office) == NEW
    assert because(program.consents(email=NEW))["newsletter"] == "stopped"
    assert set(because(program.consents(email=MARIJKE)).values()) == {"unknown"}
    assert allowed(program.consents(ref="crm:1")) == allowed(program.consents(email=NEW))


def test_so_it_is_while_one_that_was_taken_back_has_not_reached_the_system(
    office: Office, program: Program, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = allowed(program.consents(email=MARIJKE))
    mail, _ = changed(office)
    monkeypatch.setattr(crm, "set_address", _away)
    says(office, mail, "back")
    office.work()
    assert address(office) == NEW

    assert allowed(program.consents(email=MARIJKE)) == before
    assert set(because(program.consents(email=NEW)).values()) == {"unknown"}


def test_the_old_address_would_get_mail_and_the_new_none_and_fails_without_knowing_of_the_move(
    office: Office, program: Program, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = pending(office)
    monkeypatch.setattr(crm, "set_address", _away)
    monkeypatch.setattr(Moves, "of", lambda *_: UnderWay(frozenset(), {}))
    says(office, mail, "yes")
    office.work()
    with pytest.raises(AssertionError):
        assert set(because(program.consents(email=MARIJKE)).values()) == {"unknown"}
    with pytest.raises(AssertionError):
        assert allowed(program.consents(email=NEW))["newsletter"]


def test_a_system_that_does_not_answer_makes_the_new_address_uncertain(
    office: Office, program: Program, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = pending(office)
    monkeypatch.setattr(crm, "set_address", _away)
    says(office, mail, "yes")
    office.work()
    monkeypatch.setattr(crm, "read", _away)
    answer = program.consents(email=NEW)
    assert answer["away"] == ["crm"]
    assert set(because(answer).values()) == {"uncertain"}


def test_a_site_that_looks_into_none_of_her_systems_hears_nothing_of_it(
    start_office: StartOffice,
) -> None:
    office = start_office(
        adapters={"shop": SHOP},
        sites={0: {"adapters": ["crm", "shop"]}, 1: {"adapters": ["shop"]}},
    )
    other = Program(office, Scope.FEED_READ, site="other")
    hers = Program(office, Scope.FEED_READ)
    changed(office)
    assert [one["kind"] for one in entries(hers)] == ["address_changed"]
    assert entries(other) == []


def test_what_a_link_in_older_mail_stops_is_told_under_the_new_address(
    office: Office, program: Program
) -> None:
    in_older_mail = token_of(office)
    changed(office)
    one_click(office, in_older_mail)
    office.work()
    assert [(one["kind"], one["email"]) for one in entries(program)] == [
        ("address_changed", MARIJKE),
        ("withdrawn", NEW),
    ]


def test_an_erasure_that_waited_is_told_under_the_address_that_is_hers_by_then(
    office: Office, program: Program
) -> None:
    """Who put the new one in place of the old would find nobody to delete; or somebody else."""
    mail = pending(office)
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase", when="later")
    office.work()
    says(office, mail, "yes")
    office.work()
    office.clock.advance(hours=48, seconds=1)
    office.work()
    found = [(one["kind"], one["email"]) for one in entries(program)]
    assert ("erasure_waits", MARIJKE) in found
    assert found[-2:] == [("address_changed", MARIJKE), ("erasure", NEW)]


def test_where_nothing_was_told_of_another_address_the_old_one_goes_on_to_be_told(
    start_office: StartOffice,
) -> None:
    """A site that looks into systems in which she is not held."""
    shop = {**SHOP, "consents": {"newsletter": {"column": "restricted"}}}
    office = start_office(
        adapters={"shop": shop},
        sites={0: {"adapters": ["crm", "shop"]}, 1: {"adapters": ["shop"]}},
    )
    other = Program(office, Scope.FEED_READ, site="other")
    in_older_mail = token_of(office)
    changed(office)
    one_click(office, in_older_mail)
    assert [(one["kind"], one["email"]) for one in entries(other)] == [("withdrawn", MARIJKE)]


# --- one of several people -----------------------------------------------------------------------


def wim(office: Office) -> str:
    (row,) = office.crm("SELECT id FROM contacts WHERE customer_number = ?", WIM)
    return f"crm:{row['id']}"


def test_what_one_of_several_asks_for_is_told_as_that_with_the_records_that_are_his(
    office: Office, program: Program
) -> None:
    his = wim(office)
    visitor = come_in(office, WIM)
    restrict(visitor)
    token = visitor.get("/me/restrict").fields["csrf_token"]
    visitor.post("/me/restrict", csrf_token=token, on="no")
    give(visitor, "newsletter", "no")
    give(visitor, "newsletter", "yes")
    erase_wim(office)
    office.work()

    found = entries(program)
    assert {one["email"] for one in found} == {SHARED}
    assert [(one["kind"], one["what"], one["purposes"], one["refs"]) for one in found] == [
        ("one_of_several", "restricted", [], [his]),
        ("one_of_several", "restriction_lifted", [], [his]),
        ("withdrawn", None, ["newsletter"], None),
        ("one_of_several", "given", ["newsletter"], [his]),
        ("one_of_several", "erasure", [], [his]),
    ]


def give(visitor: Any, purpose: str, granted: str) -> None:
    token = visitor.get("/me/consents").fields["csrf_token"]
    answer = visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)
    assert answer.status == 303, answer.text


def test_an_erasure_of_one_of_several_that_waited_is_told_again_with_his_records(
    office: Office, program: Program
) -> None:
    his = wim(office)
    erase_wim(office, "later")
    office.clock.advance(hours=48, seconds=1)
    office.work()

    found = [one for one in told(program) if one[1] in {"erasure_waits", "erasure"}]
    assert found == [
        ("one_of_several", "erasure_waits", None, [his]),
        ("one_of_several", "erasure", None, [his]),
    ]


def test_who_is_told_of_one_of_several_can_ask_what_stands_for_each(
    office: Office, program: Program
) -> None:
    (annelies,) = office.crm("SELECT id FROM contacts WHERE customer_number = ?", ANNELIES)
    his, hers = wim(office), f"crm:{annelies['id']}"
    erase_wim(office)
    office.work()
    assert set(because(program.consents(ref=his)).values()) <= {"erased", "unknown"}
    assert any(allowed(program.consents(ref=hers)).values())
    assert any(allowed(program.consents(email=SHARED)).values())


# --- what a later version has written ------------------------------------------------------------


def test_an_entry_of_a_kind_that_only_a_later_version_knows_is_no_fault_and_not_passed_over(
    office: Office, program: Program
) -> None:
    """After a downgrade: whoever is behind it begins again, as if it were over."""
    start = program.get("/feed", query_string={"after": "now"}).json["cursor"]
    WITHDRAWAL.ask(office.visitor().sign_in(office))
    for kind in ("moved_to_mars", "one:moved_to_mars"):
        with office.database.unit("test") as unit:
            unit.session.query(FeedEntry).one().kind = kind
            unit.commit()
        found = program.get("/feed", query_string={"after": start})
        assert (found.status, found.code) == (410, "missed")
    now = program.get("/feed", query_string={"after": "now"}).json["cursor"]
    assert program.get("/feed", query_string={"after": now}).status == 200


def _away(*_args: object, **_more: object) -> None:
    raise Unreachable("no answer")
