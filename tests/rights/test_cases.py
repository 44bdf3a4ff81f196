"""Cases: the clock runs from receipt, by whatever door, and what was written is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.proof.ledger import Event
from portal.rights.cases.casebook import KEPT_AFTER, CaseKind, Cases, CaseState, Outcome
from portal.store.tables import Case, LedgerEntry
from portal.sync.alarms import open_alarms
from tests.desks import add_operator
from tests.portals import Office

SECRET = "It is about my allotment in the Zandpad"
CONTACT = "06 1234 5678"


def cases_of(office: Office) -> Cases:
    return office.portal.services.rights.cases


def open_one(office: Office, **more: object) -> str:
    with office.database.unit("test") as unit:
        reference = cases_of(office).open(
            unit,
            CaseKind.QUESTION,
            site="demo",
            locale="nl",
            message=SECRET,
            contact=CONTACT,
            **more,  # type: ignore[arg-type]
        )
        unit.commit()
    return reference


def row(office: Office, reference: str) -> Case:
    with office.database.reading() as db:
        return db.query(Case).filter_by(reference=reference).one()


def deadlines(office: Office) -> list[str]:
    office.portal.overdue.watch()
    with office.database.reading() as db:
        return [one.facts["case"] for one in open_alarms(db) if one.kind == "deadline"]


def test_a_case_is_named_by_a_number_and_holds_what_was_written_sealed(office: Office) -> None:
    reference = open_one(office)

    case = cases_of(office).named(reference)
    assert case is not None
    assert case.state is CaseState.OPEN
    found = row(office, reference)
    written = cases_of(office).written(found)
    assert written is not None
    assert (written.message, written.contact) == (SECRET, CONTACT)
    assert SECRET.encode() not in (found.message_sealed or b"")
    assert cases_of(office).named(reference.lower()) == case
    assert cases_of(office).named("nothing\0") is None


def test_the_ledger_tells_of_a_case_in_codes_alone(office: Office) -> None:
    reference = open_one(office)

    with office.database.reading() as db:
        (entry,) = db.query(LedgerEntry).filter_by(event=Event.CASE_OPENED)
    assert entry.facts == {"case": reference, "kind": "question", "site": "demo"}


def test_e1_seven_days_before_a_case_is_due_an_alarm_rings_until_it_is_answered(
    office: Office,
) -> None:
    anna = add_operator(office)
    casework = office.portal.services.desk.casework
    number = casework.operator_named(anna.name)
    assert number is not None
    reference = open_one(office)

    office.clock.advance(days=23)
    assert deadlines(office) == []
    office.clock.advance(days=1)
    assert deadlines(office) == [reference]
    assert casework.answered(number, reference)
    assert deadlines(office) == []
    assert not casework.answered(number, reference), "once is enough"


def test_e1_the_clock_of_a_letter_runs_from_the_day_on_which_it_came(office: Office) -> None:
    reference = open_one(office, received_at=office.clock() - timedelta(days=25))

    assert deadlines(office) == [reference]


def test_thirty_days_after_its_end_what_was_written_is_gone_and_the_case_stays(
    office: Office,
) -> None:
    anna = add_operator(office)
    casework = office.portal.services.desk.casework
    number = casework.operator_named(anna.name)
    assert number is not None
    closed, waiting = open_one(office), open_one(office)
    assert casework.close(number, closed, Outcome.DONE)
    assert not casework.close(number, closed, Outcome.REFUSED), "it is over already"

    office.clock.advance(days=KEPT_AFTER.days - 1)
    cases_of(office).forget()
    assert row(office, closed).message_sealed is not None
    office.clock.advance(days=1)
    cases_of(office).forget()

    found = row(office, closed)
    assert (found.message_sealed, found.contact_sealed) == (None, None)
    assert cases_of(office).written(found) is None
    assert found.outcome == "done"
    assert row(office, waiting).message_sealed is not None


def test_a_question_is_a_request_of_hers_that_a_person_answers(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    place = marijke.submit(marijke.get("/me/questions"), "/me/questions", message=SECRET).location
    page = marijke.get(place)

    assert "You hear from us by 2 April 2026 at the latest." in page.text
    assert "data-poll" not in page.text, "no page looks again for weeks"
    assert "being worked on" in marijke.get("/me/requests").text
    (case,) = office.portal.services.desk.casework.all_open()
    assert case[0].reference in page.text
    anna = office.portal.services.desk.casework.operator_named(add_operator(office).name)
    assert anna is not None
    office.portal.services.desk.casework.close(anna, case[0].reference, Outcome.DONE)
    assert "One of us has done what you asked" in marijke.get(place).text
    assert "done" in marijke.get("/me/requests").text


@pytest.mark.parametrize("message", ["", "   ", "x" * 4001, "a\0b"])
def test_what_cannot_be_kept_is_said_beside_the_field_and_nothing_is_written(
    office: Office, message: str
) -> None:
    marijke = office.visitor().sign_in(office)
    form = marijke.get("/me/questions")

    page = marijke.submit(form, "/me/questions", message=message)

    assert page.status == 422
    assert 'id="message-fault"' in page.text
    assert office.portal.services.desk.casework.all_open() == []


def test_four_thousand_characters_are_not_too_many(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    message = "ß\r\n" * 1000 + "x" * 2000

    page = marijke.submit(marijke.get("/me/questions"), "/me/questions", message=message)

    assert page.status == 303


def test_her_questions_of_one_hour_have_their_measure_and_what_she_typed_stays(
    office: Office,
) -> None:
    marijke = office.visitor().sign_in(office)
    form = marijke.get("/me/questions")
    answers = [
        marijke.submit(form, "/me/questions", message=f"Question {number}") for number in range(6)
    ]

    assert [one.status for one in answers] == [303] * 5 + [429]
    assert "Question 5</textarea>" in answers[5].text
    assert len(office.portal.services.desk.casework.all_open()) == 5


def test_the_day_by_which_she_hears_is_of_the_zone_of_the_portal(office: Office) -> None:
    office.clock.now = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)  # the 31st in Amsterdam
    (_case, day) = (open_one(office), office.portal.services.desk.casework.all_open()[0][1])

    assert day.isoformat() == "2026-02-28"
