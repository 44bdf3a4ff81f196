"""What a site tells of mailings concerns its own systems: no other site's, and no more."""

from typing import Any

import pytest

from portal.access.sessions import SignedIn
from portal.rights.mailings.decide import Deciding
from tests.footers import rights
from tests.mailings import decide
from tests.portals import Office, StartOffice, Visitor
from tests.rights.copying import make, told

SHOP: dict[str, Any] = {
    "adapter": "sql",
    "label": {"nl": "Winkel", "en": "Shop"},
    "location": {"entity": "Somebody", "hosting": "NL"},
    "url": "sqlite:///crm.sqlite",
    "table": "contacts",
    "email": "email",
    "consents": {"newsletter": {"column": "restricted"}},
}


@pytest.fixture
def two_sites(start_office: StartOffice) -> Office:
    """One looks in the customer file; the other only in the shop, which holds the newsletter."""
    return start_office(
        adapters={"shop": SHOP}, sites={0: {"adapters": ["crm"]}, 1: {"adapters": ["shop"]}}
    )


def sign_in_on(office: Office, site: str, goal: str = "view") -> Visitor:
    visitor = office.visitor()
    asked = visitor.ask(site=site, goal=goal)
    answer = visitor.submit(asked, "/signin/code", code=office.next_code())
    assert answer.status == 303, answer.text
    return visitor


def decide_here_and_there(office: Office) -> Visitor:
    """What she stopped on the first site; she is back on the other."""
    marijke = sign_in_on(office, "demo")
    decide(marijke, "newsletter", "no")
    decide(marijke, "offers", "no")
    office.work()
    return sign_in_on(office, "other")


def test_what_no_system_of_a_site_holds_is_neither_shown_nor_decided_there(
    two_sites: Office,
) -> None:
    there = sign_in_on(two_sites, "other")
    page = there.get("/me/consents")

    assert 'id="p-newsletter"' in page.text
    assert 'id="p-offers"' not in page.text
    assert decide(there, "offers", "no").status == 400
    assert rights(two_sites) == []
    assert 'id="p-offers"' in sign_in_on(two_sites, "demo").get("/me/consents").text


def test_e8_the_history_of_a_site_holds_what_concerns_it(two_sites: Office) -> None:
    page = decide_here_and_there(two_sites).get("/me/consents/history")

    assert "Newsletter" in page.text
    assert "Offers" not in page.text
    assert "Offers" in sign_in_on(two_sites, "demo").get("/me/consents/history").text


def test_e5_so_does_a_copy_that_is_made_there(two_sites: Office) -> None:
    decide_here_and_there(two_sites)

    def decided_on(site: str) -> set[str]:
        two_sites.clock.advance(hours=1)  # so many mails are sent in one
        visitor = sign_in_on(two_sites, site, "copy")
        return {one["purpose"] for one in told(visitor, make(visitor))["decisions"]}

    assert decided_on("other") == {"newsletter"}
    assert decided_on("demo") == {"newsletter", "offers"}


def test_e8_it_leads_to_no_request_that_the_site_does_not_tell_of(two_sites: Office) -> None:
    there = decide_here_and_there(two_sites)
    assert "/me/requests/" not in there.get("/me/consents/history").text
    place = decide(there, "newsletter", "yes").location
    page = there.get("/me/consents/history")

    assert page.text.count("/me/requests/") == 1
    assert place.partition("?")[0] in page.text


def test_e8_the_scope_fails_without_the_look_at_who_holds_it(
    two_sites: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_concern(_self: Deciding, _whose: SignedIn, _purpose: str) -> bool:
        return True

    monkeypatch.setattr(Deciding, "concerns", all_concern)
    assert "Offers" in decide_here_and_there(two_sites).get("/me/consents/history").text
