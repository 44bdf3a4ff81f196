"""N6, C3: a mailbox gets a new owner, and nothing of who had left it is his."""

import pytest

from portal.access import left
from portal.adapters.contract import Unsupported
from portal.store.tables import AddressChange, Suppression
from tests.footers import one_click, subscriptions, token_of
from tests.laters import back_up, put_back
from tests.movings import (
    DAYS,
    NEW,
    address,
    asks,
    changed,
    deliveries,
    pending,
    proves,
    says,
    signed_in,
    subject_of,
)
from tests.portals import MARIJKE, Office, Page, StartOffice, Visitor
from tests.recovering import Recovering
from tests.rights.wishes import ERASURE
from tests.servers.databases import FreshDatabase

HIM = 900
"""His record in the CRM, of the new owner of her mailbox."""


def comes_in(office: Office) -> None:
    office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "VALUES (?, ?, 'Pieter', 'Nieuwkoop', 'nl', 'winkel', '2026-03-20')",
        HIM,
        MARIJKE,
    )
    office.crm(
        "INSERT INTO subscriptions VALUES (?, 'newsletter', 1, '2026-03-20', 'winkel', NULL, NULL)",
        HIM,
    )


def years_later(office: Office, days: int = DAYS + 30) -> None:
    office.clock.advance(days=days)
    office.portal.services.rights.changing.asking.forget()
    office.work()
    with office.database.reading() as db:
        assert not db.query(AddressChange).count(), "nothing of the change is kept"


def his(office: Office, goal: str = "view") -> Visitor:
    return office.visitor().sign_in(office, MARIJKE, goal=goal)


def listed(page: Page) -> bool:
    return "Another e-mail address" in page.text


def test_c3_the_new_owner_of_a_mailbox_sees_no_request_of_who_had_left_it(office: Office) -> None:
    changed(office)
    hers = subject_of(office, NEW)
    years_later(office)
    comes_in(office)

    him = his(office)

    assert "Pieter" in him.get("/me").text
    assert not listed(him.get("/me/requests"))
    assert subject_of(office, MARIJKE) != hers == subject_of(office, NEW)
    assert listed(office.visitor().sign_in(office, NEW).get("/me/requests"))


def test_c3_he_is_seen_as_her_and_fails_without_letting_the_address_go(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(left, "is_free", lambda *_: False)
    changed(office)
    years_later(office)
    comes_in(office)
    with pytest.raises(AssertionError):
        assert not listed(his(office).get("/me/requests"))


def test_what_he_erases_is_his_and_what_she_erases_is_hers(office: Office) -> None:
    changed(office)
    years_later(office)
    comes_in(office)
    ERASURE.ask(his(office, goal="erase"))
    office.work()

    assert address(office) == NEW, "hers is there"
    assert address(office, HIM) == "None", "his is not"

    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()
    assert address(office) == "None"
    with office.database.reading() as db:
        assert db.query(Suppression).count() == 2


def test_n2_who_was_erased_elsewhere_does_not_take_him_along(recovering: Recovering) -> None:
    office = recovering.office
    changed(office)
    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()
    years_later(office)
    comes_in(office)
    his(office)

    swept = recovering.sweep()

    assert swept["reappeared"] == 0
    assert address(office, HIM) == MARIJKE


def test_a_link_in_a_mail_of_his_stops_his(office: Office) -> None:
    changed(office)
    years_later(office)
    comes_in(office)
    his(office)

    assert one_click(office, token_of(office)).status == 200
    office.work()

    assert subscriptions(office, MARIJKE)[HIM, "newsletter"] == 0
    assert subscriptions(office, NEW)[1, "newsletter"] == 1


def test_before_it_can_be_taken_back_no_more_he_has_the_veto_and_no_more(office: Office) -> None:
    told, _ = changed(office)
    comes_in(office)
    him = his(office, goal="erase")

    shown = him.get("/me").text
    assert "was changed into another one a short while ago" in shown
    assert "Pieter" not in shown
    refused = him.get("/me/erase")
    assert "Delete everything" not in refused.text
    says(office, told, "back")
    office.work()
    assert address(office) == MARIJKE


def test_taken_back_it_is_hers_as_before_for_good(office: Office) -> None:
    told, _ = changed(office)
    says(office, told, "back")
    office.work()
    years_later(office)

    assert listed(his(office).get("/me/requests"))


def test_where_her_record_has_the_old_address_still_it_is_hers(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that a person has to see to: what stands there under the old address is hers."""

    def unsupported(*_args: object, **_more: object) -> None:
        raise Unsupported("a person does it by hand")

    (crm,) = office.portal.adapters.values()
    monkeypatch.setattr(crm, "set_address", unsupported)
    changed(office)
    assert (address(office), deliveries(office)) == (MARIJKE, [("failed", "unsupported")])
    years_later(office)

    assert listed(his(office).get("/me/requests"))


def test_who_has_gone_back_to_it_has_not_left_it(office: Office) -> None:
    changed(office)
    assert says(office, pending(office, NEW, MARIJKE), "yes").status == 200
    office.work()
    office.next_mail(), office.next_mail()
    who = subject_of(office, MARIJKE)
    years_later(office)

    assert listed(his(office).get("/me/requests"))
    assert subject_of(office, MARIJKE) == who


def test_another_subscriber_may_take_the_address_that_was_left(office: Office) -> None:
    hendrik = "hendrik.bosman@example.com"
    changed(office)
    years_later(office)
    visitor = signed_in(office, hendrik)
    says(office, proves(office, visitor, asks(visitor, MARIJKE)), "yes")
    office.work()

    assert subject_of(office, MARIJKE) == subject_of(office, hendrik) != subject_of(office, NEW)


def test_n11_a_portal_put_back_knows_that_he_is_somebody_else(recovering: Recovering) -> None:
    office = recovering.office
    office.visitor().sign_in(office)
    back_up(recovering)
    changed(office)
    years_later(office)
    comes_in(office)
    recovering.decide(his(office), "newsletter", "no")
    him, her = subject_of(office, MARIJKE), subject_of(office, NEW)

    put_back(recovering)

    office = recovering.office
    assert (subject_of(office, MARIJKE), subject_of(office, NEW)) == (him, her)
    assert subscriptions(office, NEW)[1, "newsletter"] == 1
    assert not listed(his(office).get("/me/requests"))


def test_n11_a_portal_put_back_knows_that_she_has_left_it(recovering: Recovering) -> None:
    office = recovering.office
    office.visitor().sign_in(office)
    back_up(recovering)
    changed(office)
    put_back(recovering)
    years_later(recovering.office)
    comes_in(recovering.office)

    assert not listed(his(recovering.office).get("/me/requests"))


@pytest.mark.server
def test_c3_the_same_over_postgresql(
    start_office: StartOffice, fresh_database: FreshDatabase
) -> None:
    office = start_office(database=fresh_database("postgresql"))
    changed(office)
    years_later(office)
    comes_in(office)
    assert not listed(his(office).get("/me/requests"))
    assert subject_of(office, MARIJKE) != subject_of(office, NEW)
