"""N1: confirmed, not assumed. Whatever a CRM answers, what counts is what is read back."""

import pytest

from portal.adapters.contract import Adapter
from portal.rights.deeds import deciding, doing, ended
from portal.store.tables import Alarm
from portal.sync.alarms import open_alarms
from tests.portals import MARIJKE, Office, Visitor, logged
from tests.rights.wishes import CORRECTION, DONE, ERASURE, PHONE, WISHES, Wish

every_wish = pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)


@pytest.fixture
def crm(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def alarms(office: Office) -> list[Alarm]:
    with office.database.reading() as db:
        return open_alarms(db)


def let_the_crm_lie(crm: Adapter, wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers 200 and keeps the row."""
    monkeypatch.setattr(crm, wish.call, wish.answers(crm))


def asked_for(office: Office, wish: Wish) -> tuple[Visitor, str]:
    visitor = wish.signed_in(office)
    place = wish.ask(visitor)
    office.work()
    return visitor, place


def assert_called_not_confirmed(
    office: Office, visitor: Visitor, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What N1 asks for: on the page, of the request, and for the operator."""
    page = visitor.get(place)
    assert '<span class="tag bad">not confirmed</span>' in page.text
    assert DONE not in page.text
    assert "data-poll" in page.text, "the request stays open"
    (alarm,) = alarms(office)
    assert (alarm.kind, alarm.adapter) == ("not_confirmed", "crm")
    assert place.endswith(alarm.request_id or "-")
    assert "answered well and kept the old" in logged(caplog)
    for told in (logged(caplog), str(alarm.facts), alarm.key):
        assert PHONE not in told
        assert MARIJKE not in told


@every_wish
def test_n1_a_crm_that_answers_well_and_keeps_the_row_is_not_confirmed_and_alarms(
    office: Office,
    crm: Adapter,
    wish: Wish,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    let_the_crm_lie(crm, wish, monkeypatch)
    visitor, place = asked_for(office, wish)

    assert_called_not_confirmed(office, visitor, place, caplog)
    assert not wish.holds(office)


@every_wish
def test_n1_it_is_tried_again_and_the_alarm_counts_and_clears_by_itself_when_it_reads_back(
    office: Office, crm: Adapter, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lies:
        let_the_crm_lie(crm, wish, lies)
        visitor, place = asked_for(office, wish)
        office.clock.advance(minutes=1)
        office.work()
        (alarm,) = alarms(office)
        assert alarm.times == 2, "one alarm, however often"
    office.clock.advance(minutes=5)
    office.work()

    assert DONE in visitor.get(place).text
    assert alarms(office) == []
    assert wish.holds(office)


def test_n1_what_somebody_did_by_hand_meanwhile_is_read_back_and_confirmed(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_the_crm_lie(crm, CORRECTION, monkeypatch)
    visitor, place = asked_for(office, CORRECTION)
    office.crm("UPDATE contacts SET phone = ? WHERE id = 1", PHONE)
    office.clock.advance(minutes=1)
    office.work()

    assert DONE in visitor.get(place).text
    assert alarms(office) == []


def switch_off_the_read_back(crm: Adapter, wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    if wish is ERASURE:
        monkeypatch.setattr(crm, "erased", lambda _ref: True)
        return
    real = ended.by_read_back
    for deed in (doing, deciding):
        monkeypatch.setattr(deed, "by_read_back", lambda outcomes, _left: real(outcomes, []))


@every_wish
def test_n1_control_without_the_read_back_the_check_above_fails(
    office: Office,
    crm: Adapter,
    wish: Wish,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    let_the_crm_lie(crm, wish, monkeypatch)
    switch_off_the_read_back(crm, wish, monkeypatch)
    visitor, place = asked_for(office, wish)

    with pytest.raises(AssertionError):
        assert_called_not_confirmed(office, visitor, place, caplog)
