"""The portal's own records last for their term, and as long as something stands on them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.domain.rights import DeliveryState
from portal.store.database import Database
from portal.store.retention import BATCH, Retention
from portal.store.tables import (
    Case,
    Consent,
    Delivery,
    Recall,
    Request,
    Subject,
    SubjectAlias,
    Suppression,
    Table,
)
from tests.storing import NOON, FakeClock, add_subject

TERM = timedelta(days=1826)
DAY = timedelta(days=1)


@pytest.fixture
def retention(database: Database, clock: FakeClock) -> Retention:
    return Retention(database, TERM, clock)


def add(database: Database, *rows: Table) -> None:
    with database.unit("test") as unit:
        for row in rows:
            unit.session.add(row)
            unit.session.flush()
        unit.commit()


def request(id: str = "r", at: datetime = NOON, due_at: datetime | None = None) -> Request:
    return Request(
        id=id,
        subject_id="s",
        site="demo",
        right="withdraw",
        locale="nl",
        received_at=at,
        details={},
        due_at=due_at,
    )


def delivery(
    request_id: str = "r", state: DeliveryState = DeliveryState.CONFIRMED, **more: object
) -> Delivery:
    return Delivery(
        request_id=request_id, adapter="crm", state=state, changed_at=NOON, outcome={}, **more
    )


def consent(at: datetime, purpose: str = "newsletter", request_id: str | None = None) -> Consent:
    return Consent(
        subject_id="s",
        purpose=purpose,
        granted=False,
        at=at,
        source="portal",
        wording="Ja",
        wording_version="1",
        wording_hash="",
        statement_hash="",
        method="page",
        actor="subscriber",
        locale="nl",
        request_id=request_id,
    )


def count(database: Database, table: type[Table]) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def test_a_request_that_is_done_is_kept_for_its_term_and_then_forgotten_with_its_subject(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    add_subject(database)
    add(
        database,
        SubjectAlias(key_version=1, digest=b"d" * 32, subject_id="s"),
        request(),
        delivery(),
        request("again"),
    )
    with database.reading() as db:
        first = db.scalars(select(Delivery.id)).one()
    add(database, delivery("again", follows=first))

    clock.now = NOON + TERM
    retention.sweep()
    assert count(database, Request) == 2

    clock.now += DAY
    retention.sweep()
    left = [count(database, table) for table in (Request, Delivery, Subject, SubjectAlias)]
    assert left == [0, 0, 0, 0]


@pytest.mark.parametrize("how", ["lifted", "erased", "of an erasure", None])
def test_a_restriction_is_remembered_until_it_stands_no_more(
    database: Database, retention: Retention, clock: FakeClock, how: str | None
) -> None:
    """It has no end of its own, and nobody tells her that it was forgotten (Art. 18(3) GDPR)."""
    add_subject(database)
    restriction = request()
    restriction.right = "restrict"
    if how == "erased":
        restriction.dropped_at = NOON
    elif how == "of an erasure":
        restriction.details = {"with": "another"}
    add(database, restriction, delivery())
    if how == "lifted":
        lifting = request("lift", NOON + DAY)
        lifting.right = "lift"
        add(database, lifting)

    clock.now = NOON + 3 * TERM
    retention.sweep()

    assert count(database, Request) == (0 if how else 1)


def test_a_lifting_is_remembered_as_long_as_what_it_lifts(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    """Without it the restriction would stand again."""
    add_subject(database)
    restriction, lifting = request(), request("lift", NOON + DAY)
    restriction.right, lifting.right = "restrict", "lift"
    add(database, restriction, lifting, Suppression(subject_id="s", request_id="r", since=NOON))
    clock.now = NOON + 3 * TERM

    retention.sweep()
    assert count(database, Request) == 2

    with database.unit("test") as unit:
        unit.session.query(Suppression).delete()
        unit.commit()
    retention.sweep()
    assert count(database, Request) == 0


def test_what_another_request_follows_is_kept_as_long_as_that_is(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    add_subject(database)
    add(database, request(), delivery(), request("later", at=NOON + DAY))
    with database.reading() as db:
        first = db.scalars(select(Delivery.id)).one()
    add(database, delivery("later", follows=first))
    clock.now = NOON + TERM + DAY

    retention.sweep()
    assert count(database, Request) == 2

    clock.now += DAY
    retention.sweep()
    assert (count(database, Request), count(database, Delivery)) == (0, 0)


@pytest.mark.parametrize("state", [state for state in DeliveryState if not state.is_final], ids=str)
def test_a_request_that_is_under_way_is_never_forgotten(
    database: Database, retention: Retention, clock: FakeClock, state: DeliveryState
) -> None:
    add_subject(database)
    add(database, request(), delivery(state=state))
    clock.now = NOON + 2 * TERM

    retention.sweep()

    assert count(database, Request) == 1


def test_a_request_stays_while_something_else_stands_on_it(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    add_subject(database)
    add(
        database,
        request("waits", due_at=NOON + 2 * TERM),
        request("suppresses"),
        Suppression(subject_id="s", request_id="suppresses", since=NOON),
        request("recalls"),
        Recall(
            subject_id="s",
            purpose="feed",
            request_id="recalls",
            sealed=b"",
            made_at=NOON,
            until=NOON + 2 * TERM,
        ),
        request("proves"),
        consent(NOON, request_id="proves"),
        request("nothing"),
    )
    clock.now = NOON + TERM + DAY

    retention.sweep()

    with database.reading() as db:
        assert set(db.scalars(select(Request.id))) == {"waits", "suppresses", "recalls", "proves"}
    assert count(database, Subject) == 1


def test_a_case_is_kept_for_the_term_after_it_was_closed_and_an_open_one_for_ever(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    def case(reference: str, closed_at: datetime | None) -> Case:
        return Case(
            reference=reference,
            kind="question",
            site="demo",
            request_id="r",
            locale="nl",
            received_at=NOON,
            written_at=NOON,
            closed_at=closed_at,
        )

    add_subject(database)
    add(database, request(), case("old", NOON), case("new", NOON + DAY), case("open", None))
    clock.now = NOON + TERM + DAY

    retention.sweep()

    with database.reading() as db:
        assert set(db.scalars(select(Case.reference))) == {"new", "open"}
    assert count(database, Request) == 1


def test_of_decisions_the_last_before_the_term_and_all_since_stay(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    """So how it stood at any moment of the term can be told, and how it stands now."""
    add_subject(database)
    old = [NOON + n * DAY for n in range(3)]
    new = [NOON + TERM, NOON + TERM + DAY]
    add(database, *(consent(at) for at in old + new), consent(NOON, "offers"))
    clock.now = NOON + TERM + 9 * DAY

    retention.sweep()

    with database.reading() as db:
        kept = db.execute(select(Consent.purpose, Consent.at).order_by(Consent.id)).all()
    assert [tuple(row) for row in kept] == [
        ("newsletter", old[2]),
        ("newsletter", new[0]),
        ("newsletter", new[1]),
        ("offers", NOON),
    ]


def test_a_subject_who_has_nothing_is_kept_for_a_day(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    add_subject(database)
    clock.now = NOON + DAY
    retention.sweep()
    assert count(database, Subject) == 1

    clock.now += DAY
    retention.sweep()
    assert count(database, Subject) == 0


def test_however_much_is_over_all_of_it_goes(
    database: Database, retention: Retention, clock: FakeClock
) -> None:
    add_subject(database)
    add(database, *(request(str(number)) for number in range(2 * BATCH + 1)))
    clock.now = NOON + TERM + DAY

    retention.sweep()

    assert count(database, Request) == 0
