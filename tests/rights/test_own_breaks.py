"""Item 8: a break that the CRM keeps by itself: until its date, and ended by any decision."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.adapters.contract import Record, Ref
from portal.adapters.sql import SqlAdapter
from portal.rights.mailings import pause_over
from portal.store.tables import Recall
from tests.footers import HENDRIK, one_click, rights, token_of
from tests.less_and_pause import begin, by_link, pass_months
from tests.mailings import decide, decided, undo
from tests.portals import MARIJKE, Office, StartOffice, Visitor
from tests.programs import Program, allowed, because
from tests.recovering import Recovering

COLUMN = "ALTER TABLE subscriptions ADD COLUMN paused_until DATE"
PAUSES = {"newsletter": {"pause": "paused_until"}}
DAY = "2026-04-02"
SECOND: dict[str, Any] = {
    "adapter": "sql",
    "label": {"nl": "Mail", "en": "Mail"},
    "location": {"entity": "Somebody", "hosting": "NL"},
    "url": "sqlite:///crm.sqlite",
    "table": "contacts",
    "email": "email",
    "consents": {"newsletter": {"column": "restricted"}},
}


def start(start_office: StartOffice, **adapters: Any) -> Office:
    crm = {"consents": PAUSES, **adapters.pop("crm", {})}
    office = start_office(adapters={"crm": crm, **adapters})
    office.crm(COLUMN)
    file = office.settings.instance / "portal.toml"  # for the commands, which read it
    often = 'frequency = { column = "every"'
    text = file.read_text("utf-8").replace(often, f'pause = "paused_until"\n{often}')
    file.write_text(text, "utf-8")
    return office


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return start(start_office)


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def rows(office: Office, email: str = MARIJKE) -> list[dict[str, Any]]:
    return office.crm(
        "SELECT subscriptions.* FROM subscriptions JOIN contacts ON contacts.id = contact_id "
        "WHERE email = ? AND mailing = 'newsletter' ORDER BY contact_id",
        email,
    )


def is_on(office: Office) -> tuple[int, str | None]:
    (row,) = rows(office)
    return row["active"], row["paused_until"]


def newsletter(office: Office) -> tuple[bool, str | None]:
    """May it be sent now, and why not, as a program is told."""
    told = Program(office, Scope.CONSENTS_READ).consents(email=MARIJKE)
    return allowed(told)["newsletter"], because(told)["newsletter"]


def to_its_day(office: Office) -> None:
    office.clock.now = datetime(2026, 4, 2, 2, tzinfo=UTC)
    office.work()


def test_item_8_the_break_is_a_date_in_the_crm_and_read_back(
    office: Office, marijke: Visitor
) -> None:
    (before,) = rows(office)
    assert newsletter(office) == (True, None)
    place = begin(marijke).location
    assert newsletter(office) == (False, "stopped"), "before it has reached the system"
    office.work()
    assert rows(office) == [{**before, "paused_until": DAY}]
    assert "Yes, it is done." in marijke.get(place).text
    assert "You take a break, until 2 April 2026." in marijke.get("/me/consents").text
    assert newsletter(office) == (False, "stopped")


def test_item_8_it_goes_on_by_itself_and_the_record_says_so(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    office.work()
    office.clock.now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    office.work()
    assert newsletter(office) == (False, "stopped")
    to_its_day(office)
    assert newsletter(office) == (True, None)
    assert [(one.granted, one.source) for one in decided(office)] == [
        (False, "portal"),
        (True, "portal:break-over"),
    ]
    assert is_on(office)[0] == 1
    with office.database.reading() as db:
        assert db.query(Recall).filter(Recall.purpose == "pause").count() == 0


def test_item_8_what_was_off_stays_off_and_only_what_is_on_is_paused(office: Office) -> None:
    office.crm(
        "INSERT INTO subscriptions (contact_id, mailing, active) VALUES (4, 'newsletter', 0)"
    )
    before = rows(office, HENDRIK)
    assert sorted(row["active"] for row in before) == [0, 1]
    by_link(office, "pause", HENDRIK, months="1")
    office.work()
    paused = [{**row, "paused_until": DAY if row["active"] else None} for row in before]
    assert rows(office, HENDRIK) == paused
    to_its_day(office)
    assert [row["active"] for row in rows(office, HENDRIK)] == [row["active"] for row in before]


def test_item_8_an_undo_leaves_the_row_as_it_was(office: Office, marijke: Visitor) -> None:
    before = rows(office)
    place = begin(marijke).location
    office.work()
    undo(marijke, place)
    office.work()
    assert rows(office) == before
    assert newsletter(office) == (True, None)


def test_item_8_a_yes_ends_it_early(office: Office, marijke: Visitor) -> None:
    begin(marijke)
    office.work()
    office.clock.advance(days=3)
    again = office.visitor().sign_in(office)
    decide(again, "newsletter", "yes")
    office.work()
    assert is_on(office) == (1, None)
    assert newsletter(office) == (True, None)
    to_its_day(office)
    assert [one.granted for one in decided(office)] == [False, True]


@pytest.mark.parametrize("waits", [True, False])
def test_item_8_a_stop_during_it_is_a_stop(office: Office, marijke: Visitor, waits: bool) -> None:
    """Also when the break has not even reached the CRM yet."""
    begin(marijke)
    if not waits:
        office.work()
    office.clock.advance(minutes=1)
    one_click(office, token_of(office))
    office.work()
    assert is_on(office) == (0, None)
    pass_months(office, 2)
    assert is_on(office) == (0, None)
    assert newsletter(office) == (False, "stopped")
    assert rights(office) == ["withdraw", "withdraw"]


def test_item_8_an_erasure_during_it_ends_it(office: Office, marijke: Visitor) -> None:
    begin(marijke)
    office.work()
    office.clock.advance(hours=1)
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase", when="later")
    office.work()
    assert is_on(office) == (0, None), "before anything is deleted"
    to_its_day(office)
    assert [one.granted for one in decided(office) if one.purpose == "newsletter"] == [False] * 2


def test_item_8_who_was_turned_off_in_the_crm_meanwhile_stays_off(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    office.work()
    office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 1")
    to_its_day(office)
    assert is_on(office)[0] == 0
    assert [one.granted for one in decided(office)] == [False]
    assert newsletter(office) == (False, "stopped")


def test_item_8_a_break_that_the_crm_began_is_shown_obeyed_and_can_be_stopped(
    office: Office, marijke: Visitor
) -> None:
    office.crm("UPDATE subscriptions SET paused_until = ? WHERE mailing = 'newsletter'", DAY)
    page = marijke.get("/me/consents").text
    assert "You take a break, until 2 April 2026. Then you get it again" in page
    assert newsletter(office) == (False, "stopped")
    decide(marijke, "newsletter", "no")
    office.work()
    assert is_on(office) == (0, None)


def test_item_8_where_only_one_of_two_systems_can_the_portal_does_it(
    start_office: StartOffice,
) -> None:
    office = start(start_office, second=SECOND)
    office.crm("UPDATE contacts SET restricted = 1 WHERE id = 1")
    office.crm("UPDATE contacts SET restricted = 0 WHERE id = 1")
    begin(office.visitor().sign_in(office))
    office.work()
    assert is_on(office) == (0, None)
    pass_months(office)
    assert is_on(office) == (1, None)


def test_item_8_a_system_that_wants_her_word_first_does_not_go_on_by_itself(
    start_office: StartOffice,
) -> None:
    office = start(start_office, crm={"restart": "ask"})
    begin(office.visitor().sign_in(office))
    office.work()
    assert is_on(office) == (0, None)
    pass_months(office)
    assert is_on(office) == (0, None)


def test_item_8_a_back_up_of_the_crm_that_knows_of_the_break_brings_no_mail_after_a_stop(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = start(start_office)
    recovering = Recovering(office, monkeypatch)
    begin(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(hours=1)
    since = office.clock()
    office.clock.advance(hours=1)
    with recovering.crm_put_back():
        one_click(office, token_of(office))
        office.work()
        assert is_on(office) == (0, None)
    assert is_on(office) == (1, DAY)
    assert recovering.replay(since)["withdrawals"] == 1
    assert is_on(office) == (0, None)


def test_item_8_a_back_up_from_before_the_break_is_stopped_until_its_day(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = start(start_office)
    recovering, since = Recovering(office, monkeypatch), office.clock()
    office.clock.advance(hours=1)
    with recovering.crm_put_back():
        begin(office.visitor().sign_in(office))
        office.work()
    assert is_on(office) == (1, None)
    assert recovering.replay(since)["withdrawals"] == 1
    assert is_on(office)[0] == 0
    to_its_day(office)
    assert is_on(office) == (1, None)


def test_item_8_it_gives_back_what_was_stopped_there_without_the_look_at_it(
    office: Office, marijke: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the portal's own look, what somebody turned off would come on again."""
    monkeypatch.setattr(pause_over, "_goes_on", lambda *_: True)
    begin(marijke)
    office.work()
    office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 1")
    to_its_day(office)
    assert is_on(office)[0] == 1


def test_item_8_a_break_that_somebody_made_longer_in_the_crm_goes_on_until_then(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    office.work()
    office.crm("UPDATE subscriptions SET paused_until = '2026-12-01' WHERE contact_id = 1")
    to_its_day(office)
    assert is_on(office) == (1, "2026-12-01")
    assert newsletter(office) == (False, "stopped")
    page = office.visitor().sign_in(office).get("/me/consents").text
    assert "You take a break, until 1 December 2026." in page


def test_item_8_a_longer_break_counts_where_a_shorter_one_stands_still(
    office: Office, marijke: Visitor
) -> None:
    """Her "yes" in between never reached the CRM: the break overtook it."""
    begin(marijke)
    office.work()
    office.clock.advance(hours=1)
    decide(office.visitor().sign_in(office), "newsletter", "yes")
    by_link(office, "pause", months="3")
    office.work()
    assert is_on(office) == (1, "2026-06-02")


def test_item_8_a_back_up_with_a_shorter_break_is_stopped_until_the_end_of_the_longer(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = start(start_office)
    recovering = Recovering(office, monkeypatch)
    begin(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(hours=1)
    since = office.clock()
    office.clock.advance(hours=1)
    with recovering.crm_put_back():
        decide(office.visitor().sign_in(office), "newsletter", "yes")
        office.work()
        office.clock.advance(hours=1)
        begin(office.visitor().sign_in(office), "3")
        office.work()
        assert is_on(office) == (1, "2026-06-02")
    assert is_on(office) == (1, DAY)
    assert recovering.replay(since)["withdrawals"] == 1
    to_its_day(office)
    assert is_on(office)[0] == 0
    office.clock.now = datetime(2026, 6, 2, 2, tzinfo=UTC)
    office.work()
    assert is_on(office)[0] == 1


def test_item_8_a_break_that_is_over_and_gave_nothing_back_is_not_told_as_one_that_runs(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    office.work()
    office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 1")
    to_its_day(office)
    page = office.visitor().sign_in(office).get("/me/consents").text
    assert "You take a break" not in page
    assert "You took a break until 2 April 2026. After that it has not started again." in page


def test_item_8_a_pause_with_an_older_date_is_no_older_no(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system may tell since when somebody is on also while it pauses that."""
    office.crm(
        "INSERT INTO subscriptions (contact_id, mailing, active) VALUES (4, 'newsletter', 1)"
    )
    (first, second) = rows(office, HENDRIK)
    office.crm(
        "UPDATE subscriptions SET paused_until = ? WHERE mailing = 'newsletter' AND contact_id = ?",
        DAY,
        first["contact_id"],
    )
    office.crm(
        "UPDATE subscriptions SET changed_at = '2024-01-01 12:00:00' "
        "WHERE mailing = 'newsletter' AND contact_id = ?",
        second["contact_id"],
    )
    real = SqlAdapter.read

    def told_since(crm: SqlAdapter, ref: Ref) -> Record | None:
        record = real(crm, ref)
        if record is None or not record.consents["newsletter"].paused_until:
            return record
        state = replace(record.consents["newsletter"], at=datetime(2020, 1, 1, tzinfo=UTC))
        return replace(record, consents={**record.consents, "newsletter": state})

    monkeypatch.setattr(SqlAdapter, "read", told_since)
    told = Program(office, Scope.CONSENTS_READ).consents(email=HENDRIK)
    assert because(told)["newsletter"] == "stopped"


def test_item_8_a_portal_that_has_forgotten_the_break_leaves_the_mailing_stopped(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal tells of a stop, and not until when."""
    recovering = Recovering(start(start_office), monkeypatch)
    office = recovering.office
    backup = str(office.settings.instance / "portal.backup")
    assert recovering.run("backup", backup).exit_code == 0
    office.clock.advance(minutes=1)
    begin(office.visitor().sign_in(office))
    office.work()
    assert is_on(office) == (1, DAY)
    office.close()
    recovering.run("restore", backup, "--yes")
    recovering.start_again()
    recovering.told("replay", "--journal")
    recovering.office.work()
    assert is_on(recovering.office) == (0, None)
    pass_months(recovering.office)
    assert is_on(recovering.office) == (0, None)
