"""Shadow: for the first days of a connection everything is read, and no cell is written."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.adapters.contract import (
    Adapter,
    Change,
    Evidence,
    InShadow,
    Outcome,
    Ref,
    that_pauses,
)
from portal.rights.requests.shadowed import WouldDo, would_have_done
from tests.portals import Office, StartOffice, Visitor
from tests.rights.wishes import CORRECTION, DONE, ERASURE, WITHDRAWAL
from tests.witness import Look, Witness

LAST_DAY = date(2026, 3, 4)
MIDNIGHT = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
"""The end of that day in Amsterdam."""


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return start_office(adapters={"crm": {"shadow_until": LAST_DAY}})


def cells(office: Office) -> Look:
    witness = Witness(f"sqlite:///{office.crm_file}")
    try:
        return witness.look()
    finally:
        witness.close()


def waiting(office: Office) -> list[WouldDo]:
    with office.database.reading() as db:
        return list(would_have_done(db))


def ask_for_everything(office: Office) -> tuple[Visitor, list[str]]:
    """A correction, a withdrawal and an erasure, in this order, of one subscriber."""
    visitor = office.visitor().sign_in(office, goal="erase")
    places = [wish.ask(visitor) for wish in (CORRECTION, WITHDRAWAL, ERASURE)]
    office.work()
    return visitor, places


def test_in_shadow_no_cell_changes_and_she_reads_that_a_person_looks_first(office: Office) -> None:
    before = cells(office)

    visitor, places = ask_for_everything(office)

    assert cells(office) == before
    for place in places:
        page = visitor.get(place)
        assert "one of us looks at it first" in page.text
        assert DONE not in page.text


def test_what_would_have_been_done_is_told_in_codes(office: Office) -> None:
    ask_for_everything(office)

    found = {one.right.value: one for one in waiting(office)}
    assert found["rectify"].calls == [{"do": "write", "fields": ["phone"]}]
    assert found["withdraw"].calls == [
        {"do": "set_consent", "purpose": "newsletter", "granted": False}
    ]
    (erasing,) = found["erase"].calls
    assert erasing["do"] == "erase"
    assert "contact" in erasing["removed"]
    assert erasing["retained"] == ["orders:17(3)(b)"]
    assert {one.due_at for one in found.values()} == {MIDNIGHT}


def test_the_desk_shows_it_until_the_day_has_passed(office: Office) -> None:
    ask_for_everything(office)
    queue = office.portal.services.desk.queue

    view = queue.look()
    assert {one.right.value for one in view.would_do} == {"rectify", "withdraw", "erase"}
    assert [one.shadow_until for one in view.systems if one.adapter == "crm"] == [LAST_DAY]
    office.clock.now = MIDNIGHT
    office.work()
    assert queue.look().would_do == []
    assert not any(one.shadow for one in queue.look().systems)


def test_once_the_day_has_passed_everything_is_done_in_its_order(office: Office) -> None:
    ask_for_everything(office)
    office.clock.now = MIDNIGHT.replace(hour=22, minute=59)
    office.work()
    assert len(waiting(office)) == 3, "the day itself is still in shadow"

    office.clock.now = MIDNIGHT
    office.work()

    assert waiting(office) == []
    assert ERASURE.holds(office)
    assert "dropped" in office.events(), "the correction of what the erasure had overtaken"
    assert office.events()[-1] == "dropped"


def test_a_correction_is_written_after_the_shadow_over_what_she_saw_and_nothing_else(
    office: Office,
) -> None:
    visitor = CORRECTION.signed_in(office)
    place = CORRECTION.ask(visitor)
    office.work()
    office.crm("UPDATE contacts SET phone = '020 1234567' WHERE id = 1")
    office.clock.now = MIDNIGHT
    office.work()

    visitor.sign_in(office)
    assert "your choice, please" in visitor.get(place).text
    assert not CORRECTION.holds(office)


def test_what_somebody_did_by_hand_meanwhile_is_only_read_back(office: Office) -> None:
    visitor = CORRECTION.signed_in(office)
    place = CORRECTION.ask(visitor)
    office.work()
    office.crm("UPDATE contacts SET phone = '06 10004820' WHERE id = 1")
    before = cells(office)
    office.clock.now = MIDNIGHT
    office.work()

    visitor.sign_in(office)
    assert DONE in visitor.get(place).text
    assert cells(office) == before


def test_no_part_of_the_portal_can_write_past_the_shadow(office: Office) -> None:
    adapter: Adapter = office.portal.adapters["crm"]
    ref = Ref("crm", "1")
    evidence = Evidence(office.clock(), "portal", "yes", "1", "en")
    before = cells(office)

    for write in (
        lambda: adapter.write(ref, [Change("phone", "06-1000482", "1")], key="k"),
        lambda: adapter.set_consent(ref, "newsletter", False, evidence, key="k"),
        lambda: adapter.restrict(ref, True, key="k"),
        lambda: adapter.erase(ref, key="k"),
    ):
        with pytest.raises(InShadow):
            write()
    assert cells(office) == before
    assert adapter.read(ref) is not None
    assert adapter.find("marijke.devries@example.org") == [ref]
    assert next(adapter.scan())[0] == ref
    assert adapter.fields()
    adapter.ping()


def test_no_break_is_written_past_the_shadow_either(start_office: StartOffice) -> None:
    pauses = {"newsletter": {"pause": "paused_until"}}
    office = start_office(adapters={"crm": {"shadow_until": LAST_DAY, "consents": pauses}})
    office.crm("ALTER TABLE subscriptions ADD COLUMN paused_until DATE")
    able = that_pauses(office.portal.adapters["crm"])
    assert able is not None
    ref, until = Ref("crm", "1"), office.clock() + timedelta(days=31)
    with pytest.raises(InShadow):
        able.pause(ref, "newsletter", until, key="k")
    assert not office.crm("SELECT 1 FROM subscriptions WHERE paused_until IS NOT NULL")
    office.clock.now = MIDNIGHT
    assert able.pause(ref, "newsletter", until, key="k") is Outcome.DONE


def test_a_call_that_the_contract_does_not_name_is_taken_to_write(office: Office) -> None:
    """An adapter's own extra, or one of a later contract."""
    adapter = office.portal.adapters["crm"]
    real = adapter._real  # type: ignore[attr-defined]
    real.set_link, real.warnings = (lambda _ref: "written"), lambda: ["short"]

    with pytest.raises(InShadow):
        adapter.set_link(Ref("crm", "1"))  # type: ignore[attr-defined]
    assert adapter.warnings() == ["short"]  # type: ignore[attr-defined]
    office.clock.now = MIDNIGHT
    assert adapter.set_link(Ref("crm", "1")) == "written"  # type: ignore[attr-defined]
