"""E7: direct marketing ends with one click, everywhere and at once; other use goes to a person."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.proof.ledger import Event
from portal.rights.lasting.replay import Replaying
from portal.rights.restricting.objecting import Objecting
from portal.store.tables import Consent, Delivery, LedgerEntry, Request
from tests.laters import MAILINGS, back, back_up, decisions, is_restricted, mailings, put_back
from tests.portals import MARIJKE, Page, Visitor
from tests.recovering import Check, Recovering, must_fail

ALL_ON = dict.fromkeys(MAILINGS, True)
EVERY = (*MAILINGS, "partners")
OTHER = {"what": "other", "about-customers": "yes"}


def press(visitor: Visitor, **fields: str) -> Page:
    token = visitor.get("/me/object").fields["csrf_token"]
    return visitor.post("/me/object", csrf_token=token, **fields)


def stop_all(recovering: Recovering, visitor: Visitor) -> str:
    answer = press(visitor, what="marketing")
    assert answer.status == 303, answer.text
    recovering.office.work()
    return answer.location


def rights(recovering: Recovering) -> list[tuple[str, tuple[str, ...]]]:
    with recovering.office.database.reading() as db:
        rows = db.query(Request).order_by(Request.received_at)
        return sorted((row.right, tuple(row.details.get("purposes", ()))) for row in rows)


# --- direct marketing -----------------------------------------------------------------------------


def test_e7_one_click_stops_every_mailing_on_whatever_ground(recovering: Recovering) -> None:
    visitor = back(recovering)
    assert mailings(recovering) == ALL_ON
    assert "You need no reason." in visitor.get("/me/object").text

    place = stop_all(recovering, visitor)

    assert not any(mailings(recovering).values())
    assert rights(recovering) == [("object", (one,)) for one in sorted(EVERY)]
    assert decisions(recovering) == [(one, False, "portal:objection") for one in EVERY]
    with recovering.office.database.reading() as db:
        assert all(row.wording and row.wording_version for row in db.query(Consent))
        assert {row.state for row in db.query(Delivery)} == {"confirmed"}
    page = visitor.get(place).text
    assert "Stopped with it" in page
    assert "This goes on" in page
    assert "Customer records" in page, "letters about an order go on"
    assert "You have stopped all of it." in visitor.get("/me/object").text


def test_e7_it_is_one_commit(recovering: Recovering) -> None:
    visitor = back(recovering)
    with pytest.MonkeyPatch.context() as patch:
        really = Objecting._stop

        def breaks(self: Objecting, *args: object) -> str:
            really(self, *args)  # type: ignore[arg-type]
            raise RuntimeError

        patch.setattr(Objecting, "_stop", breaks)
        assert press(visitor, what="marketing").status == 500
    recovering.office.work()
    assert decisions(recovering) == []
    assert mailings(recovering) == ALL_ON


def test_e7_a_second_click_is_the_same_objection(recovering: Recovering) -> None:
    visitor = back(recovering)
    place = stop_all(recovering, visitor)
    assert stop_all(recovering, visitor) == place
    assert len(decisions(recovering)) == len(EVERY)

    recovering.office.clock.advance(minutes=1)
    recovering.decide(visitor, "workshops", "yes")
    assert "You have stopped all of it." not in visitor.get("/me/object").text
    assert stop_all(recovering, visitor) != place
    assert not any(mailings(recovering).values())


def test_e7_what_is_off_is_objected_to_as_well(recovering: Recovering) -> None:
    """A back-up of the CRM may hold that it is on."""
    recovering.office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 1")
    stop_all(recovering, back(recovering))
    assert len(decisions(recovering)) == len(EVERY)


def test_e7_it_is_done_in_the_frame_too(recovering: Recovering) -> None:
    frame = recovering.office.visitor(frame="demo").sign_in(recovering.office)
    assert frame.post("/me/object", what="marketing").status in {200, 303}
    recovering.office.work()
    assert not any(mailings(recovering).values())


def check_e7_after_restore(recovering: Recovering) -> None:
    """The CRM was restored from before the objection: direct marketing stays off."""
    since = recovering.office.clock()
    recovering.office.crm("UPDATE subscriptions SET active = 0 WHERE mailing = 'newsletter'")
    with recovering.crm_put_back():
        stop_all(recovering, back(recovering))
    assert mailings(recovering)["offers"]
    found = recovering.replay(since)
    assert not any(mailings(recovering).values())
    assert found["objections"] == 2
    assert found["withdrawals"] == 0


def test_e7_direct_marketing_stays_off_after_the_crm_was_restored(recovering: Recovering) -> None:
    check_e7_after_restore(recovering)


def check_e7_after_both(recovering: Recovering) -> None:
    """Neither the portal's back-up nor the CRM's knows of the objection."""
    back_up(recovering)
    with recovering.crm_put_back():
        stop_all(recovering, back(recovering))
    put_back(recovering)
    assert not any(mailings(recovering).values())


def test_e7_direct_marketing_stays_off_after_both_were_restored(recovering: Recovering) -> None:
    check_e7_after_both(recovering)
    assert "You have stopped all of it." in back(recovering).get("/me/object").text


# --- other use ------------------------------------------------------------------------------------


def test_e7_other_use_goes_to_a_person_with_her_reasons(recovering: Recovering) -> None:
    visitor = back(recovering)
    page = visitor.get("/me/object")
    assert "How you came to us" in page.text
    assert "Orders and invoices: " in page.text, "goes on, and is not to be chosen"
    assert "about-orders" not in page.text

    answer = press(visitor, why="I would rather not be counted.", **OTHER)
    assert answer.status == 303, answer.text
    recovering.office.work()

    ((brief, _day),) = recovering.office.portal.services.desk.casework.all_open()
    assert brief.kind == "object"
    shown = visitor.get(answer.location).text
    assert "With one of us" in shown
    assert "Customer records" in shown
    assert "by 2 April 2026" in shown
    assert "Yes, it is done." not in shown
    assert mailings(recovering) == ALL_ON
    assert not is_restricted(recovering)
    assert b"rather not be counted" not in recovering.stored()
    with recovering.office.database.reading() as db:
        facts = [row.facts for row in db.query(LedgerEntry) if row.event == Event.REQUEST_RECEIVED]
    assert facts == [{"right": "object", "adapters": [], "activities": ["customers"]}]


def test_e7_her_data_is_restricted_meanwhile_if_she_wants(recovering: Recovering) -> None:
    visitor = back(recovering)
    assert press(visitor, meanwhile="yes", **OTHER).status == 303
    recovering.office.work()
    assert is_restricted(recovering)
    assert "We keep your data, and do not use it" in visitor.get("/me").text


def test_e7_what_is_wrong_is_said_and_what_she_wrote_is_kept(recovering: Recovering) -> None:
    visitor = back(recovering)
    none = press(visitor, what="other", why="Because.", meanwhile="yes")
    assert none.status == 422
    assert "Choose what you object to." in none.text
    assert "Because.</textarea>" in none.text
    long = press(visitor, why="x" * 4001, **OTHER)
    assert long.status == 422
    assert "longer than 4000 characters" in long.text
    assert press(visitor, what="everything").status == 400
    assert press(visitor, what="other", **{"about-orders": "yes"}).status == 422
    assert press(visitor, what="other", **{"about-nothing": "yes"}).status == 400
    assert rights(recovering) == []


def test_e7_who_asks_again_and_again_is_told_so(recovering: Recovering) -> None:
    visitor = back(recovering)
    for _ in range(5):
        assert press(visitor, **OTHER).status == 303
    answer = press(visitor, why="Once more.", **OTHER)
    assert answer.status == 429
    assert "Once more.</textarea>" in answer.text
    assert press(visitor, what="marketing").status == 303, "that is never too often"


def test_e7_of_several_people_nothing_is_named_and_the_mail_is_stopped_for_all(
    recovering: Recovering,
) -> None:
    recovering.office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "SELECT 900, email, 'Kees', 'de Vries', language, source, updated_at "
        "FROM contacts WHERE id = 1"
    )
    recovering.office.crm(
        "INSERT INTO subscriptions VALUES (900, 'newsletter', 1, '2020-01-01', 'x', NULL, NULL)"
    )
    visitor = back(recovering)
    assert "about-customers" not in visitor.get("/me/object").text
    stop_all(recovering, visitor)
    assert recovering.newsletter(email=MARIJKE) == [0, 0]


def test_e7_an_objection_that_a_person_weighs_is_not_forgotten_by_a_restored_portal(
    recovering: Recovering,
) -> None:
    back_up(recovering)
    press(back(recovering), **OTHER)
    recovering.office.work()
    recovering.office.clock.advance(hours=1)
    put_back(recovering)
    ((brief, _day),) = recovering.office.portal.services.desk.casework.all_open()
    assert brief.kind == "object"
    assert brief.received_at == recovering.office.clock() - timedelta(hours=1)


# --- switched off ---------------------------------------------------------------------------------


def _only_what_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Objecting, "marketing", lambda self: self._register.purposes[:1])


def _nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replaying, "_is_on", lambda *_: False)


def _nothing_is_journaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.requests.receiving.JOURNALED", ())


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_e7_after_restore, _only_what_is_on),
        (check_e7_after_restore, _nothing_is_looked_for),
        (check_e7_after_both, _nothing_is_journaled),
    ],
)
def test_e7_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off(monkeypatch)
    must_fail(check, recovering)
