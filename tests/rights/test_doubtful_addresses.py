"""C2, C6: under an address that was changed just now what protects can be done, and not undone."""

import pytest

from portal.rights.held.holdings import Reading
from tests.footers import subscriptions
from tests.laters import choose_later, keep
from tests.movings import NEW, changed, says
from tests.portals import MARIJKE, Letter, Office, Page, Visitor

WORDS = "One of us does this with you"
NOT_YET = "The e-mail address was changed a short while ago, and that can be taken back still."


def under_the_new(office: Office) -> Visitor:
    return office.visitor().sign_in(office, NEW)


def restricts(visitor: Visitor, on: str) -> Page:
    token = visitor.get("/me/requests").fields["csrf_token"]
    return visitor.post("/me/restrict", csrf_token=token, on=on)


def decides(visitor: Visitor, granted: str) -> Page:
    token = visitor.get("/me/requests").fields["csrf_token"]
    fields = {"purpose": "newsletter", "granted": granted}
    return visitor.post("/me/consents", csrf_token=token, **fields)


def undoes(visitor: Visitor, place: str) -> Page:
    token = visitor.get("/me/requests").fields["csrf_token"]
    stop = place.rpartition("/")[2]
    return visitor.post("/me/consents/undo", csrf_token=token, stop=stop)


def planned(office: Office) -> tuple[Letter, str]:
    """She has planned an erasure, and her address is changed without a word of the old mailbox."""
    place = choose_later(office.visitor().sign_in(office, goal="erase"))
    told, _ = changed(office, vouched=False)
    return told, place


def test_c2_a_deletion_that_waits_is_not_taken_back(office: Office) -> None:
    told, place = planned(office)
    visitor = under_the_new(office)

    shown = visitor.get(place).text
    assert NOT_YET in shown
    assert "I changed my mind" not in shown
    assert "You can still change your mind" not in shown
    assert "You can still change your mind" not in visitor.get("/me/restrict").text
    refused = keep(visitor, place)
    assert (refused.status, refused.heading) == (403, WORDS)

    says(office, told, "leave")
    assert keep(visitor, place).status == 303


def test_c2_it_is_taken_back_and_fails_without_the_check(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(Reading, "is_doubtful", lambda *_: False)
    _, place = planned(office)
    with pytest.raises(AssertionError):
        assert keep(under_the_new(office), place).status == 403


def test_c2_a_restriction_is_not_lifted(office: Office) -> None:
    restricts(office.visitor().sign_in(office), "yes")
    changed(office, vouched=False)
    visitor = under_the_new(office)

    shown = visitor.get("/me/restrict").text
    assert NOT_YET in shown
    assert "Use my data again" not in shown
    refused = restricts(visitor, "no")
    office.work()

    assert (refused.status, refused.heading) == (403, WORDS)
    assert office.contact(NEW)["restricted"]


def test_c2_no_consent_is_given_and_every_one_is_stopped(office: Office) -> None:
    changed(office, vouched=False)
    visitor = under_the_new(office)

    assert decides(visitor, "no").status == 303
    assert NOT_YET in visitor.get("/me/consents").text
    assert "I want this" not in visitor.get("/me/consents").text
    refused = decides(visitor, "yes")
    office.work()

    assert (refused.status, refused.heading) == (403, WORDS)
    assert subscriptions(office, NEW)[1, "newsletter"] == 0


def test_c2_a_slip_is_undone_where_it_was_made_and_nowhere_else(office: Office) -> None:
    changed(office, vouched=False)
    visitor = under_the_new(office)
    place = decides(visitor, "no").location
    another = under_the_new(office)

    assert "Undo" not in another.get("/me/consents").text
    assert undoes(another, place).status == 410
    assert "Undo" in visitor.get("/me/consents").text
    assert undoes(visitor, place).status == 303


def test_under_the_old_one_too_while_it_can_be_taken_back(office: Office) -> None:
    restricts(office.visitor().sign_in(office), "yes")
    changed(office)
    office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "VALUES (900, ?, 'Pieter', 'Nieuwkoop', 'nl', 'winkel', '2026-03-20')",
        MARIJKE,
    )
    assert restricts(office.visitor().sign_in(office), "no").status == 403
