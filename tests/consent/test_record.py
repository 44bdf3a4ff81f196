"""E8: the consent record keeps every decision as it was taken, and the latest counts."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.consent.record import ConsentRecord, Entry, history_of
from portal.domain.register import Purpose
from portal.store.database import Database
from portal.store.tables import Consent, Request
from tests.storing import NOON, FakeClock, add_subject

NEWSLETTER = Purpose(
    id="newsletter",
    activity="mail",
    label={"nl": "Nieuwsbrief", "en": "Newsletter"},
    description={"nl": "Elke maand.", "en": "Monthly."},
    wording={"nl": "Ja, stuur mij de nieuwsbrief.", "en": "Yes, send me the newsletter."},
    wording_version="2",
)
LATER = NEWSLETTER.model_copy(
    update={"wording": {"nl": "Andere woorden.", "en": "Other words."}, "wording_version": "3"}
)
OFFERS = NEWSLETTER.model_copy(update={"id": "offers"})


@pytest.fixture
def record(clock: FakeClock) -> ConsentRecord:
    return ConsentRecord(clock)


def decide(
    database: Database,
    record: ConsentRecord,
    granted: bool,
    *,
    purpose: Purpose = NEWSLETTER,
    subject: str = "ann",
    locale: str = "en",
) -> None:
    with database.unit("test") as unit:
        number = len(unit.session.scalars(select(Request.id)).all())
        request = Request(
            id=f"request-{number}",
            subject_id=subject,
            site="main",
            right="consent",
            locale=locale,
            received_at=NOON,
            details={},
        )
        unit.session.add(request)
        unit.session.flush()
        record.write(
            unit.session,
            subject_id=subject,
            purpose=purpose,
            granted=granted,
            evidence=record.evidence(purpose, locale),
            request_id=request.id,
        )
        unit.commit()


def kept(database: Database) -> list[Consent]:
    with database.reading() as session:
        return list(session.scalars(select(Consent).order_by(Consent.id)))


def test_e8_each_decision_is_a_row_with_time_channel_words_version_and_language(
    database: Database, record: ConsentRecord, clock: FakeClock
) -> None:
    add_subject(database, "ann")
    decide(database, record, True, locale="nl")
    clock.advance(days=1)
    decide(database, record, False)

    first, second = kept(database)
    assert (first.granted, first.at, first.source, first.locale) == (True, NOON, "portal", "nl")
    assert (first.wording, first.wording_version) == ("Ja, stuur mij de nieuwsbrief.", "2")
    assert (second.granted, second.at, second.locale) == (False, NOON + timedelta(days=1), "en")
    assert second.wording == "Yes, send me the newsletter."
    assert (first.request_id, second.request_id) == ("request-0", "request-1")


def test_e8_what_was_agreed_to_stays_in_its_own_words_when_the_register_changes(
    lite: Database, record: ConsentRecord
) -> None:
    add_subject(lite, "ann")
    decide(lite, record, True)
    decide(lite, record, True, purpose=LATER)

    assert [(row.wording, row.wording_version) for row in kept(lite)] == [
        ("Yes, send me the newsletter.", "2"),
        ("Other words.", "3"),
    ]


def test_the_latest_decision_counts_for_its_person_and_its_purpose_alone(
    database: Database, record: ConsentRecord
) -> None:
    for name in ("ann", "bob", "eve"):
        add_subject(database, name)
    decide(database, record, True)
    decide(database, record, False)
    decide(database, record, True, purpose=OFFERS)
    decide(database, record, True, subject="bob")

    with database.reading() as session:
        latest = {name: record.latest(session, name) for name in ("ann", "bob", "eve")}
    assert {id: one.granted for id, one in latest["ann"].items()} == {
        "newsletter": False,
        "offers": True,
    }
    assert {id: one.granted for id, one in latest["bob"].items()} == {"newsletter": True}
    assert latest["eve"] == {}


def test_of_two_decisions_of_one_moment_the_one_that_came_last_counts(
    lite: Database, record: ConsentRecord
) -> None:
    """A clock may stand still or go back; the order in which they came does not."""
    add_subject(lite, "ann")
    decide(lite, record, True)
    decide(lite, record, False)

    with lite.reading() as session:
        assert record.latest(session, "ann")["newsletter"].granted is False


def test_a_language_that_the_words_do_not_have_gets_the_first_and_says_which_was_read(
    record: ConsentRecord,
) -> None:
    evidence = record.evidence(NEWSLETTER, "fr")

    assert evidence.wording == "Ja, stuur mij de nieuwsbrief."
    assert evidence.locale == "fr"


def at_that_moment(entries: list[Entry], number: int) -> Mapping[str, bool]:
    """The state after so many decisions, from the history alone."""
    return {one.purpose: one.granted for one in entries[::-1] if one.number <= number}


@given(
    st.lists(
        st.tuples(st.sampled_from([NEWSLETTER, OFFERS]), st.booleans()), min_size=1, max_size=12
    )
)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_e8_any_past_state_can_be_put_together_from_the_history(
    lite: Database, taken: list[tuple[Purpose, bool]]
) -> None:
    clock = FakeClock()
    record = ConsentRecord(clock, "statement")
    with lite.reading() as db:
        subject = f"ann-{db.query(Consent).count()}"
    add_subject(lite, subject)
    states: list[Mapping[str, bool]] = []
    now: dict[str, bool] = {}
    for purpose, granted in taken:
        decide(lite, record, granted, purpose=purpose, subject=subject)
        now = {**now, purpose.id: granted}
        states.append(now)

    with lite.reading() as db:
        entries = history_of(db, subject)
    numbers = [one.number for one in entries[::-1]]
    assert [at_that_moment(entries, number) for number in numbers] == states
