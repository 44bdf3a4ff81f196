"""What the desk shows: what needs a person first, how the systems are, and nobody's data."""

from datetime import timedelta

import pytest

from portal.adapters.contract import Misconfigured, Unreachable
from portal.desk.queue import SHOWN, View
from portal.store.tables import Alarm, Job
from portal.sync.alarms import AlarmKind, raise_alarm
from portal.sync.gates import MAIL_SERVER
from tests.desk.conftest import Crm, correct
from tests.desks import Person, sit_down
from tests.portals import MARIJKE, STRANGER, Office, Visitor


def look(office: Office) -> View:
    return office.portal.services.desk.queue.look()


def ring(office: Office, kind: AlarmKind, key: str, adapter: str | None = None) -> None:
    with office.database.unit("test") as unit:
        raise_alarm(unit.session, kind, key, now=office.clock(), adapter=adapter)
        unit.commit()


def test_a_calm_day_needs_nobody(office: Office, anna: Person) -> None:
    page = sit_down(office, anna).get("/operator")

    assert page.heading == "Nothing needs you"
    assert look(office).waiting_for_a_person == 0


def test_a_dead_letter_is_shown_with_cause_right_system_and_days_left(
    office: Office, anna: Person, dead_letter: str
) -> None:
    office.clock.advance(days=26)
    page = sit_down(office, anna).get("/operator")

    assert page.heading == "1 thing needs you"
    for words in ("Correction", "Our customer file", "The system refused it.", "5 days left"):
        assert words in page.text
    assert f"/operator/requests/{dead_letter}" in page.text


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "31 days left"), (30, "1 day left"), (31, "due today"), (33, "2 days late")],
)
def test_the_days_are_those_until_the_law_wants_an_answer(
    office: Office, anna: Person, dead_letter: str, days: int, words: str
) -> None:
    office.clock.advance(days=days)

    assert words in sit_down(office, anna).get("/operator").text


def test_the_most_urgent_dead_letter_stands_first(
    office: Office, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses()
    first = correct(marijke)
    office.clock.advance(days=3)
    marijke.sign_in(office)
    crm.refuses(Misconfigured("not yet"))
    second = correct(marijke, "06 10004821")
    crm.refuses()
    office.work()

    assert [one.request_id for one in look(office).dead_letters] == [first, second]


def test_no_more_than_twenty_of_a_kind_are_shown_and_the_rest_is_counted(
    office: Office, anna: Person
) -> None:
    """C14: nothing here lists all subjects, however many things go wrong."""
    for number in range(SHOWN + 5):
        ring(office, AlarmKind.REAPPEARED, f"reappeared:{number}", adapter="crm")

    page = sit_down(office, anna).get("/operator")
    assert page.heading == "25 things need you"
    assert page.text.count("Somebody who was erased is back") == SHOWN
    assert "and 5 more" in page.text


def test_c14_no_value_of_the_crm_and_no_address_is_on_the_desk(
    office: Office, anna: Person, dead_letter: str
) -> None:
    ring(office, AlarmKind.REAPPEARED, "reappeared:1", adapter="crm")
    visitor = sit_down(office, anna)
    row = office.contact()
    pages = visitor.get("/operator").text + visitor.get(f"/operator/requests/{dead_letter}").text

    values = [MARIJKE, "06 10004820", *(row[name] for name in ("phone", "last_name", "city"))]
    assert not [value for value in values if value in pages]
    with office.database.reading() as db:
        (job,) = db.query(Job).filter_by(kind="delivery")
    assert job.subject_id is not None
    assert job.subject_id[:8] in pages
    assert job.subject_id[:9] not in pages


def test_c14_no_address_of_the_desk_lists_or_exports_subjects(office: Office) -> None:
    rules = {
        rule.rule for rule in office.app.url_map.iter_rules() if rule.endpoint[:9] == "operator."
    }

    assert rules == {
        "/operator",
        "/operator/adapters/<name>/pause",
        "/operator/adapters/<name>/resume",
        "/operator/alarms/<int:alarm_id>/clear",
        "/operator/cases/<reference>",
        "/operator/cases/<reference>/answered",
        "/operator/cases/<reference>/close",
        "/operator/replay",
        "/operator/mailings",
        "/operator/requests/<request_id>",
        "/operator/signin",
        "/operator/signout",
    }


def test_a_paused_system_stands_first_and_says_why_and_what_waits(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses(Misconfigured("the password is wrong"))
    correct(marijke)
    office.work()

    page = sit_down(office, anna).get("/operator")
    assert page.heading == "1 thing needs you", "its alarm is not told a second time"
    for words in ("is paused", "The connection is not set up right", "1 request waits for it."):
        assert words in page.text
    assert "the password is wrong" not in page.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (AlarmKind.REAPPEARED, "Somebody who was erased is back"),
        (AlarmKind.NOT_CONFIRMED, "A system says yes and keeps the old value"),
        (AlarmKind.DEADLINE, "The legal deadline is near"),
        (AlarmKind.KEY_ROTATION, "The keys are due for a change"),
    ],
)
def test_every_alarm_is_told_in_words(
    office: Office, anna: Person, kind: AlarmKind, words: str
) -> None:
    ring(office, kind, "it")
    ring(office, kind, "it")

    page = sit_down(office, anna).get("/operator")
    assert words in page.text
    assert "2 times" in page.text


def test_a_near_deadline_stands_before_other_alarms_even_if_many_came_before(
    office: Office, anna: Person
) -> None:
    for number in range(SHOWN):
        ring(office, AlarmKind.REAPPEARED, f"reappeared:{number}", adapter="crm")
    ring(office, AlarmKind.DEADLINE, "deadline:1")

    assert look(office).notices[0].kind == AlarmKind.DEADLINE


def test_every_kind_of_alarm_has_words_or_a_place_of_its_own(office: Office, anna: Person) -> None:
    for kind in AlarmKind:
        ring(office, kind, f"about:{kind}")

    page = sit_down(office, anna).get("/operator")
    assert not [kind for kind in AlarmKind if f"<code>{kind}</code>" in page.text]


def test_a_mail_that_strangers_had_sent_in_vain_does_not_fill_the_desk(
    office: Office, anna: Person
) -> None:
    """Whoever likes can ask for mails that no server takes."""
    office.visitor().ask(STRANGER)
    office.clock.advance(hours=2)  # too late to send it
    office.work()

    with office.database.reading() as db:
        assert db.query(Job).filter_by(end="dead").count() == 1
    assert sit_down(office, anna).get("/operator").heading == "Nothing needs you"
    assert look(office).systems[-1].failures == 1, "it is seen where the mail's health is"


def test_a_mail_server_that_is_silent_is_shown_as_resting(office: Office, anna: Person) -> None:
    with office.database.unit("test") as unit:
        until = office.clock() + timedelta(minutes=1)
        office.portal.gates.hold(unit.session, MAIL_SERVER, until)
        unit.commit()

    mail = look(office).systems[-1]
    assert mail.is_mail
    assert mail.held_until == until
    page = sit_down(office, anna).get("/operator")
    assert "@mail" not in page.text
    assert page.text.count(">Pause<") == 1, "the mail has no such button"


def test_a_conflict_is_shown_as_the_subscribers_and_needs_no_operator(
    office: Office, anna: Person, dead_letter: str
) -> None:
    with office.database.unit("test") as unit:
        (job,) = unit.session.query(Job).filter_by(end="dead")
        job.end, job.cause = "conflict", None
        unit.session.query(Alarm).delete()
        unit.commit()

    page = sit_down(office, anna).get("/operator")
    assert page.heading == "Nothing needs you"
    assert "1 conflict waits for a subscriber" in page.text
    assert f"/operator/requests/{dead_letter}" in page.text


# --- how the systems are --------------------------------------------------------------------------


def test_a_system_that_was_never_used_is_not_said_to_work(office: Office, anna: Person) -> None:
    assert "not used" in sit_down(office, anna).get("/operator").text


def test_a_success_is_told_with_its_time_in_the_sites_zone(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    correct(marijke)
    office.work()

    health = look(office).systems[0]
    assert health.last_success == office.clock()
    assert (health.waiting, health.attempts, health.failures) == (0, 1, 0)
    assert "2 Mar 13:00" in sit_down(office, anna).get("/operator").text


def test_what_waits_is_counted_with_the_age_of_the_oldest(office: Office, marijke: Visitor) -> None:
    since = office.clock()
    correct(marijke)
    office.clock.advance(minutes=5)
    correct(marijke, "06 10004821")

    health = look(office).systems[0]
    assert (health.waiting, health.waiting_since) == (2, since)


def test_the_error_rate_is_failures_over_attempts_of_the_last_day(
    office: Office, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses(Unreachable("gone"))
    correct(marijke)
    for _ in range(3):
        office.work()
        office.clock.advance(minutes=1)
    assert look(office).systems[0].error_rate == 1
    crm.is_mended()
    office.clock.advance(minutes=1)
    office.work()

    health = look(office).systems[0]
    assert (health.attempts, health.failures) == (4, 3)
    assert health.error_rate == 0.75
    office.clock.advance(days=1, seconds=1)
    assert look(office).systems[0].error_rate is None


def test_an_attempt_that_is_going_on_is_not_called_a_failure(
    office: Office, marijke: Visitor
) -> None:
    correct(marijke)
    with office.database.unit("test") as unit:
        (job,) = unit.session.query(Job).filter_by(kind="delivery")
        job.attempts, job.lease = 1, "x"
        job.leased_until = office.clock() + timedelta(seconds=90)
        unit.commit()

    assert look(office).systems[0].attempts == 0


def test_a_system_that_asked_for_patience_is_shown_as_resting(office: Office, anna: Person) -> None:
    with office.database.unit("test") as unit:
        office.portal.gates.hold(unit.session, "crm", office.clock() + timedelta(minutes=10))
        unit.commit()

    assert "rests until 2 Mar 13:10" in sit_down(office, anna).get("/operator").text
    office.clock.advance(minutes=11)
    assert look(office).systems[0].held_until is None


def test_one_failure_is_not_called_often(office: Office, anna: Person, dead_letter: str) -> None:
    assert "often fails" not in sit_down(office, anna).get("/operator").text


def test_the_page_looks_again_by_itself_unless_it_is_told_not_to(
    office: Office, anna: Person
) -> None:
    """WCAG 2.2.2: what changes by itself can be stopped."""
    visitor = sit_down(office, anna)

    assert "data-poll" in visitor.get("/operator").text
    assert "data-poll" not in visitor.get("/operator?still=1").text


def test_the_page_stays_the_same_while_nothing_happens(office: Office, anna: Person) -> None:
    """Else it would be put anew under somebody's fingers every few seconds."""
    visitor = sit_down(office, anna)

    def live() -> str:
        text = visitor.get("/operator").text
        return text[text.index('id="live"') : text.index('class="quiet still"')]

    before = live()
    office.clock.advance(minutes=2)
    assert live() == before
