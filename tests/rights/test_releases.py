"""An operator's release: she sees more, on one site, until it ends by itself."""

import pytest

from portal.desk.casework import Casework
from portal.store.tables import Case, Release
from tests.desks import add_operator, ledger
from tests.portals import Office, Visitor

ORDERS = "Workshop snoeien"
WITHHELD = "Held, but not shown here"


@pytest.fixture
def casework(office: Office) -> Casework:
    add_operator(office)
    return office.portal.services.desk.casework


def ask(office: Office) -> tuple[Visitor, str]:
    visitor = office.visitor().sign_in(office)
    assert "/me/more" in visitor.get("/me").text
    visitor.submit(visitor.get("/me/more"), "/me/more", contact="06 1000 4820")
    with office.database.reading() as db:
        (case,) = db.query(Case)
    assert case.kind == "release"
    return visitor, case.reference


def test_she_asks_for_it_and_sees_it_at_once_when_somebody_is_sure(
    office: Office, casework: Casework
) -> None:
    visitor, reference = ask(office)
    assert WITHHELD in visitor.get("/me").text

    until = casework.release(1, reference, 7)

    assert until is not None
    page = visitor.get("/me")
    assert WITHHELD not in page.text
    assert "Invoiced to" in page.text, "the columns of her orders"
    assert visitor.get("/me/more").status == 303
    events = {one.event: one.facts for one in ledger(office)}
    assert events["released"] == {
        "operator": 1,
        "case": reference,
        "kind": "release",
        "days": 7,
        "site": "demo",
    }
    assert events["case_closed"]["outcome"] == "done"


def test_it_holds_for_the_next_session_and_ends_by_itself(
    office: Office, casework: Casework
) -> None:
    _visitor, reference = ask(office)
    casework.release(1, reference, 7)
    office.clock.advance(days=6)
    assert WITHHELD not in office.visitor().sign_in(office).get("/me").text
    office.clock.advance(days=1)
    assert WITHHELD in office.visitor().sign_in(office).get("/me").text

    office.clock.advance(hours=2)
    office.portal.schedule.arm()
    office.work()
    with office.database.reading() as db:
        assert db.query(Release).count() == 0


def test_it_is_of_that_site_and_of_nobody_else(office: Office, casework: Casework) -> None:
    _visitor, reference = ask(office)
    casework.release(1, reference, 7)
    elsewhere = office.visitor()
    asked = elsewhere.ask(site="other")
    elsewhere.submit(asked, "/signin/code", code=office.next_mail().code)
    other = office.visitor().sign_in(office, "hendrik.bosman@example.com")

    assert WITHHELD in elsewhere.get("/me").text
    assert WITHHELD in other.get("/me").text


def test_a_case_that_is_closed_or_of_nobody_in_particular_releases_nothing(
    office: Office, casework: Casework
) -> None:
    _visitor, reference = ask(office)
    stranger = office.visitor()
    answer = stranger.submit(
        stranger.get("/question"), "/question", message="Let me in", contact="x@example.org"
    )
    of_nobody = answer.location.rpartition("/")[2].partition("?")[0]
    assert casework.release(1, of_nobody, 7) is None
    assert casework.release(1, reference, 7) is not None
    assert casework.release(1, reference, 7) is None, "once"
    assert casework.release(1, "ABCD-EF23-GH45", 7) is None
