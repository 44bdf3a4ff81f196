"""Who was erased sees what she asked for, by the address that she types; and a stranger nothing."""

import re

import pytest

from portal.access.proof_mail import ProofMail
from portal.store.tables import Proof, Session
from tests.movings import DAYS, NEW, changed
from tests.portals import MARIJKE, STRANGER, Office, Page, Visitor


def erase(office: Office, email: str = MARIJKE) -> str:
    """She is erased; where the request is."""
    visitor = office.visitor().sign_in(office, email, goal="erase")
    place = visitor.submit(visitor.get("/me/erase"), "/me/erase").location
    office.work()
    office.clock.advance(hours=2)
    return place


def back(office: Office, email: str = MARIJKE, goal: str = "view") -> Visitor:
    return office.visitor().sign_in(office, email, goal=goal)


def test_she_gets_a_code_and_sees_what_she_asked_for(office: Office) -> None:
    place = erase(office)
    visitor = office.visitor()
    asked = visitor.ask()
    letter = office.next_mail()
    assert letter.to == (MARIJKE,)
    assert "nothing is held under this e-mail address any more" in letter.text
    answer = visitor.submit(asked, "/signin/code", code=letter.code)
    assert answer.location == "/me/requests"
    page = visitor.get("/me/requests").text
    assert "We hold nothing about you any more" in page
    assert "Deletion of your data" in page
    assert "kept until" in visitor.get(place).text
    assert "My requests" in page
    assert "My e-mails" not in page


def test_c17_she_is_told_of_the_list_and_of_all_that_is_remembered(office: Office) -> None:
    erase(office)
    page = back(office).get("/me/requests").text
    assert "Since 2 March 2026 13:00 you are on the list of people who must not come back" in page
    assert "where the data is that we still had to keep" in page


def test_it_shows_nothing_else_whatever_a_crm_holds_by_now(office: Office) -> None:
    erase(office)
    visitor = back(office)
    office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "VALUES (900, ?, 'Again', 'Imported', 'nl', 'lijst', '2020-01-01')",
        MARIJKE,
    )
    for path in ("/me", "/me/consents", "/me/correct", "/me/export", "/me/erase", "/me/object"):
        assert visitor.get(path).location == "/me/requests", path
    token = visitor.get("/me/requests").fields["csrf_token"]
    for path in ("/me/consents", "/me/restrict", "/me/object"):
        answer = visitor.post(path, csrf_token=token, purpose="newsletter", granted="yes")
        assert answer.location == "/me/requests", path
    assert visitor.post("/me/confirm", csrf_token=token, goal="erase").status == 403


def test_the_mailbox_that_she_has_left_is_told_nothing_of_her(office: Office) -> None:
    """Somebody else may read it by now: an address of a former employer's."""
    changed(office)
    office.clock.advance(days=DAYS + 1)
    asked = office.visitor().ask()
    letter = office.next_mail()
    assert letter.to == (MARIJKE,)
    assert "/enter?" not in letter.text
    assert asked.status == 200

    erase(office, NEW)
    assert "Deletion of your data" in back(office, NEW).get("/me/requests").text
    office.clock.advance(days=2)
    office.visitor().ask()
    assert "/enter?" not in office.next_mail().text


def test_the_link_of_that_mail_works_as_well_and_the_goal_opens_no_more(office: Office) -> None:
    erase(office)
    visitor = back(office, goal="erase")
    assert visitor.get("/me/erase").location == "/me/requests"
    office.clock.advance(hours=2)
    other = office.visitor()
    other.ask(goal="copy")
    letter = office.next_mail()
    shown = other.get(letter.path)
    answer = other.submit(shown, "/enter", token=letter.token)
    assert answer.location == "/me/requests"


def test_in_the_frame_it_is_the_same(office: Office) -> None:
    erase(office)
    frame = office.visitor(frame="demo").sign_in(office)
    assert "Deletion of your data" in frame.get("/me/requests").text
    assert frame.get("/me").location == "/me/requests"


def test_she_can_ask_a_person_from_there(office: Office) -> None:
    erase(office)
    visitor = back(office)
    sent = visitor.submit(visitor.get("/me/questions"), "/me/questions", message="Is it really?")
    assert sent.status == 303
    assert "With one of us" in visitor.get(sent.location).text


def test_a9_the_answer_is_alike_and_who_types_a_foreign_address_gets_no_mail(
    office: Office,
) -> None:
    erase(office)
    hers = office.visitor().ask(MARIJKE)
    strange = office.visitor().ask(STRANGER)

    def alike(page: Page) -> str:
        return re.sub(r'nonce="[^"]*"', "", page.text.replace(page.fields["t"], ""))

    assert alike(hers) == alike(strange)
    letters = office.mails()[-2:]
    assert [one.to for one in letters] == [(MARIJKE,), (STRANGER,)]
    assert "code" not in letters[1].text


def test_who_has_asked_for_nothing_is_still_told_that_nothing_is_held(office: Office) -> None:
    visitor = back(office)
    visitor.get("/me")
    office.clock.advance(hours=2)
    office.crm("UPDATE contacts SET email = 'other@example.org' WHERE id = 1")
    office.visitor().ask()
    assert "nothing is held under this e-mail address" in office.mails()[-1].text
    with office.database.reading() as db:
        last = db.query(Proof).order_by(Proof.id.desc()).first()
        assert last is not None
        assert last.token_hash is None


def test_who_is_held_again_signs_in_as_everybody(office: Office) -> None:
    erase(office)
    office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "VALUES (900, ?, 'Again', 'Herself', 'nl', 'winkel', '2026-03-02')",
        MARIJKE,
    )
    visitor = back(office)
    assert "Herself" in visitor.get("/me").text
    with office.database.reading() as db:
        assert {one.tier for one in db.query(Session)} == {1}


def test_another_person_does_not_see_them(office: Office) -> None:
    place = erase(office)
    erase(office, "hendrik.bosman@example.com")
    assert back(office, "hendrik.bosman@example.com").get(place).status == 404


@pytest.mark.parametrize("spelled", [MARIJKE.upper(), f" {MARIJKE} "])
def test_any_spelling_of_the_same_mailbox_does(office: Office, spelled: str) -> None:
    erase(office)
    office.visitor().ask(spelled)
    letter = office.mails()[-1]
    assert letter.to[0].lower() == MARIJKE
    assert letter.code


def test_history_fails_without_the_hash_being_compared(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without it a stranger would get a code, and the check above sees it."""
    erase(office)
    monkeypatch.setattr(ProofMail, "_has_asked_before", lambda *_: True)
    office.visitor().ask(STRANGER)
    assert office.mails()[-1].code
