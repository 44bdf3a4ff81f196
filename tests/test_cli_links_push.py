"""`portal links --push`: each field of the CRM for a link holds the one that belongs there."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal.adapters.contract import LinkToSet, RateLimited, Refused, Unreachable
from portal.adapters.sql import SqlAdapter
from portal.adapters.sql import linking as sql_linking
from portal.cli import commands
from portal.composition.linking import fill_links, minting_of, pushing_over
from portal.rights.lasting.pushed import Pushed
from portal.rights.lasting.pushing import TRIES, Pushing
from portal.store.tables import Delivery, LedgerEntry
from portal.sync.gates import TRIPS_AT
from portal.sync.passing import LeftAlone, Passing
from tests.footers import HENDRIK, one_click, subscriptions, token_of
from tests.movings import NEW, pending, says
from tests.portals import MARIJKE, ORIGIN, Office, StartOffice
from tests.rights.test_several_people import SHARED, WIM, come_back, erase_wim
from tests.rights.wishes import CORRECTION, ERASURE

BOTH = ("newsletter", "workshops")
ELSEWHERE: dict[str, Any] = {
    "adapter": "sql",
    "label": {"nl": "Elders", "en": "Elsewhere"},
    "location": {"entity": "Somebody", "hosting": "NL"},
    "url": "sqlite:///crm.sqlite",
    "table": "contacts",
    "email": "email",
}


def push(office: Office, *arguments: str) -> Result:
    found = CliRunner().invoke(
        commands, ["--instance", str(office.settings.instance), "links", "--push", *arguments]
    )
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def pushed(office: Office, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What it tells a script of the one CRM."""
    found = push(office, "--site", "demo", "--json", *arguments)
    assert found.exit_code == code, found.output
    (one,) = json.loads(found.stdout)["adapters"]
    assert isinstance(one, dict)
    return one


def counts(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is nothing."""
    return {name: one for name, one in told.items() if one and name not in {"adapter", "records"}}


def fields(office: Office, email: str = MARIJKE) -> list[tuple[str | None, str | None]]:
    rows = office.crm("SELECT * FROM contacts WHERE email = ? ORDER BY id", email)
    return [(row["stop_newsletter"], row["stop_workshops"]) for row in rows]


def links_of(office: Office, email: str = MARIJKE) -> tuple[str, str]:
    made = [f"{ORIGIN}/u/{token_of(office, email, mailing)}" for mailing in BOTH]
    return made[0], made[1]


def states(office: Office) -> list[str]:
    with office.database.reading() as db:
        return [row.state for row in db.query(Delivery)]


def everything(office: Office) -> list[dict[str, Any]]:
    """All that the CRM holds of anybody, but for the links."""
    rows = office.crm("SELECT * FROM contacts ORDER BY id")
    return [
        {name: row[name] for name in row.keys() if not name.startswith("stop_")}  # noqa: SIM118
        for row in rows
    ]


def test_every_field_gets_its_link_and_nothing_else_is_changed(office: Office) -> None:
    before = everything(office)

    found = push(office, "--site", "demo")

    assert found.exit_code == 0, found.output
    assert everything(office) == before, "a version, a time or something else was changed"
    assert fields(office) == [links_of(office)]
    assert fields(office, HENDRIK) == [links_of(office, HENDRIK)] * 2
    assert "links written" in found.output
    token = links_of(office)[0].rpartition("/")[2]
    assert one_click(office, token).status == 200
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 0


def test_a_second_run_writes_nothing_and_a_later_one_what_is_new_or_differs(
    office: Office,
) -> None:
    count = pushed(office)["written"]
    assert counts(pushed(office)) == {"already": count}

    office.crm("UPDATE contacts SET stop_newsletter = 'https://x.example' WHERE id = 1")
    office.crm(
        "INSERT INTO contacts (id, email, language, source, updated_at) "
        "VALUES (900, 'new@example.org', 'nl', 'import', '2026-03-02 12:00:00')"
    )
    assert counts(pushed(office)) == {"already": count - 1, "written": 3}
    assert fields(office) == [links_of(office)]
    assert fields(office, "new@example.org") == [links_of(office, "new@example.org")]


def test_a_run_that_was_killed_is_gone_on_with(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = pushed(office, "--dry-run")["written"]
    assert fields(office) == [(None, None)]
    real = sql_linking.set_links
    calls: list[int] = []

    class Killed(BaseException):
        """Nothing of the program's own goes on after it."""

    def dies(connection: Any, schema: Any, links: Sequence[LinkToSet]) -> Any:
        calls.append(len(links))
        if len(calls) == 3:
            real(connection, schema, links)
            raise Killed  # before the commit
        return real(connection, schema, links)

    monkeypatch.setattr(sql_linking, "set_links", dies)
    (adapter,) = office.portal.adapters.values()
    few = replace(adapter.capabilities, links_at_once=5)
    monkeypatch.setattr(adapter, "capabilities", few)
    with pytest.raises(Killed):
        _here(office)
    monkeypatch.setattr(sql_linking, "set_links", real)

    assert calls == [5, 5, 5]
    assert counts(pushed(office)) == {"already": 10, "written": count - 10}


def _here(office: Office, passing: Passing | None = None, dry_run: bool = False) -> Pushed:
    """The same run without the command around it."""
    portal = office.portal
    pushing: Pushing = pushing_over(portal)
    if passing is not None:
        pushing._passing = passing
    (adapter,) = portal.adapters.values()
    mintings = {one: minting_of(portal, "demo", one) for one in BOTH}
    return pushing.push(
        adapter, "demo", mintings, expected=None, dry_run=dry_run, progress=lambda _seen: None
    )


def test_only_one_mailing_where_one_is_named(office: Office) -> None:
    pushed(office, "--mailing", "workshops")
    assert fields(office) == [(None, links_of(office)[1])]


def test_a_run_is_noted_with_its_counts_alone(office: Office) -> None:
    told = pushed(office)
    with office.database.reading() as db:
        (noted,) = db.query(LedgerEntry).filter_by(event="links_pushed")
        assert noted.facts == {
            "adapter": "crm",
            "site": "demo",
            "records": told["records"],
            "written": told["written"],
            "taken_away": 0,
        }


# --- who gets none, and who gets another one -----------------------------------------------------


def test_who_is_erased_has_no_link_left_and_gets_none_when_an_import_brings_her_back(
    office: Office,
) -> None:
    pushed(office)
    ERASURE.ask(ERASURE.signed_in(office))
    office.work()
    (row,) = office.crm("SELECT * FROM contacts WHERE id = 1")
    assert (row["email"], row["stop_newsletter"], row["stop_workshops"]) == (None, None, None)

    stale = links_of(office)[0]
    office.crm("UPDATE contacts SET email = ?, stop_newsletter = ? WHERE id = 1", MARIJKE, stale)
    told = pushed(office)
    assert (told["suppressed"], told["taken_away"], told["written"]) == (1, 1, 0)
    assert fields(office) == [(None, None)]


def test_who_was_erased_and_came_back_by_an_opt_in_of_her_own_gets_a_link(office: Office) -> None:
    ERASURE.ask(ERASURE.signed_in(office))
    office.work()
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", MARIJKE)
    office.crm(
        "INSERT INTO subscriptions (contact_id, mailing, active, changed_at) "
        "VALUES (1, 'newsletter', 1, '2026-03-02 13:05:00.000000')"
    )
    office.clock.advance(days=1)
    assert _here(office).suppressed == 0
    assert fields(office) == [links_of(office)]


def test_of_two_people_under_one_address_the_one_who_stays_keeps_the_link(
    office: Office,
) -> None:
    pushed(office)
    before = office.crm("SELECT * FROM contacts WHERE customer_number = ?", WIM)[0]
    erase_wim(office)
    office.work()
    come_back(office, before, 9003)

    told = pushed(office)

    assert (told["suppressed"], told["taken_away"]) == (1, 2)
    assert fields(office, SHARED) == [links_of(office, SHARED), (None, None)]


def test_a_portal_that_was_restored_and_not_brought_up_to_date_pushes_nothing(
    office: Office,
) -> None:
    """It may have forgotten who was erased."""
    office.settings.journal_file.write_text("what is no journal\n")
    found = push(office, "--site", "demo")
    assert found.exit_code == 1
    assert "the portal is closed" in found.output
    assert fields(office) == [(None, None)]


def test_a_link_of_a_record_without_an_address_is_taken_away(office: Office) -> None:
    pushed(office)
    office.crm("UPDATE contacts SET email = NULL WHERE id = 1")
    office.crm("UPDATE contacts SET email = 'nobody' WHERE id = 2")
    told = pushed(office)
    assert (told["taken_away"], told["unreadable"]) == (4, 1)
    rows = office.crm("SELECT stop_newsletter FROM contacts WHERE id < 3")
    assert [row["stop_newsletter"] for row in rows] == [None, None]


def test_after_a_change_of_address_the_next_run_brings_the_new_link(office: Office) -> None:
    pushed(office)
    says(office, pending(office), "yes")
    office.work()
    row = office.contact(NEW)
    assert row["stop_newsletter"] == links_of(office)[0], "until then the old one, which works"

    assert counts(pushed(office))["written"] == 2
    assert fields(office, NEW) == [links_of(office, NEW)]


def test_after_a_new_key_the_next_run_brings_links_of_that_key(office: Office) -> None:
    count = pushed(office)["written"]
    before = fields(office)
    new = CliRunner().invoke(
        commands, ["--instance", str(office.settings.instance), "links", "--new-key"]
    )
    assert new.exit_code == 0
    assert counts(pushed(office)) == {"written": count}
    assert fields(office) != before


# --- beside what she does herself ----------------------------------------------------------------


def test_a_correction_that_she_had_begun_is_no_conflict_and_keeps_the_link(
    office: Office,
) -> None:
    """What she saw is what counts: before she presses, and between pressing and delivery."""
    visitor = CORRECTION.signed_in(office)
    pushed(office)
    CORRECTION.ask(visitor)
    office.crm("UPDATE contacts SET stop_newsletter = NULL")
    pushed(office)
    office.work()
    assert CORRECTION.holds(office)
    assert fields(office) == [links_of(office)]
    assert states(office) == ["confirmed"]


# --- a system that is in trouble, or is to be left alone -----------------------------------------


def test_a_paused_system_is_left_alone(office: Office) -> None:
    with office.database.unit("test") as unit:
        office.portal.gates.pause(unit.session, "crm", "operator", office.clock())
        unit.commit()
    found = push(office, "--site", "demo")
    assert found.exit_code == 1
    assert "crm is paused" in found.output
    assert fields(office) == [(None, None)]


def test_a_shadow_is_kept_and_what_would_be_is_counted(start_office: StartOffice) -> None:
    office = start_office(adapters={"crm": {"shadow_until": "2999-01-01"}})
    done = _here(office)
    assert done.in_shadow
    assert done.written == _here(office, dry_run=True).written > 2
    assert fields(office) == [(None, None)]
    with office.database.reading() as db:
        assert not db.query(LedgerEntry).filter_by(event="links_pushed").count()


def test_a_system_that_is_away_ends_the_run_and_is_counted_by_its_breaker(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unreachable("it does not answer")

    monkeypatch.setattr(SqlAdapter, "set_links", away)
    with pytest.raises(Unreachable):
        _here(office)
    with office.database.reading() as db:
        state = office.portal.gates.state_of(db, "crm")
        assert state is not None
        assert state.failures == 1
    monkeypatch.undo()
    _here(office)
    with office.database.reading() as db:
        state = office.portal.gates.state_of(db, "crm")
        assert state is not None
        assert state.failures == 0


def test_what_was_written_before_a_system_went_away_is_noted_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = SqlAdapter.set_links, list[int]()

    def leaves(crm: SqlAdapter, links: Sequence[LinkToSet], *, key: str) -> Any:
        calls.append(len(links))
        if len(calls) == 3:
            raise Unreachable("it does not answer")
        return real(crm, links, key=key)

    monkeypatch.setattr(SqlAdapter, "set_links", leaves)
    (adapter,) = office.portal.adapters.values()
    few = replace(adapter.capabilities, links_at_once=5)
    monkeypatch.setattr(adapter, "capabilities", few)
    with pytest.raises(Unreachable):
        _here(office)
    with office.database.reading() as db:
        (noted,) = db.query(LedgerEntry).filter_by(event="links_pushed")
        assert noted.facts["written"] == 10


def test_the_demo_fills_no_field_of_a_system_that_the_site_does_not_see(
    start_office: StartOffice,
) -> None:
    """A link of that site would stop nothing there."""
    office = start_office(sites={1: {"adapters": ["elsewhere"]}}, adapters={"elsewhere": ELSEWHERE})
    fill_links(office.portal, "other")
    assert fields(office) == [(None, None)]
    fill_links(office.portal, "demo")
    assert fields(office) == [links_of(office)]


def test_a_system_that_asks_for_patience_gets_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waits, calls = SqlAdapter.set_links, list[float](), list[int]()

    def busy(crm: SqlAdapter, links: Sequence[LinkToSet], *, key: str) -> Any:
        calls.append(len(links))
        if len(calls) == 1:
            raise RateLimited("not so fast", 7.0)
        return real(crm, links, key=key)

    def wait(seconds: float) -> None:
        waits.append(seconds)
        office.clock.advance(seconds=seconds)

    monkeypatch.setattr(SqlAdapter, "set_links", busy)
    portal = office.portal
    passing = Passing(portal.database, portal.gates, office.clock, wait)
    done = _here(office, passing)
    assert waits == [7.0]
    assert done.written == calls[0] == calls[1]

    with office.database.unit("test") as unit:
        state = portal.gates.state_of(unit.session, "crm")
        assert state is not None
        state.held_until = office.clock().replace(year=2999)
        unit.commit()
    with pytest.raises(LeftAlone, match="start this again later"):
        passing.enter("crm")


def test_a_system_that_goes_on_asking_for_patience_ends_the_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each night one more command would wait beside those of the nights before."""
    waits = list[float]()

    def busy(_crm: SqlAdapter, _links: Sequence[LinkToSet], *, key: str) -> Any:
        assert len(waits) < 100, key
        raise RateLimited("not so fast", 5.0)

    def wait(seconds: float) -> None:
        waits.append(seconds)
        office.clock.advance(seconds=seconds)

    monkeypatch.setattr(SqlAdapter, "set_links", busy)
    portal = office.portal
    with pytest.raises(RateLimited):
        _here(office, Passing(portal.database, portal.gates, office.clock, wait))
    assert waits == [5.0] * (TRIES - 1)


def test_a_link_that_its_field_does_not_take_keeps_no_other_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlAdapter.set_links

    def picky(crm: SqlAdapter, links: Sequence[LinkToSet], *, key: str) -> Any:
        if any(one.seen == HENDRIK for one in links):
            raise Refused("too long")
        return real(crm, links, key=key)

    monkeypatch.setattr(SqlAdapter, "set_links", picky)
    told = pushed(office, code=1)
    assert told["refused"] == 4
    assert fields(office) == [links_of(office)]
    assert fields(office, HENDRIK) == [(None, None)] * 2


def test_what_does_not_take_a_link_has_answered_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was away: each refusal would else wait for the next look whether it is back."""

    def picky(_crm: SqlAdapter, _links: Sequence[LinkToSet], *, key: str) -> Any:
        raise Refused(f"too long: {len(key)}")

    monkeypatch.setattr(SqlAdapter, "set_links", picky)
    portal, waits = office.portal, list[float]()
    with office.database.unit("test") as unit:
        for _ in range(TRIPS_AT):
            portal.gates.unanswered(unit.session, "crm", "unreachable", office.clock())
        unit.commit()
    office.clock.advance(minutes=5)
    done = _here(office, Passing(portal.database, portal.gates, office.clock, waits.append))
    assert done.refused == 2 * done.records
    assert waits == []


def test_what_reads_back_otherwise_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SqlAdapter.read

    def forgets(crm: SqlAdapter, ref: Any) -> Any:
        record = real(crm, ref)
        assert record is not None
        object.__setattr__(record, "links", {})
        return record

    monkeypatch.setattr(SqlAdapter, "read", forgets)
    assert pushed(office, code=1)["unconfirmed"] > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--site: one of demo, other"),
        (("--site", "demo", "--email", MARIJKE), "goes without"),
        (("--site", "demo", "--mailing", "offers"), "no field for the link of offers"),
        (("--site", "demo", "--mailing", "phone"), "no mailing"),
        (("--site", "demo", "--adapter", "x"), "fields for links"),
    ],
)
def test_a_misused_push_says_what_is_missing(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    found = push(office, *arguments)
    assert found.exit_code == 2
    assert told in found.output
