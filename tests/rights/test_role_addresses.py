"""Addresses that a whole company reads: nothing is shown, and everything can be stopped."""

import re

import pytest

from portal.config.parts import ROLE_ADDRESSES
from portal.domain.addresses import Email
from portal.rights.held.holdings import is_role
from portal.store.tables import Case
from tests.portals import MARIJKE, Office, StartOffice, Visitor

OFFICE = "info@example.org"
HERS = ("Marijke", "Lindelaan", "06-1000482")


def come_in(office: Office, goal: str = "view") -> Visitor:
    office.crm("UPDATE contacts SET email = ? WHERE email = ?", OFFICE, MARIJKE)
    return office.visitor().sign_in(office, OFFICE, goal)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("info@example.org", True),
        ("INFO@example.org", True),
        ("Kantoor@example.org", True),
        ("info.jansen@example.org", False),
        ("info+me@example.org", False),
        ("infoo@example.org", False),
        ("jansen@info.example", False),
    ],
)
def test_a_role_is_the_whole_part_before_the_at(address: str, is_one: bool) -> None:
    assert is_role(Email.parse(address), ROLE_ADDRESSES) is is_one


def test_c2_no_value_is_shown_and_nothing_is_done_but_stopping(office: Office) -> None:
    visitor = come_in(office, "erase")
    for path in ("", "/correct", "/export", "/erase", "/consents", "/which"):
        assert not any(one in visitor.get(f"/me{path}").text for one in HERS), path
    assert "More people may read the mail" in visitor.get("/me").text
    token = visitor.get("/me/which").fields["csrf_token"]
    assert visitor.post("/me/erase", csrf_token=token, when="now").status == 403
    number = office.crm("SELECT customer_number FROM contacts WHERE id = 1")[0]["customer_number"]
    assert visitor.post("/me/which", csrf_token=token, number=number).status == 422
    assert not any(one in visitor.get("/me").text for one in HERS), "no number opens it either"

    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()

    (kept,) = office.crm(
        "SELECT active FROM subscriptions WHERE contact_id = 1 AND mailing = 'newsletter'"
    )
    assert kept["active"] == 0


def test_it_goes_to_a_person_and_the_clock_runs(office: Office) -> None:
    visitor = come_in(office)
    token = visitor.get("/me/which").fields["csrf_token"]
    place = visitor.post(
        "/me/which/help", csrf_token=token, message="A copy, please", contact="06 1234 5678"
    ).location

    assert "by 2 April 2026" in visitor.get(place).text
    with office.database.reading() as db:
        assert db.query(Case).one().kind == "role_address"


def test_whoever_asks_for_a_code_is_answered_as_everybody_is(office: Office) -> None:
    office.crm("UPDATE contacts SET email = ? WHERE email = ?", OFFICE, MARIJKE)
    pages = [office.visitor().ask(one).text for one in (OFFICE, "nobody@example.org")]
    bare = [re.sub(r'(nonce|value|href)="[^"]*"', "", page) for page in pages]

    assert bare[0] == bare[1]


def test_a_site_may_have_a_list_of_its_own(start_office: StartOffice) -> None:
    office = start_office(role_addresses=["ledenadministratie"])

    assert any(one in come_in(office).get("/me").text for one in HERS)
