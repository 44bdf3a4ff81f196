"""E10: what is restricted is kept and not used, in every system, until it is lifted and she knows.

N-controls at the end: each safeguard, switched off, is missed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.adapters.contract import Unreachable
from portal.mail.smtp import MailRefused
from portal.rights.cases.casebook import Outcome
from portal.rights.deeds.marks import Marks
from portal.store.tables import Delivery, LedgerEntry, Recall, Request
from portal.web.context import me
from tests.desks import add_operator, at_the_desk
from tests.laters import back, back_up, is_restricted, keep, later, put_back, wait
from tests.portals import MARIJKE, Office, Page, Visitor
from tests.recovering import Check, Recovering, must_fail

HENDRIK = "hendrik.bosman@example.com"


def press(visitor: Visitor, on: str) -> Page:
    token = visitor.get("/me/requests").fields["csrf_token"]
    return visitor.post("/me/restrict", csrf_token=token, on=on)


def restrict(recovering: Recovering) -> tuple[Visitor, str]:
    """She restricts, and it is delivered; she, and where the request is."""
    visitor = back(recovering)
    answer = press(visitor, "yes")
    assert answer.status == 303, answer.text
    recovering.office.work()
    return visitor, answer.location


def free(recovering: Recovering, visitor: Visitor) -> str:
    answer = press(visitor, "no")
    assert answer.status == 303, answer.text
    recovering.office.work()
    return answer.location


def states(recovering: Recovering, *rights: str) -> list[tuple[str, str, str | None]]:
    with recovering.office.database.reading() as db:
        rows = db.query(Delivery, Request).join(Request, Request.id == Delivery.request_id)
        return [
            (request.right, one.state, one.outcome.get("cause"))
            for one, request in rows.order_by(Delivery.id)
            if not rights or request.right in rights
        ]


def recalls(recovering: Recovering) -> int:
    with recovering.office.database.reading() as db:
        return db.query(Recall).count()


def twin(recovering: Recovering, *, restricted: int) -> None:
    """A second record of hers, of the same name."""
    recovering.office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, restricted, "
        "updated_at) SELECT 900, email, first_name, last_name, language, source, ?, updated_at "
        "FROM contacts WHERE id = 1",
        restricted,
    )


def marks(recovering: Recovering) -> list[int]:
    rows = recovering.office.crm(
        "SELECT restricted FROM contacts WHERE email = ? ORDER BY id", MARIJKE
    )
    return [row["restricted"] for row in rows]


def operator(office: Office) -> int:
    """The number of an operator."""
    return at_the_desk(office, add_operator(office)).operator_id


def last_request(place: str) -> str:
    return place.rpartition("/")[2]


# --- hers -----------------------------------------------------------------------------------------


def test_e10_one_button_restricts_at_once_and_is_read_back(recovering: Recovering) -> None:
    visitor, place = restrict(recovering)

    assert is_restricted(recovering)
    assert states(recovering) == [("restrict", "confirmed", None)]
    page = visitor.get(place)
    assert "Use of your data stopped" in page.text
    assert "Yes, it is done." in page.text
    for path in ("/me", "/me/consents", "/me/correct"):
        text = visitor.get(path).text
        assert "We keep your data, and do not use it" in text, path
        assert "Nothing is sent to you." in text, path
    mailings = visitor.get("/me/consents").text
    assert "not sent now" in mailings
    assert '<span class="tag good">on</span>' not in mailings
    assert recovering.office.portal.ledger.verify(recovering.office.database).ok


def test_e10_she_takes_it_back_herself(recovering: Recovering) -> None:
    visitor, _ = restrict(recovering)
    assert recalls(recovering) == 2, "her address, and which records were marked before"

    place = free(recovering, visitor)

    assert not is_restricted(recovering)
    assert states(recovering, "lift") == [("lift", "confirmed", None)]
    assert "Use of your data allowed again" in visitor.get(place).text
    assert "do not use it</strong>" not in visitor.get("/me").text
    assert recalls(recovering) == 0, "nothing of it outlives that"


def test_e10_pressed_twice_it_is_one_request(recovering: Recovering) -> None:
    visitor, place = restrict(recovering)
    assert press(visitor, "yes").location == place
    free(recovering, visitor)
    assert press(visitor, "no").location == "/me/restrict"
    assert [right for right, *_ in states(recovering)] == ["restrict", "lift"]


def test_e10_back_and_forth_before_anything_is_delivered_ends_as_she_wants(
    recovering: Recovering,
) -> None:
    visitor = back(recovering)
    press(visitor, "yes")
    press(visitor, "no")
    recovering.office.work()
    assert not is_restricted(recovering)
    press(visitor, "yes")
    press(visitor, "no")
    press(visitor, "yes")
    recovering.office.work()
    assert is_restricted(recovering)
    free(recovering, visitor)
    assert not is_restricted(recovering)


@pytest.mark.parametrize("before", [0, 1])
def test_e10_what_somebody_else_had_marked_before_is_left_marked(
    recovering: Recovering, before: int
) -> None:
    twin(recovering, restricted=before)
    visitor, _ = restrict(recovering)
    assert marks(recovering) == [1, 1]
    free(recovering, visitor)
    assert marks(recovering) == [0, before]


def test_e10_a_lost_answer_makes_no_mark_of_ours_somebody_elses(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    really = adapter.restrict

    def answers_never(*args: object, **more: object) -> None:
        really(*args, **more)  # type: ignore[arg-type]
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(adapter, "restrict", answers_never)
        visitor, _ = restrict(recovering)
    wait(recovering, timedelta(minutes=5))
    assert states(recovering) == [("restrict", "confirmed", None)]
    visitor = back(recovering)
    free(recovering, visitor)
    assert not is_restricted(recovering)


def test_e10_a_system_that_is_away_is_restricted_when_it_answers(recovering: Recovering) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    visitor = back(recovering)
    with pytest.MonkeyPatch.context() as patch:

        def away(*_: object) -> None:
            raise Unreachable("no answer")

        for call in ("find", "read", "restrict"):
            patch.setattr(adapter, call, away)
        # Where no system at all answers there is no page; another one would answer.
        patch.setattr("portal.web.me.restrict.held_or_503", _held_away(recovering))
        assert press(visitor, "yes").status == 303
        recovering.office.work()
        assert not is_restricted(recovering)
    wait(recovering, timedelta(minutes=5))
    assert is_restricted(recovering)


def test_e10_a_system_without_such_a_mark_goes_to_a_person(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    can = replace(adapter.capabilities, restrict=False)
    monkeypatch.setattr(adapter, "capabilities", can)
    visitor = back(recovering)
    assert "one of us does it by hand" in visitor.get("/me/restrict").text
    place = press(visitor, "yes").location
    recovering.office.work()

    assert states(recovering) == [("restrict", "awaiting", None)]
    page = visitor.get(place)
    assert "With one of us" in page.text
    assert "Yes, it is done." not in page.text
    desk = recovering.office.portal.services.desk
    (brief,) = [brief for brief, _day in desk.casework.all_open() if brief.kind == "restrict"]
    assert brief.request_id == last_request(place)

    number = operator(recovering.office)
    assert desk.casework.close(number, brief.reference, Outcome.DONE)
    assert states(recovering) == [("restrict", "confirmed", "by_hand")]
    assert "one of us did it by hand" in visitor.get(place).text


def test_e10_what_a_person_has_not_done_yet_is_overtaken_by_her_taking_it_back(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter,) = recovering.office.portal.adapters.values()
    can = replace(adapter.capabilities, restrict=False)
    monkeypatch.setattr(adapter, "capabilities", can)
    visitor, _ = restrict(recovering)
    free(recovering, visitor)
    assert states(recovering) == [
        ("restrict", "confirmed", "superseded"),
        ("lift", "awaiting", None),
    ]
    casework = recovering.office.portal.services.desk.casework
    with recovering.office.database.reading() as db:
        (lift,) = db.scalars(select(Request.id).where(Request.right == "lift"))
    cases = [brief for brief, _day in casework.all_open() if brief.kind == "restrict"]
    waiting = [brief.request_id for brief in cases]
    assert waiting == [lift], "nobody sets the mark any more; whoever has takes it off"


def test_e10_nobody_else_can_lift_or_set_it(recovering: Recovering) -> None:
    restrict(recovering)
    hendrik = recovering.office.visitor().sign_in(recovering.office, HENDRIK)
    assert press(hendrik, "no").location == "/me/restrict"
    recovering.office.work()
    assert is_restricted(recovering)


def test_e10_of_several_people_neither_restricts_the_other(recovering: Recovering) -> None:
    recovering.office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "SELECT 900, email, 'Kees', 'de Vries', language, source, updated_at "
        "FROM contacts WHERE id = 1"
    )
    visitor = back(recovering)
    assert "Ask us to do this" in visitor.get("/me/restrict").text
    assert press(visitor, "yes").status == 403
    assert press(visitor, "perhaps").status == 400


# --- an operator's --------------------------------------------------------------------------------


def check_e10_told_before(recovering: Recovering) -> None:
    """The operator's lifting takes effect three days after the letter, and not before."""
    _, place = restrict(recovering)
    told = recovering.told("restriction", "lift", last_request(place))
    recovering.office.work()
    letter = recovering.office.next_mail()
    assert letter.to == (MARIJKE,)
    assert "5 March 2026" in letter.text
    assert told["ends"].startswith("2026-03-05T12:00")
    wait(recovering, timedelta(days=3, seconds=-1))
    assert is_restricted(recovering)
    visitor = back(recovering)
    assert "We told you that this ends on 5 March 2026 13:00." in visitor.get("/me").text
    wait(recovering, timedelta(seconds=1))
    assert not is_restricted(recovering)
    assert "do not use it</strong>" not in visitor.get("/me").text


def test_e10_an_operator_lifts_it_by_telling_her_first(recovering: Recovering) -> None:
    check_e10_told_before(recovering)
    assert recalls(recovering) == 0
    with recovering.office.database.reading() as db:
        facts = [
            row.facts
            for row in db.query(LedgerEntry).filter(LedgerEntry.event == "request_received")
            if row.facts["right"] == "lift"
        ]
    assert [one["by"] for one in facts] == ["operator"]


def test_e10_her_page_says_until_when_and_whom_to_ask(recovering: Recovering) -> None:
    visitor, place = restrict(recovering)
    recovering.told("restriction", "lift", last_request(place))
    recovering.office.work()
    listed = visitor.get("/me/requests").text
    assert "planned" in listed
    with recovering.office.database.reading() as db:
        (lift,) = db.query(Request).filter(Request.right == "lift")
    page = visitor.get(f"/me/requests/{lift.id}").text
    assert "On 5 March 2026 13:00 we use your data again." in page
    assert "data-poll" not in page
    assert "we delete your data" not in page


def test_e10_what_cannot_be_told_is_not_lifted(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, place = restrict(recovering)

    def refuses(*_: object) -> None:
        raise MailRefused("550")

    monkeypatch.setattr("portal.mail.smtp.Mailer.send", refuses)
    recovering.told("restriction", "lift", last_request(place))
    wait(recovering, timedelta(days=4))
    assert is_restricted(recovering)
    assert states(recovering, "lift") == []


def test_e10_she_may_restrict_again_while_it_is_about_to_be_lifted(recovering: Recovering) -> None:
    visitor, place = restrict(recovering)
    recovering.told("restriction", "lift", last_request(place))
    recovering.office.work()
    again = press(visitor, "yes").location
    assert again != place
    wait(recovering, timedelta(days=4))
    assert is_restricted(recovering)
    assert states(recovering, "lift") == [("lift", "confirmed", "superseded")]


def test_e10_the_command_says_what_it_cannot_do(recovering: Recovering) -> None:
    visitor, place = restrict(recovering)
    number = last_request(place)
    listed = recovering.told("restriction", "list")["restrictions"]
    assert [one["request"] for one in listed] == [number]
    assert recovering.run("restriction", "lift", "nothing").exit_code == 1
    recovering.told("restriction", "lift", number)
    twice = recovering.run("restriction", "lift", number)
    assert "she is told already" in twice.output
    recovering.office.work()
    assert "ends on 2026-03-05 13:00" in recovering.run("restriction", "list").output
    free(recovering, visitor)
    gone = recovering.run("restriction", "lift", number)
    assert "does not stand any more" in gone.output
    assert recovering.told("restriction", "list") == {"restrictions": []}


# --- with an erasure ------------------------------------------------------------------------------


def check_e10_stands_after_keep(recovering: Recovering) -> None:
    """An erasure that waits restricts as well; taking it back frees what it restricted alone."""
    restrict(recovering)
    visitor, place = later(recovering)
    recovering.office.work()
    assert keep(visitor, place).status == 303
    recovering.office.work()
    assert is_restricted(recovering), "her own restriction stands"


def test_e10_her_own_restriction_outlives_an_erasure_that_is_taken_back(
    recovering: Recovering,
) -> None:
    check_e10_stands_after_keep(recovering)
    free(recovering, back(recovering))
    assert not is_restricted(recovering)


def test_e10_asked_for_while_an_erasure_waits_it_stands_after_that(recovering: Recovering) -> None:
    visitor, place = later(recovering)
    recovering.office.work()
    press(visitor, "yes")
    recovering.office.work()
    keep(visitor, place)
    recovering.office.work()
    assert is_restricted(recovering)
    free(recovering, visitor)
    assert not is_restricted(recovering)


def test_n7_of_two_records_the_one_marked_before_stays_so_though_the_crm_was_away(
    recovering: Recovering,
) -> None:
    """Which were restricted before is looked up when the system answers, not when she asks."""
    twin(recovering, restricted=1)
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    (adapter,) = recovering.office.portal.adapters.values()
    page = visitor.get("/me/erase")
    with pytest.MonkeyPatch.context() as patch:

        def away(*_: object, **__: object) -> None:
            raise Unreachable("no answer")

        patch.setattr("portal.web.me.erase.held_or_503", _held_away(recovering))
        for call in ("find", "read", "set_consent", "restrict"):
            patch.setattr(adapter, call, away)
        place = visitor.submit(page, "/me/erase", when="later").location
    wait(recovering, timedelta(minutes=10))
    assert marks(recovering) == [1, 1]
    keep(back(recovering), place)
    recovering.office.work()
    assert marks(recovering) == [0, 1]


def _held_away(recovering: Recovering) -> Callable[[], object]:
    reading = recovering.office.portal.services.rights.reading
    return lambda: reading.of(me())


def test_e10_an_erasure_ends_the_restriction_and_all_that_is_kept_of_it(
    recovering: Recovering,
) -> None:
    restrict(recovering)
    recovering.erase()
    assert not recovering.is_there()
    assert recovering.told("restriction", "list") == {"restrictions": []}
    with recovering.office.database.reading() as db:
        assert db.query(Recall).filter(Recall.purpose == "restriction").count() == 0


# --- after a restore ------------------------------------------------------------------------------


def check_e10_again_after_restore(recovering: Recovering) -> None:
    """The CRM was restored from before: the mark is set once more."""
    since = recovering.office.clock()
    with recovering.crm_put_back():
        restrict(recovering)
    assert not is_restricted(recovering)
    found = recovering.replay(since)
    assert is_restricted(recovering)
    assert found["restrictions"] == 1
    assert recovering.replay(since)["restrictions"] == 0


def test_e10_a_restored_crm_is_restricted_again(recovering: Recovering) -> None:
    check_e10_again_after_restore(recovering)
    free(recovering, back(recovering))
    assert not is_restricted(recovering)


def test_e10_a_restored_crm_is_not_restricted_for_what_was_lifted(recovering: Recovering) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        visitor, _ = restrict(recovering)
        free(recovering, visitor)
    assert recovering.replay(since)["restrictions"] == 0
    assert not is_restricted(recovering)


def test_n7_a_restored_crm_gets_the_mark_of_an_erasure_that_waits(recovering: Recovering) -> None:
    since = recovering.office.clock()
    with recovering.crm_put_back():
        _, place = later(recovering)
        recovering.office.work()
    recovering.replay(since)
    assert is_restricted(recovering)
    keep(back(recovering), place)
    recovering.office.work()
    assert not is_restricted(recovering)


def check_e10_journal(recovering: Recovering) -> None:
    """Neither the portal's back-up nor the CRM's knows of it; the journal does."""
    back_up(recovering)
    with recovering.crm_put_back():
        restrict(recovering)
    put_back(recovering)
    assert is_restricted(recovering)


def test_e10_a_restored_portal_restricts_again(recovering: Recovering) -> None:
    check_e10_journal(recovering)
    visitor = back(recovering)
    assert "We keep your data, and do not use it" in visitor.get("/me").text
    with recovering.office.database.reading() as db:
        (request,) = db.query(Request).filter(Request.right == "restrict")
    refused = recovering.run("restriction", "lift", request.id)
    assert "her address is not known here any more" in refused.output
    free(recovering, visitor)
    assert not is_restricted(recovering)


def test_e10_what_was_lifted_stays_so_in_a_restored_portal(recovering: Recovering) -> None:
    visitor, _ = restrict(recovering)
    back_up(recovering)
    recovering.office.clock.advance(minutes=1)
    free(recovering, visitor)
    put_back(recovering)
    assert not is_restricted(recovering)
    assert "do not use it</strong>" not in back(recovering).get("/me").text


# --- switched off ---------------------------------------------------------------------------------


def _lifted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.restricting.lifting.TOLD_BEFORE", timedelta(0))


def _nothing_overtakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.delivery.deliver.overtaken", lambda *_: None)
    monkeypatch.setattr(Marks, "before", lambda *_: [])


def _nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.lasting.replay.MARKS", ())


def _nothing_is_journaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.requests.receiving.JOURNALED", ())


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_e10_told_before, _lifted_at_once),
        (check_e10_stands_after_keep, _nothing_overtakes),
        (check_e10_again_after_restore, _nothing_is_looked_for),
        (check_e10_journal, _nothing_is_journaled),
    ],
)
def test_e10_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off(monkeypatch)
    must_fail(check, recovering)
