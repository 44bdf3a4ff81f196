"""The code: few tries, for one question, each counted before it is looked at."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.portals import Office

WRONG = "AAAA-AAAA"


@pytest.mark.parametrize(
    "typing",
    ["{}", "{} ", "\t{}", "{0}".lower(), "lower", "spaced", "without"],
)
def test_a_code_is_taken_however_it_is_typed(office: Office, typing: str) -> None:
    visitor = office.visitor()
    asked = visitor.ask()
    code = office.next_mail().code
    typed = {
        "lower": code.lower(),
        "spaced": " ".join(code.replace("-", "")),
        "without": code.replace("-", ""),
    }.get(typing, typing.format(code))

    assert visitor.submit(asked, "/signin/code", code=typed).location == "/me"


def test_a8_five_wrong_codes_end_it_also_for_the_right_one(office: Office) -> None:
    visitor = office.visitor()
    asked = visitor.ask()
    code = office.next_mail().code

    answers = [visitor.submit(asked, "/signin/code", code=WRONG) for _ in range(5)]

    assert [answer.status for answer in answers] == [422, 422, 422, 422, 410]
    assert "That is not the code" in answers[0].text
    assert "Ask for a new code" in answers[4].text
    assert visitor.submit(asked, "/signin/code", code=code).status == 410
    assert visitor.get("/me").status == 401


def test_a8_of_many_guesses_at_once_no_more_than_five_are_tried(office: Office) -> None:
    visitor = office.visitor()
    asked = visitor.ask()
    code = office.next_mail().code

    def guess(_number: int) -> int:
        return office.visitor().submit(asked, "/signin/code", code=WRONG).status

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(guess, range(40)))

    assert set(answers) == {410, 422}
    assert answers.count(422) <= 4, "the fifth says that it was the last"
    with office.database.reading() as db:
        assert db.execute(text("SELECT code_tries FROM proofs")).scalar() == 5
    assert visitor.submit(asked, "/signin/code", code=code).status == 410


def test_a8_wrong_codes_do_not_lock_out_the_link_of_the_same_mail(office: Office) -> None:
    visitor, attacker = office.visitor(), office.visitor()
    asked = visitor.ask()
    mail = office.next_mail()
    for _ in range(5):
        attacker.submit(asked, "/signin/code", code=WRONG)

    page = visitor.get(mail.path)
    assert visitor.submit(page, "/enter", token=mail.token).status == 303


def test_a_code_for_somebody_else_or_of_another_question_is_wrong(office: Office) -> None:
    visitor = office.visitor()
    mine = visitor.ask()
    office.next_mail()
    visitor.ask("hendrik.bosman@example.com")
    his = office.next_mail()

    assert visitor.submit(mine, "/signin/code", code=his.code).status == 422


def test_the_waiting_page_is_the_same_for_an_address_that_nobody_has(office: Office) -> None:
    visitor = office.visitor()
    stranger = visitor.ask("nobody@example.org")
    office.work()

    answers = [visitor.submit(stranger, "/signin/code", code=WRONG) for _ in range(5)]

    assert [answer.status for answer in answers] == [422, 422, 422, 422, 410]


@pytest.mark.parametrize("code", ["", " ", "é" * 8, "0" * 8, "A" * 9999, "<script>"])
def test_a_code_that_cannot_be_one_says_so_and_is_not_shown_again(
    office: Office, code: str
) -> None:
    visitor = office.visitor()
    asked = visitor.ask()

    answer = visitor.submit(asked, "/signin/code", code=code)

    assert answer.status == 422
    assert answer.fields["code"] == ""


def test_the_waiting_page_survives_a_reload_and_another_browser(office: Office) -> None:
    visitor, other = office.visitor(), office.visitor()
    asked = visitor.ask(goal="less")
    address = f"/signin/code?t={asked.fields['t']}"
    mail = office.next_mail()

    assert visitor.get(address).heading == asked.heading
    again = other.get(address)
    assert other.submit(again, "/signin/code", code=mail.code).location == "/me/consents"


def test_a15_a_code_that_is_void_by_the_time_it_has_been_checked_opens_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To check a code takes a while, and in that while the person signs in by another mail."""
    stranger, person = office.visitor(), office.visitor()
    spied_page, hers_page = stranger.ask(), person.ask()
    spied, hers = office.next_mail(), office.next_mail()
    vault = office.portal.vault
    real = vault.check_code

    def slowly(code: str, stored: str | None) -> bool:
        right = real(code, stored)
        monkeypatch.setattr(vault, "check_code", real)
        assert person.submit(hers_page, "/signin/code", code=hers.code).status == 303
        return right

    monkeypatch.setattr(vault, "check_code", slowly)
    answer = stranger.submit(spied_page, "/signin/code", code=spied.code)

    assert answer.status == 410
    assert stranger.get("/me").status == 401
    assert person.get("/me").status == 200
