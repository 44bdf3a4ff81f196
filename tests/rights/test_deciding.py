"""Consent: withdrawn as easily as given, in every system that holds it, with its proof."""

import pytest
from sqlalchemy import text

from tests.portals import MARIJKE, Office, Visitor

HENDRIK = "hendrik.bosman@example.com"


def decide(visitor: Visitor, purpose: str, granted: str) -> str:
    """The address of the request."""
    token = visitor.get("/me/consents").fields["csrf_token"]
    answer = visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)
    assert answer.status == 303, answer.text
    return answer.location


def active(office: Office, mailing: str, email: str = MARIJKE) -> list[int]:
    return [
        row["active"]
        for row in office.crm(
            "SELECT active FROM subscriptions JOIN contacts ON contacts.id = contact_id "
            "WHERE email = ? AND mailing = ?",
            email,
            mailing,
        )
    ]


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def test_a_withdrawal_reaches_the_crm_with_its_time_and_can_be_taken_back(
    office: Office, marijke: Visitor
) -> None:
    place = decide(marijke, "newsletter", "no")
    office.work()
    assert active(office, "newsletter") == [0]
    assert active(office, "workshops") == [1], "the others stay"
    assert "Yes, it is done" in marijke.get(place).text

    decide(marijke, "newsletter", "yes")
    office.work()
    assert active(office, "newsletter") == [1]


def test_each_decision_is_kept_with_the_words_it_was_about(
    office: Office, marijke: Visitor
) -> None:
    decide(marijke, "newsletter", "no")
    decide(marijke, "newsletter", "yes")

    with office.database.reading() as db:
        rows = db.execute(text("SELECT * FROM consents ORDER BY id")).mappings().all()
    assert [bool(row["granted"]) for row in rows] == [False, True]
    assert all(row["wording"] and row["wording_version"] and row["locale"] == "en" for row in rows)
    assert all(row["request_id"] for row in rows)


def test_stopping_what_rests_on_no_consent_is_an_objection(
    office: Office, marijke: Visitor
) -> None:
    decide(marijke, "offers", "no")
    decide(marijke, "newsletter", "no")

    with office.database.reading() as db:
        rights = db.execute(text('SELECT "right" FROM requests ORDER BY received_at, id')).scalars()
        assert sorted(rights) == ["object", "withdraw"]


def test_all_records_of_one_person_stop(office: Office) -> None:
    hendrik = office.visitor().sign_in(office, HENDRIK)
    decide(hendrik, "newsletter", "no")
    office.work()

    assert not any(active(office, "newsletter", HENDRIK))
    assert active(office, "newsletter") == [1], "somebody else's go on"


def test_two_people_of_one_mailbox_can_both_be_stopped_by_it(office: Office) -> None:
    shared = office.visitor().sign_in(office, "familie.jansen@example.net", goal="less")
    decide(shared, "newsletter", "no")
    office.work()

    assert not any(active(office, "newsletter", "familie.jansen@example.net"))


def test_a_decision_taken_twice_stands_and_changes_nothing_the_second_time(
    office: Office, marijke: Visitor
) -> None:
    decide(marijke, "newsletter", "no")
    office.work()
    before = office.crm("SELECT * FROM subscriptions")
    place = decide(marijke, "newsletter", "no")
    office.work()

    assert office.crm("SELECT active FROM subscriptions") == [
        {"active": row["active"]} for row in before
    ]
    assert "Yes, it is done" in marijke.get(place).text


def test_a_withdrawal_while_the_crm_is_away_is_received_and_delivered_later(
    office: Office, marijke: Visitor
) -> None:
    token = marijke.get("/me/consents").fields["csrf_token"]
    away = office.crm_file.with_name("away")
    for adapter in office.portal.adapters.values():
        adapter.close()
    office.crm_file.rename(away)
    answer = marijke.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    assert answer.status == 303
    office.work()
    assert "Yes, it is done" not in marijke.get(answer.location).text

    away.rename(office.crm_file)
    office.clock.advance(minutes=10)
    office.work()

    assert active(office, "newsletter") == [0]
    assert "Yes, it is done" in marijke.get(answer.location).text
