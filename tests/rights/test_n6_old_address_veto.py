"""N6: the new address confirms, the old one is told, can stop it, and can take it back."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from portal.rights.held.other_addresses import OtherAddresses
from portal.store.recalls import Recalls
from portal.store.tables import Case, LedgerEntry, Recall
from tests.footers import one_click, subscriptions, token_of
from tests.movings import (
    DAYS,
    HOURS,
    NEW,
    address,
    asks,
    came_in,
    change,
    changed,
    deliveries,
    ends,
    open_sessions,
    pending,
    proves,
    recalls,
    says,
    signed_in,
    subject_of,
)
from tests.portals import MARIJKE, Office, Visitor

HENDRIK = "hendrik.bosman@example.com"
THIRD = "third@example.org"


def cases(office: Office) -> list[str]:
    with office.database.reading() as db:
        return [row.kind for row in db.query(Case).order_by(Case.id)]


def steps(office: Office) -> list[str]:
    """What the ledger tells of changes of address."""
    with office.database.reading() as db:
        rows = db.query(LedgerEntry).filter(LedgerEntry.event == "address_change")
        return [row.facts["step"] for row in rows.order_by(LedgerEntry.id)]


def test_n6_five_mails_and_a_yes_change_the_address_everywhere_at_once(office: Office) -> None:
    visitor = signed_in(office)
    subject = subject_of(office, MARIJKE)
    mail = proves(office, visitor, asks(visitor))
    assert address(office) == MARIJKE
    assert mail.to == (MARIJKE,)
    assert NEW not in mail.text, "the old mailbox may be somebody else's by now"
    assert "2 March 2026" in mail.text
    assert "Kwekerij De Late Merel" in mail.text

    assert says(office, mail, "yes").heading == "Thank you, we are changing it now"
    office.work()

    assert address(office) == NEW
    assert deliveries(office) == [("confirmed", None)]
    assert ends(office) == ["effective"]
    assert subject_of(office, NEW) == subject_of(office, MARIJKE) == subject
    assert open_sessions(office) == 0
    assert [one.to for one in office.mails()] == [
        (MARIJKE,),
        (NEW,),
        (MARIJKE,),
        (MARIJKE,),
        (NEW,),
    ]
    assert steps(office) == ["asked", "proven", "vouched", "effective"]


def test_n6_a_sign_in_with_the_new_address_is_hers_with_her_history(office: Office) -> None:
    before = office.visitor().sign_in(office)
    token = before.get("/me/consents").fields["csrf_token"]
    place = before.post(
        "/me/consents", csrf_token=token, purpose="newsletter", granted="no"
    ).location
    changed(office)

    after = office.visitor().sign_in(office, NEW)

    assert "Marijke" in after.get("/me").text
    assert after.get(place).status == 200
    assert "Another e-mail address" in after.get("/me/requests").text
    assert before.get("/me").status == 401


def test_n6_without_a_word_of_the_old_mailbox_it_waits_a_day(office: Office) -> None:
    pending(office)
    office.clock.advance(hours=HOURS, seconds=-1)
    office.work()
    assert address(office) == MARIJKE

    office.clock.advance(seconds=1)
    office.work()

    assert address(office) == NEW
    assert came_in(office) == [(MARIJKE,), (NEW,)]


def test_n6_the_old_mailbox_stops_it_and_everybody_is_signed_out(office: Office) -> None:
    mail = pending(office)
    assert open_sessions(office) == 1

    page = says(office, mail, "no")
    office.clock.advance(hours=HOURS)
    office.work()

    assert page.heading == "It is stopped"
    assert address(office) == MARIJKE
    assert open_sessions(office) == 0
    assert ends(office) == ["stopped"]
    assert change(office).addresses_sealed is None
    assert came_in(office) == [(MARIJKE,), (NEW,)]
    assert says(office, mail, "yes").heading == "It is stopped"
    assert subject_of(office, NEW) is None


@pytest.mark.parametrize("vouched", [True, False])
def test_n6_the_revert_link_restores_the_old_address_in_portal_and_crm_and_ends_sessions(
    office: Office, vouched: bool
) -> None:
    spelled = "Marijke.DeVries@example.org"
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", spelled)
    told, _ = changed(office, vouched=vouched)
    office.visitor().sign_in(office, NEW)
    assert open_sessions(office) == 1
    office.clock.advance(days=DAYS, seconds=-1)

    page = says(office, told, "back")
    office.work()

    assert page.heading == "Your old address is being put back"
    assert address(office) == spelled, "as it was spelled"
    assert deliveries(office) == [("confirmed", None)] * 2
    assert open_sessions(office) == 0
    assert subject_of(office, NEW) is None
    assert came_in(office) == [(spelled,), (NEW,)]
    assert says(office, told, "back").heading == "Your old address is being put back"
    office.work()
    assert len(deliveries(office)) == 2, "once"
    assert "Marijke" in office.visitor().sign_in(office).get("/me").text


def test_n6_the_first_mail_to_the_old_address_can_take_it_back_as_well(office: Office) -> None:
    mail = pending(office)
    office.clock.advance(hours=HOURS)
    office.work()
    assert "Put my old address back" in office.visitor().get(mail.path).text

    says(office, mail, "back")
    office.work()

    assert address(office) == MARIJKE


def test_n6_after_its_time_it_can_not_be_taken_back(office: Office) -> None:
    told, _ = changed(office)
    assert recalls(office)["address_change"] == office.clock() + timedelta(days=DAYS)
    office.clock.advance(days=DAYS)

    assert office.visitor().get(told.path).status == 410
    assert says(office, told, "back").status == 410
    office.work()
    assert address(office) == NEW
    with office.database.unit("test") as unit:
        Recalls.forget(unit.session, office.clock())
        unit.commit()
    assert "address_change" not in recalls(office)


def test_n6_what_somebody_changed_since_is_not_overwritten_by_taking_it_back(
    office: Office,
) -> None:
    told, _ = changed(office)
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", THIRD)

    says(office, told, "back")
    assert came_in(office) == [(MARIJKE,), (NEW,)]

    assert address(office) == THIRD
    assert deliveries(office) == [("confirmed", None), ("conflict", "address_changed")]
    queue = office.portal.services.desk.queue.look()
    assert [one.kind for one in queue.notices] == ["address_unclear"]
    assert queue.choices_in_all == 0, "it is not hers to choose about"
    page = office.visitor().sign_in(office, THIRD).get("/me/requests").text
    assert "your choice" not in page


# --- just changed (C2) ----------------------------------------------------------------------------


def shows_nothing(visitor: Visitor) -> bool:
    pages = [visitor.get(path) for path in ("/me", "/me/correct", "/me/erase", "/me/consents")]
    assert all(page.status == 200 for page in pages)
    return not any("Lindelaan" in page.text or "06-1000482" in page.text for page in pages)


def test_c2_until_the_old_mailbox_can_say_no_more_a_change_without_its_yes_shows_nothing(
    office: Office,
) -> None:
    told, _ = changed(office, vouched=False)
    visitor = office.visitor().sign_in(office, NEW)

    assert shows_nothing(visitor)
    page = visitor.get("/me").text
    assert "This e-mail address was changed a short while ago" in page
    assert "0345 - 00 01 23" in page
    token = visitor.get("/me/consents").fields["csrf_token"]
    stopped = visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()
    assert stopped.status == 303
    assert subscriptions(office, NEW)[1, "newsletter"] == 0

    assert says(office, told, "leave").heading == "It stays as it is"
    assert not shows_nothing(visitor)


def test_c2_after_that_time_it_is_an_address_like_others(office: Office) -> None:
    changed(office, vouched=False)
    office.clock.advance(days=DAYS)
    assert not shows_nothing(office.visitor().sign_in(office, NEW))


def test_c2_with_a_yes_of_the_old_mailbox_it_is_an_address_like_others(office: Office) -> None:
    changed(office)
    assert not shows_nothing(office.visitor().sign_in(office, NEW))


def test_c2_neither_copied_nor_erased_nor_changed_again_meanwhile(office: Office) -> None:
    changed(office, vouched=False)
    for goal in ("copy", "erase", "address"):
        visitor = office.visitor().sign_in(office, NEW, goal=goal)
        token = visitor.get("/me").fields["csrf_token"]
        copied = visitor.post("/me/export", csrf_token=token)
        assert copied.status == 403
        assert visitor.post("/me/erase", csrf_token=token, when="now").status == 403
        asked = visitor.post("/me/address", csrf_token=token, email=THIRD)
        assert asked.status == (409 if goal == "address" else 403)
    office.work()
    assert address(office) == NEW


# --- addresses that are somebody's ----------------------------------------------------------------


def test_n6_an_address_that_is_held_already_is_for_a_person_and_her_page_tells_nothing(
    office: Office,
) -> None:
    visitor, free = signed_in(office), signed_in(office, "nadia.guit@post.example")
    page, other = asks(visitor, HENDRIK), asks(free)

    def plain(text: str, reference: str) -> str:
        return re.sub(r'(nonce|value)="[^"]*"', "", text.replace(reference, "T"))

    assert plain(page.text, page.fields["t"]) == plain(other.text, other.fields["t"])
    mails = office.mails()[-2:]
    (mail,) = [one for one in mails if one.to == (HENDRIK,)]
    assert "We know this address already" in mail.text
    assert "address/new" not in mail.text
    assert sorted(ends(office), key=str) == [None, "taken"]
    assert cases(office) == ["address_in_use"]
    assert visitor.submit(page, "/address/new", code="AAAA-AAAA").status == 422
    assert visitor.get(f"/address/new?t={page.fields['t']}").status == 200
    assert address(office) == MARIJKE
    assert "We know this" not in visitor.get("/me/requests").text


def test_n6_an_address_that_another_subscriber_is_known_by_is_not_merged(office: Office) -> None:
    changed(office, new=THIRD)  # Marijke's, who goes on to another
    office.crm("UPDATE contacts SET email = ? WHERE id = 1", NEW)
    visitor = signed_in(office, "nadia.guit@post.example")

    asks(visitor, MARIJKE)  # held by nobody in the CRM, and hers before

    assert "We know this address already" in office.mails()[-1].text
    assert cases(office) == ["address_in_use"]


def test_n6_an_address_that_came_into_use_while_it_waited_is_left_alone(office: Office) -> None:
    mail = pending(office)
    office.crm("UPDATE contacts SET email = ? WHERE id = 3", NEW)

    says(office, mail, "yes")
    office.work()

    assert (address(office, 1), address(office, 3)) == (MARIJKE, NEW)
    assert ends(office) == ["taken"]
    assert cases(office) == ["address_in_use"]
    assert came_in(office) == [(MARIJKE,), (NEW,)]
    assert subject_of(office, NEW) is None


def test_n6_several_people_with_one_mailbox_are_helped_by_a_person(office: Office) -> None:
    office.crm("UPDATE contacts SET email = ? WHERE id = 3", MARIJKE)
    visitor = signed_in(office)

    page = visitor.get("/me/address")
    token = page.fields["csrf_token"]

    assert "More than one person uses this e-mail address" in page.text
    assert "0345 - 00 01 23" in page.text
    assert visitor.post("/me/address", csrf_token=token, email=NEW).status == 409
    assert ends(office) == []


def test_n6_somebody_else_who_appears_under_the_old_address_meanwhile_stops_it(
    office: Office,
) -> None:
    mail = pending(office)
    office.crm("UPDATE contacts SET email = ? WHERE id = 3", MARIJKE)

    says(office, mail, "yes")
    office.work()

    assert ends(office) == ["several_people"]
    assert cases(office) == ["several_people"]
    assert (address(office, 1), address(office, 3)) == (MARIJKE, MARIJKE)


# --- each safeguard is needed ---------------------------------------------------------------------


def test_n6_the_old_mailbox_has_no_veto_and_fails_without_the_wait(office: Office) -> None:
    """Were a change to take effect as soon as the new mailbox is proven, the veto came too late."""
    means = office.portal.services.rights.changing.proving._means
    object.__setattr__(means, "spans", replace(means.spans, wait=timedelta(0)))
    mail = pending(office)
    office.work()
    says(office, mail, "no")

    with pytest.raises(AssertionError):
        assert address(office) == MARIJKE


def test_n6_what_is_taken_back_stays_open_and_fails_without_ending_sessions(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = changed(office)
    monkeypatch.setattr(type(office.portal.services.sessions), "end_all", lambda *_: None)
    office.visitor().sign_in(office, NEW)
    says(office, told, "back")

    with pytest.raises(AssertionError):
        assert open_sessions(office) == 0


def test_n6_two_people_become_one_and_it_fails_without_the_look_for_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = pending(office)
    office.crm("UPDATE contacts SET email = ? WHERE id = 3", NEW)
    monkeypatch.setattr("portal.rights.address.effect.is_taken", lambda *_: False)

    says(office, mail, "yes")
    office.work()

    with pytest.raises(AssertionError):
        assert (address(office, 1), address(office, 3)) == (MARIJKE, NEW)


def test_c2_a_hijacked_change_shows_everything_and_fails_without_the_doubt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(office, vouched=False)
    monkeypatch.setattr(OtherAddresses, "is_just_changed", lambda *_: False)

    with pytest.raises(AssertionError):
        assert shows_nothing(office.visitor().sign_in(office, NEW))


def test_n6_nothing_is_sealed_of_it_after_its_end(office: Office) -> None:
    told, _ = changed(office)
    with office.database.reading() as db:
        assert all(NEW.encode() not in row.sealed for row in db.query(Recall))
    assert change(office).addresses_sealed is None
    assert one_click(office, token_of(office)).status == 200
    assert told.to == (MARIJKE,)
