"""Item 8: a break is a stop that gives back, on its day, what was on, if nothing was decided."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest

from portal.consent.sources import Method
from portal.domain.register import Ground
from portal.rights.mailings import pause, pause_over, stop
from portal.rights.mailings.where_on import is_being_stopped
from portal.store.tables import Recall
from tests.footers import HENDRIK, one_click, rights, token_of
from tests.less_and_pause import begin, by_link, pass_months
from tests.mailings import decide, decided, means, send, state, undo
from tests.portals import MARIJKE, Office, StartOffice, Visitor
from tests.recovering import Recovering
from tests.rights.test_stopping_by_link import crm_away

ON = {(1, "newsletter"): 1, (1, "offers"): 1, (1, "workshops"): 1}
OFF = {**ON, (1, "newsletter"): 0}


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def kept(office: Office) -> int:
    with office.database.reading() as db:
        return db.query(Recall).filter(Recall.purpose == "pause").count()


@pytest.mark.parametrize("months", ["1", "2", "3"])
def test_item_8_a_break_stops_now_and_gives_back_on_its_day(
    office: Office, marijke: Visitor, months: str
) -> None:
    place = begin(marijke, months).location
    office.work()
    assert state(office) == OFF
    day = {"1": "2 April 2026", "2": "2 May 2026", "3": "2 June 2026"}[months]
    assert f"This is a break, until {day}." in marijke.get(place).text
    assert f"You take a break, until {day}." in marijke.get("/me/consents").text

    office.clock.now = datetime(2026, 2 + int(months), 28, 12, tzinfo=UTC)
    office.work()
    assert state(office) == OFF, "not before its day"
    mails = len(office.mails())
    office.clock.now = datetime(2026, 3 + int(months), 2, 4, tzinfo=UTC)
    office.work()
    assert state(office) == ON
    assert len(office.mails()) == mails
    assert rights(office) == ["withdraw", "consent"]
    first, last = decided(office)
    assert (first.granted, first.method, first.until is None) == (False, Method.PAGE, False)
    assert (last.granted, last.method, last.source) == (True, Method.PAUSE, "portal:break-over")
    assert kept(office) == 0
    assert "break_over" in office.events()


def test_item_8_the_history_and_the_requests_say_it(office: Office, marijke: Visitor) -> None:
    begin(marijke)
    office.work()
    assert "a break, until 2 April 2026" in marijke.get("/me/consents/history").text
    asked = marijke.get("/me/requests").text
    assert "A break" in asked
    assert "Permission taken back" not in asked
    pass_months(office)
    again = office.visitor().sign_in(office)
    history = again.get("/me/consents/history").text
    assert "by itself, when your break was over" in history
    assert "on again" in history
    asked = again.get("/me/requests").text
    assert "A break that is over" in asked
    assert "Permission given" not in asked


def test_item_8_a_footer_link_begins_a_break_of_every_record_that_is_on(office: Office) -> None:
    before = means(state(office, HENDRIK), (4, 5), ("newsletter",))
    assert sorted(before.values()) == [False, True]
    page = by_link(office, "pause", HENDRIK, months="1")
    assert (page.status, page.heading) == (200, "A break")
    assert "from 2 April 2026 on" in page.text
    assert "hendrik" not in page.text.lower()
    office.work()
    assert not any(on for (_, one), on in state(office, HENDRIK).items() if one == "newsletter")

    pass_months(office)
    after = means(state(office, HENDRIK), (4, 5), ("newsletter",))
    assert after == before, "never more than was on"


def test_c6_a_break_is_taken_back_like_any_stop(office: Office, marijke: Visitor) -> None:
    undo(marijke, begin(marijke).location)
    office.work()
    assert state(office) == ON
    page = by_link(office, "pause", months="1")
    office.work()
    assert office.visitor().submit(page, "/u/undo").heading == "Put back"
    pass_months(office, 2)
    assert state(office) == ON
    assert [one.method for one in decided(office)] == [
        Method.PAGE,
        Method.UNDO,
        Method.FOOTER_LINK,
        Method.UNDO,
    ]


def test_item_8_an_objection_can_be_for_a_while(office: Office, marijke: Visitor) -> None:
    begin(marijke, purpose="offers")
    office.work()
    assert rights(office) == ["object"]
    assert state(office)[1, "offers"] == 0
    pass_months(office)
    assert state(office) == ON


# --- what ends a break ---------------------------------------------------------------------------

Deed = Callable[[Office, Visitor], object]


def _stop_on_the_page(_office: Office, visitor: Visitor) -> object:
    return decide(visitor, "newsletter", "no")


def _stop_everything(_office: Office, visitor: Visitor) -> object:
    return send(visitor, "/me/consents/stop")


def _stop_by_link(office: Office, _visitor: Visitor) -> object:
    return office.visitor().post(f"/u/{token_of(office)}")


def _one_click(office: Office, _visitor: Visitor) -> object:
    return one_click(office, token_of(office))


def _stop_at_once(office: Office, _visitor: Visitor) -> object:
    """Before the break itself was passed on."""
    return one_click(office, token_of(office))


def _in_the_crm(office: Office, _visitor: Visitor) -> object:
    """She calls, and a colleague writes it down."""
    return office.crm(
        "UPDATE subscriptions SET active = 0, source = 'telefoon', changed_at = '2026-03-09' "
        "WHERE contact_id = 1 AND mailing = 'newsletter'"
    )


ENDS: list[Deed] = [_stop_on_the_page, _stop_everything, _stop_by_link, _one_click, _in_the_crm]


@pytest.mark.parametrize("deed", ENDS)
@pytest.mark.parametrize("wait", [True, False])
def test_item_8_what_is_stopped_in_between_stays_stopped(
    office: Office, marijke: Visitor, deed: Deed, wait: bool
) -> None:
    begin(marijke)
    if wait or deed is _in_the_crm:
        office.work()
        office.clock.advance(minutes=11)
    deed(office, marijke)
    office.work()
    pass_months(office)

    assert state(office)[1, "newsletter"] == 0
    assert kept(office) == 0
    assert not any(one.method is Method.PAUSE for one in decided(office))


def test_item_8_the_address_is_forgotten_within_an_hour_of_the_end(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    decide(marijke, "newsletter", "no")
    office.portal.schedule.arm()
    office.clock.advance(minutes=61)
    office.work()

    assert kept(office) == 0


@pytest.mark.parametrize("when", ["now", "later"])
def test_item_8_an_erasure_ends_it_whether_it_is_taken_back_or_not(
    recovering: Recovering, when: str
) -> None:
    office = recovering.office
    begin(office.visitor().sign_in(office))
    office.work()
    visitor = office.visitor().sign_in(office, goal="erase")
    place = visitor.submit(visitor.get("/me/erase"), "/me/erase", when=when).location
    if when == "later":
        visitor.submit(visitor.get(place), f"{place.partition('?')[0]}/keep")
    office.work()
    pass_months(office)

    assert recovering.newsletter() in ([], [0])
    assert recovering.is_there() is (when == "later")
    assert kept(office) == 0


def test_item_8_starting_again_by_hand_ends_it_too(office: Office, marijke: Visitor) -> None:
    begin(marijke)
    office.work()
    decide(marijke, "newsletter", "yes")
    office.work()
    assert state(office) == ON
    decide(marijke, "newsletter", "no")
    office.work()
    pass_months(office, 2)
    assert state(office) == OFF


# --- in trouble ----------------------------------------------------------------------------------


def test_item_8_of_a_system_that_is_away_no_break_is_taken(
    office: Office, marijke: Visitor
) -> None:
    with crm_away(office):
        assert begin(marijke).status == 409
        page = by_link(office, "pause", months="1")
        assert (page.status, page.heading) == (409, "A break is not possible just now")
    assert rights(office) == []
    assert state(office) == ON


def test_item_8_of_what_is_off_no_break_is_taken(office: Office, marijke: Visitor) -> None:
    office.crm("UPDATE subscriptions SET active = 0")
    assert begin(marijke).status == 409
    assert by_link(office, "pause", months="1").status == 409
    begin(office.visitor().sign_in(office), purpose="offers")
    assert rights(office) == []


def test_item_8_a_break_of_a_break_is_none(office: Office, marijke: Visitor) -> None:
    begin(marijke, "1")
    office.work()
    assert begin(marijke, "3").status == 409
    pass_months(office)
    assert state(office) == ON


def test_item_8_a_system_that_is_away_on_the_day_is_waited_for(
    office: Office, marijke: Visitor
) -> None:
    begin(marijke)
    office.work()
    away: AbstractContextManager[None] = crm_away(office)
    with away:
        pass_months(office)
        office.clock.advance(hours=2)
        office.work()
        assert [one.granted for one in decided(office)] == [False]
    office.clock.advance(hours=1)
    office.work()
    assert state(office) == ON
    assert kept(office) == 0


def test_item_8_where_the_system_wants_her_word_she_is_asked_once(
    start_office: StartOffice,
) -> None:
    office = start_office(adapters={"crm": {"restart": "ask"}})
    marijke = office.visitor().sign_in(office)
    begin(marijke)
    office.work()
    assert "Then we ask you once by e-mail" in marijke.get("/me/consents").text
    before = len(office.mails())
    pass_months(office)

    (letter,) = office.mails()[before:]
    assert letter.to == (MARIJKE,)
    assert "Your break is over" in letter.message["Subject"]
    assert "goal=less" in letter.link
    assert state(office) == OFF
    pass_months(office, 3)
    assert len(office.mails()) == before + 1
    assert state(office) == OFF
    assert kept(office) == 0


def test_item_8_after_a_restore_of_the_portal_nothing_starts_that_was_stopped(
    recovering: Recovering,
) -> None:
    """The back-up knows of the break and not of the stop after it: the journal does."""
    office = recovering.office
    begin(office.visitor().sign_in(office))
    office.work()
    office.clock.advance(hours=1)
    backup = str(office.settings.instance / "portal.backup")
    assert recovering.run("backup", backup).exit_code == 0
    office.clock.advance(minutes=1)
    one_click(office, token_of(office))
    office.work()
    office.close()
    recovering.run("restore", backup, "--yes")
    recovering.start_again()
    recovering.told("replay", "--journal")
    recovering.office.work()
    pass_months(recovering.office)

    assert recovering.newsletter() == [0]
    assert not any(one.method is Method.PAUSE for one in decided(recovering.office))


def test_item_8_after_a_restore_of_the_crm_a_break_is_done_again_and_ends_as_it_would(
    recovering: Recovering,
) -> None:
    office = recovering.office
    since = office.clock()
    with recovering.crm_put_back():
        office.clock.advance(minutes=1)
        begin(office.visitor().sign_in(office))
        office.work()
    assert recovering.newsletter() == [1]
    recovering.replay(since)
    office.work()
    assert recovering.newsletter() == [0]
    pass_months(office)
    assert recovering.newsletter() == [1]


# --- controls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "deed"),
    [
        ("here", _one_click),
        ("crm", _in_the_crm),
        ("flight", _stop_at_once),
    ],
)
def test_item_8_fails_without_its_safeguard(
    office: Office, marijke: Visitor, monkeypatch: pytest.MonkeyPatch, off: str, deed: Deed
) -> None:
    if off == "here":
        monkeypatch.setattr(pause_over, "stands", lambda *_: True)
    if off in {"here", "crm"}:
        monkeypatch.setattr(pause_over, "_is_as_paused", lambda *_: True)
    else:
        monkeypatch.setattr(
            stop,
            "_under_way",
            lambda db, subject, standing: is_being_stopped(db, subject, standing.purpose.id, "crm"),
        )
    with pytest.raises(AssertionError):
        test_item_8_what_is_stopped_in_between_stays_stopped(office, marijke, deed, off != "flight")


def test_item_8_only_what_sends_something_has_breaks(office: Office, marijke: Visitor) -> None:
    assert begin(marijke, purpose="partners").status == 400
    assert begin(marijke, "12").status == 400
    assert begin(marijke, "").status == 400
    assert begin(marijke, purpose="nothing").status == 400
    assert by_link(office, "pause", mailing="partners", months="1").status == 400
    assert office.portal.register.purpose("partners").ground is Ground.CONSENT
    assert pause.MONTHS == (1, 2, 3)
