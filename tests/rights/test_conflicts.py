"""N5, D7: what a colleague changed is never overwritten unseen; she sees both, and chooses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.adapters.contract import Conflict, Unreachable
from portal.store.tables import Job
from tests.portals import Office, Page, Visitor
from tests.rights.wishes import CORRECTION, DONE, WISHES, Wish

HERS, THEIRS, SEEN = "06 10004820", "020 1234567", "06-1000482"
HENDRIK = "hendrik.bosman@example.com"


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def colleague(office: Office, column: str = "phone", value: str = THEIRS, id: int = 1) -> None:
    office.crm(f"UPDATE contacts SET {column} = ? WHERE id = ?", value, id)


def check(visitor: Visitor, **typed: str) -> Page:
    return visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)


def save(visitor: Visitor, checked: Page) -> Page:
    assert checked.heading == "Is this right?", checked.text
    return visitor.post("/me/correct", **{**checked.fields, "step": "save"})


def on_the_desk(office: Office) -> int:
    """How many conflicts wait for a choice, as the operators see it."""
    return office.portal.services.desk.queue.look().choices_in_all


def job(office: Office, number: int = 0) -> Job:
    with office.database.reading() as db:
        return db.scalars(select(Job).where(Job.kind == "delivery").order_by(Job.id)).all()[number]


# --- when she saves ------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [None, "demo"])
@pytest.mark.parametrize("when", ["before she checks", "before she saves"])
def test_n5_a_change_between_look_and_save_shows_both_values_and_overwrites_nothing(
    office: Office, frame: str | None, when: str
) -> None:
    visitor = office.visitor(frame=frame).sign_in(office)
    form = visitor.get("/me/correct")
    if when == "before she checks":
        colleague(office)
        page = visitor.submit(form, "/me/correct", phone=HERS)
    else:
        checked = visitor.submit(form, "/me/correct", phone=HERS)
        colleague(office)
        page = save(visitor, checked)
    office.work()

    assert page.status == 409
    for value in (SEEN, THEIRS, HERS):
        assert value in page.text
    assert page.text.count("<fieldset") == 1, "she is asked about what she changes and no more"
    assert office.contact()["phone"] == THEIRS
    assert "request_received" not in office.events()


def test_n5_hers_goes_on_to_be_checked_and_then_overwrites_what_she_has_seen(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    conflict = marijke.submit(form, "/me/correct", phone=HERS, city="Zaltbommel")

    checked = marijke.submit(conflict, "/me/correct", **{"use-phone": "mine"})
    assert f"<del>{THEIRS}</del>" in checked.text
    assert f"<ins>{HERS}</ins>" in checked.text
    saved = save(marijke, checked)
    office.work()

    assert DONE in marijke.get(saved.location).text
    row = office.contact()
    assert (row["phone"], row["city"]) == (HERS, "Zaltbommel")


def test_n5_what_stands_there_now_stays_when_she_wants_it_and_the_rest_goes_on(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    conflict = marijke.submit(form, "/me/correct", phone=HERS, city="Zaltbommel")

    checked = marijke.submit(conflict, "/me/correct", **{"use-phone": "now"})
    assert "Zaltbommel" in checked.text
    assert HERS not in checked.text
    save(marijke, checked)
    office.work()

    row = office.contact()
    assert (row["phone"], row["city"]) == (THEIRS, "Zaltbommel")


def test_what_stands_there_now_kept_for_everything_is_no_request(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    conflict = marijke.submit(form, "/me/correct", phone=HERS)

    page = marijke.submit(conflict, "/me/correct", **{"use-phone": "now"})

    assert page.heading == "Nothing was changed"
    assert "request_received" not in office.events()


@pytest.mark.parametrize("answer", [{}, {"use-phone": ""}, {"use-phone": "theirs"}])
@pytest.mark.parametrize("step", ["choose", "save", "check"])
def test_who_does_not_choose_is_asked_again_and_nothing_is_taken(
    office: Office, marijke: Visitor, answer: dict[str, str], step: str
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    colleague(office, "city", "Culemborg")
    conflict = marijke.submit(form, "/me/correct", phone=HERS, city="Zaltbommel")

    page = marijke.submit(conflict, "/me/correct", step=step, **answer, **{"use-city": "now"})

    assert page.status == 422
    assert "Choose one of the two." in page.text
    assert page.fields["use-city"] == "now", "what she chose already is kept"
    assert "request_received" not in office.events()
    checked = marijke.submit(page, "/me/correct", **{"use-phone": "mine"})
    save(marijke, checked)
    office.work()
    row = office.contact()
    assert (row["phone"], row["city"]) == (HERS, "Culemborg")


def test_a_value_that_changes_once_more_while_she_chooses_is_asked_about_once_more(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    conflict = marijke.submit(form, "/me/correct", phone=HERS)
    colleague(office, value="030 7654321")

    again = marijke.submit(conflict, "/me/correct", **{"use-phone": "mine"})

    assert again.status == 409
    assert "030 7654321" in again.text


def test_a_change_elsewhere_and_the_same_change_by_a_colleague_ask_nothing(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office, "city", "Culemborg")
    colleague(office, value=HERS)

    saved = save(marijke, marijke.submit(form, "/me/correct", phone=HERS))
    office.work()

    assert DONE in marijke.get(saved.location).text
    assert office.contact()["city"] == "Culemborg"


def test_who_changes_it_after_all_finds_the_present_values_in_the_form(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    colleague(office, "city", "Culemborg")
    conflict = marijke.submit(form, "/me/correct", phone=HERS)
    checked = marijke.submit(conflict, "/me/correct", **{"use-phone": "mine"})

    changed = marijke.post("/me/correct", **{**checked.fields, "step": "change"})

    assert changed.fields["phone"] == HERS
    assert changed.fields["city"] == "Culemborg"
    assert marijke.submit(changed, "/me/correct").text.count("<ins>") == 1, "the phone number alone"


def test_of_two_records_only_the_one_that_was_changed_is_asked_about_and_hers_goes_to_both(
    office: Office,
) -> None:
    hendrik = office.visitor().sign_in(office, HENDRIK)
    first, second = [
        row["id"] for row in office.crm("SELECT id FROM contacts WHERE email = ?", HENDRIK)
    ]
    form = hendrik.get("/me/correct")
    colleague(office, value=HERS, id=first)
    colleague(office, value=THEIRS, id=second)
    conflict = hendrik.submit(form, "/me/correct", phone=HERS)
    assert conflict.text.count(THEIRS) == 1

    save(hendrik, hendrik.submit(conflict, "/me/correct", **{"use-phone": "mine"}))
    office.work()

    rows = office.crm("SELECT phone FROM contacts WHERE email = ?", HENDRIK)
    assert [row["phone"] for row in rows] == [HERS] * 2


def test_a_crm_that_is_away_when_she_saves_is_compared_with_at_delivery(
    office: Office, marijke: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = office.portal.adapters.values()
    form = marijke.get("/me/correct")
    colleague(office)

    def away(_email: str) -> None:
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(adapter, "find", away)
        saved = save(marijke, marijke.submit(form, "/me/correct", phone=HERS))
    office.work()

    assert office.contact()["phone"] == THEIRS
    assert "Look at it and choose" in marijke.get(saved.location).text


def test_somebody_else_who_moved_in_under_the_address_is_not_shown_to_her(
    office: Office, marijke: Visitor
) -> None:
    form = marijke.get("/me/correct")
    colleague(office)
    colleague(office, "first_name", "Kees", id=2)
    colleague(office, "email", "marijke.devries@example.org", id=2)

    page = marijke.submit(form, "/me/correct", phone=HERS)

    assert page.status == 303
    assert THEIRS not in page.text


# --- when it is delivered ------------------------------------------------------------------------


@pytest.fixture
def met(office: Office, marijke: Visitor) -> str:
    """The page of a correction of phone and city that met another phone number on its way."""
    place = save(marijke, check(marijke, phone=HERS, city="Zaltbommel")).location
    colleague(office)
    office.work()
    return place


def test_a_conflict_at_delivery_waits_sealed_and_writes_nothing(
    office: Office, marijke: Visitor, met: str
) -> None:
    page = marijke.get(met)

    assert "your choice, please" in page.text
    assert f"{met}/choose" in page.text
    assert "your choice, please" in marijke.get("/me/requests").text
    row = office.contact()
    assert (row["phone"], row["city"]) == (THEIRS, "Tiel")
    assert (job(office).end, job(office).payload_sealed is None) == ("conflict", False)
    assert on_the_desk(office) == 1


def test_hers_is_a_new_request_and_what_waited_is_wiped(
    office: Office, marijke: Visitor, met: str
) -> None:
    page = marijke.get(f"{met}/choose")
    for value in (SEEN, THEIRS, HERS, "Zaltbommel"):
        assert value in page.text

    answer = marijke.submit(page, f"{met}/choose", **{"use-phone": "mine"})
    office.work()

    assert answer.location != met
    assert DONE in marijke.get(answer.location).text
    row = office.contact()
    assert (row["phone"], row["city"]) == (HERS, "Zaltbommel")
    old = marijke.get(met)
    assert "You chose" in old.text
    assert answer.location in old.text
    assert job(office).payload_sealed is None
    assert "conflict_settled" in office.events()
    assert on_the_desk(office) == 0


def test_what_stands_there_now_is_kept_and_the_rest_of_the_correction_is_made(
    office: Office, marijke: Visitor, met: str
) -> None:
    page = marijke.get(f"{met}/choose")

    marijke.submit(page, f"{met}/choose", **{"use-phone": "now"})
    office.work()

    row = office.contact()
    assert (row["phone"], row["city"]) == (THEIRS, "Zaltbommel")


def test_keeping_everything_only_wipes_what_waited(office: Office, marijke: Visitor) -> None:
    place = save(marijke, check(marijke, phone=HERS)).location
    colleague(office)
    office.work()

    page = marijke.get(f"{place}/choose")
    answer = marijke.submit(page, f"{place}/choose", **{"use-phone": "now"})
    office.work()

    assert answer.location == place
    assert "You chose to leave it as it was" in marijke.get(place).text
    assert "closed" in marijke.get("/me/requests").text
    assert job(office).payload_sealed is None
    assert office.events().count("request_received") == 1
    assert office.contact()["phone"] == THEIRS


def test_a_choice_is_made_once_however_many_windows_are_open(
    office: Office, marijke: Visitor, met: str
) -> None:
    page = marijke.get(f"{met}/choose")

    for _ in range(3):
        marijke.submit(page, f"{met}/choose", **{"use-phone": "mine"})
    office.work()

    assert office.events().count("request_received") == 2
    assert marijke.get(f"{met}/choose").location == met


def test_without_a_choice_nothing_is_taken_and_what_changed_again_is_asked_again(
    office: Office, marijke: Visitor, met: str
) -> None:
    page = marijke.get(f"{met}/choose")
    assert marijke.submit(page, f"{met}/choose").status == 422

    colleague(office, value="030 7654321")
    again = marijke.submit(page, f"{met}/choose", **{"use-phone": "mine"})
    office.work()

    assert again.status == 409
    assert "030 7654321" in again.text
    assert office.contact()["phone"] == "030 7654321"
    assert office.events().count("request_received") == 1


def test_what_a_colleague_put_right_or_took_away_needs_no_choice(
    office: Office, marijke: Visitor, met: str
) -> None:
    colleague(office, value=HERS)
    colleague(office, "city", "Zaltbommel")
    page = marijke.get(f"{met}/choose")
    assert "<fieldset" not in page.text

    answer = marijke.submit(page, f"{met}/choose")

    assert answer.location == met
    assert job(office).payload_sealed is None


def test_a_record_that_is_gone_by_now_is_not_chosen_about(
    office: Office, marijke: Visitor, met: str
) -> None:
    colleague(office, "email", "els@example.org")
    page = marijke.get(f"{met}/choose")

    assert page.status == 200
    assert THEIRS not in page.text
    assert marijke.submit(page, f"{met}/choose").location == met


def test_while_the_crm_is_away_nothing_is_shown_and_what_she_typed_waits(
    office: Office, marijke: Visitor, met: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = office.portal.adapters.values()

    def away(_email: str) -> None:
        raise Unreachable("no answer")

    monkeypatch.setattr(adapter, "find", away)
    page = marijke.get(f"{met}/choose")

    assert page.status == 503
    assert "kept for 30 days" in page.text
    assert job(office).payload_sealed is not None


def test_c3_nobody_else_is_shown_or_asked_what_waits(
    office: Office, marijke: Visitor, met: str
) -> None:
    hers = marijke.get(f"{met}/choose")
    hendrik = office.visitor().sign_in(office, HENDRIK)
    token = hendrik.get("/me").fields["csrf_token"]

    assert hendrik.get(f"{met}/choose").status == 404
    fields = {**hers.fields, "csrf_token": token, "use-phone": "mine"}
    assert hendrik.post(f"{met}/choose", **fields).status in {400, 404}
    office.work()
    assert office.contact()["phone"] == THEIRS


def test_after_thirty_days_what_she_typed_is_wiped_and_the_page_says_so(
    office: Office, marijke: Visitor, met: str
) -> None:
    choosing = office.portal.services.rights.choosing
    office.clock.now += timedelta(days=29, hours=23)
    choosing.lapse()
    assert job(office).payload_sealed is not None
    office.clock.now += timedelta(hours=2)
    choosing.lapse()

    assert job(office).payload_sealed is None
    marijke.sign_in(office)
    page = marijke.get(met)
    assert "for 30 days you did not choose" in page.text
    assert f"{met}/choose" not in page.text
    assert marijke.get(f"{met}/choose").location == met


def test_who_asked_twice_for_the_same_chooses_once_for_both(
    office: Office, marijke: Visitor
) -> None:
    places = [save(marijke, check(marijke, phone=HERS)).location for _ in range(2)]
    colleague(office)
    office.work()
    page = marijke.get(f"{places[1]}/choose")
    assert page.status == 200

    answer = marijke.submit(page, f"{places[1]}/choose", **{"use-phone": "mine"})
    office.work()

    assert DONE in marijke.get(answer.location).text
    for place in places:
        assert "You chose" in marijke.get(place).text


class Races:
    """Stands before a method of the adapter: so often somebody else writes in between."""

    def __init__(self, real: Callable[..., Any], times: int) -> None:
        self._real = real
        self._left = times

    def __call__(self, *args: Any, **more: Any) -> Any:
        if self._left:
            self._left -= 1
            raise Conflict("changed while it was written", ["a column"])
        return self._real(*args, **more)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
def test_somebody_who_writes_in_the_same_instant_stops_nothing(
    office: Office, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = office.portal.adapters.values()
    monkeypatch.setattr(adapter, wish.call, Races(getattr(adapter, wish.call), 1))
    visitor = wish.signed_in(office)
    place = wish.ask(visitor)
    office.work()
    assert not wish.holds(office)
    office.clock.advance(minutes=1)
    office.work()

    assert wish.holds(office)
    assert DONE in visitor.get(place).text


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
def test_a_crm_that_insists_on_a_conflict_is_believed_of_corrections_and_of_nothing_else(
    office: Office, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What protects the subscriber wins: it is never left for her to choose about."""
    (adapter,) = office.portal.adapters.values()
    monkeypatch.setattr(adapter, wish.call, Races(getattr(adapter, wish.call), 9))
    visitor = wish.signed_in(office)
    place = wish.ask(visitor)
    for _ in range(4):
        office.work()
        office.clock.advance(minutes=1)

    asked = "Look at it and choose" in visitor.get(place).text
    assert asked is (wish is CORRECTION)
    assert (visitor.get(f"{place}/choose").status == 200) is asked


# --- when nobody is there any more ---------------------------------------------------------------


def test_d6_a_correction_of_an_erased_record_is_dropped_with_a_note_and_is_no_failure(
    office: Office,
) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    place = save(visitor, check(visitor, phone=HERS)).location
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.work()

    page = visitor.get(place)
    assert "There was nothing left to correct." in page.text
    assert "there was nothing to change" in page.text
    assert DONE not in page.text
    assert "closed" in visitor.get("/me/requests").text
    assert "dropped" in office.events()
    assert job(office).end == "done", "no person has to look at it"
