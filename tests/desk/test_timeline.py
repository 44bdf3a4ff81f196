"""One request's timeline: complete, in codes, and every look is in the ledger."""

import pytest

from portal.adapters.contract import Unreachable
from tests.desk.conftest import Crm, correct
from tests.desks import Person, add_operator, at_the_desk, ledger, sit_down
from tests.mailings import decide, undo
from tests.portals import Office, Visitor


def test_a_timeline_tells_what_happened_in_order(
    office: Office, anna: Person, crm: Crm, dead_letter: str
) -> None:
    operator = at_the_desk(office, anna)
    desk = office.portal.services.desk
    first = desk.timelines.look(operator, dead_letter)
    assert first is not None
    (leg,) = first.legs
    crm.is_mended()
    desk.acts.replay(operator, leg.job_id or 0)
    office.work()

    timeline = desk.timelines.look(operator, dead_letter)

    assert timeline is not None
    assert [(one.event, one.state, one.operator) for one in timeline.moments] == [
        ("request_received", None, None),
        ("delivered", "failed", None),
        ("operator_looked", None, "anna"),
        ("operator_replayed", None, "anna"),
        ("delivered", "confirmed", None),
        ("operator_looked", None, "anna"),
    ]
    (leg,) = timeline.legs
    assert (leg.adapter, leg.state, leg.job_id) == ("crm", "confirmed", None)
    assert not timeline.is_moving


def test_the_page_names_what_it_was_about_and_why_it_failed(
    office: Office, anna: Person, dead_letter: str
) -> None:
    page = sit_down(office, anna).get(f"/operator/requests/{dead_letter}")

    assert page.heading == "Correction: Phone number"
    for words in (
        "The system refused it.",
        "given up",
        "To be answered by 2 April 2026.",
        "Try again",
    ):
        assert words in page.text


def test_what_is_tried_again_says_when(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses(Unreachable("gone"))
    request_id = correct(marijke)
    office.work()

    page = sit_down(office, anna).get(f"/operator/requests/{request_id}")
    for words in ("not confirmed yet", "The system did not answer.", "1 try", "next at"):
        assert words in page.text
    assert "data-poll" in page.text


def test_a_look_is_one_entry_with_who_looked_at_whom(
    office: Office, anna: Person, dead_letter: str
) -> None:
    visitor = sit_down(office, anna)
    before = len(ledger(office))

    visitor.get(f"/operator/requests/{dead_letter}")

    (told,) = ledger(office)[before:]
    received = next(one for one in ledger(office) if one.event == "request_received")
    assert (told.event, told.facts) == ("operator_looked", {"operator": 1})
    assert (told.request_id, told.subject_id) == (dead_letter, received.subject_id)


def test_a_page_that_looks_again_by_itself_is_one_look_with_the_first(
    office: Office, anna: Person, dead_letter: str
) -> None:
    visitor, path = sit_down(office, anna), f"/operator/requests/{dead_letter}"
    visitor.get(path)
    for _ in range(3):
        visitor.get(path, headers={"Portal-Poll": "1"})
    assert office.events().count("operator_looked") == 1

    visitor.get(path)
    assert office.events().count("operator_looked") == 2


def test_nobody_looks_unseen_by_pretending_to_look_again(
    office: Office, anna: Person, dead_letter: str
) -> None:
    path, poll = f"/operator/requests/{dead_letter}", {"Portal-Poll": "1"}
    sit_down(office, anna).get(path, headers=poll)
    assert office.events().count("operator_looked") == 1

    sit_down(office, add_operator(office, "mo")).get(path, headers=poll)
    assert office.events().count("operator_looked") == 2
    office.clock.advance(minutes=16)
    sit_down(office, anna).get(path, headers=poll)
    assert office.events().count("operator_looked") == 3


def test_when_the_look_cannot_be_written_down_nothing_is_shown(
    office: Office, anna: Person, dead_letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sit_down(office, anna)

    def fails(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(office.portal.ledger, "note", fails)
    page = visitor.get(f"/operator/requests/{dead_letter}")

    assert page.status == 500
    assert "Phone number" not in page.text


@pytest.mark.parametrize("request_id", ["nothing", "..", "a\0b", "'--"])
def test_a_request_that_is_not_there_is_told_and_not_noted(
    office: Office, anna: Person, request_id: str
) -> None:
    answer = sit_down(office, anna).get(f"/operator/requests/{request_id}")

    assert answer.status == 404
    assert "operator_looked" not in office.events()


def test_a_wish_that_goes_along_with_an_earlier_one_can_be_replayed_with_it(
    office: Office, anna: Person, crm: Crm, marijke: Visitor
) -> None:
    crm.refuses()
    first, second = correct(marijke), correct(marijke)
    office.work()

    page = sit_down(office, anna).get(f"/operator/requests/{second}")
    assert "together with an earlier wish for the same" in page.text
    job = page.fields["job"]
    operator = at_the_desk(office, anna)
    crm.is_mended()
    office.portal.services.desk.acts.replay(operator, int(job))
    office.work()

    for request_id in (first, second):
        timeline = office.portal.services.desk.timelines.look(operator, request_id)
        assert timeline is not None
        assert [leg.state for leg in timeline.legs] == ["confirmed"]


def test_what_was_put_back_is_not_called_a_consent(office: Office, anna: Person) -> None:
    marijke = office.visitor().sign_in(office)
    stop = decide(marijke, "newsletter", "no").location
    put_back = undo(marijke, stop).location.rpartition("/")[2].partition("?")[0]

    page = sit_down(office, anna).get(f"/operator/requests/{put_back}")

    assert page.heading == "Put back as it was: Newsletter"
