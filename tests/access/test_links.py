"""The mailed link: inert until pressed, good once, for one browser, site and purpose."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.portals import MARIJKE, Letter, Office, Page, StartOffice, Visitor

OWNER = {"t": "reference", "token": "token"}


def press(visitor: Visitor, mail: Letter, **changed: str) -> Page:
    """Open the link in this browser, as its script does, and press the button."""
    page = visitor.get(mail.path)
    return visitor.submit(page, "/enter", token=changed.get("token", mail.token))


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/me").status == 200


def test_a1_fifty_looks_at_the_link_use_nothing_up(office: Office) -> None:
    visitor, scanner = office.visitor(), office.visitor()
    visitor.ask()
    mail = office.next_mail()

    for number in range(50):
        answer = scanner.client.open(mail.path, method="HEAD" if number % 2 else "GET")
        assert answer.status_code == 200
    assert not is_signed_in(scanner)

    assert press(visitor, mail).location == "/me"
    assert is_signed_in(visitor)


def test_a1_a_scanner_that_presses_the_button_gets_no_session_and_spoils_nothing(
    office: Office,
) -> None:
    visitor, scanner = office.visitor(), office.visitor()
    visitor.ask()
    mail = office.next_mail()

    answer = press(scanner, mail)

    assert "another browser" in answer.text
    assert not is_signed_in(scanner)
    assert press(visitor, mail).status == 303


def test_the_link_in_another_browser_goes_on_with_the_code_of_the_same_mail(
    office: Office,
) -> None:
    tablet, phone = office.visitor(), office.visitor()
    tablet.ask()
    mail = office.next_mail()

    answer = phone.submit(press(phone, mail), "/enter", code=mail.code)

    assert answer.location == "/me"
    assert is_signed_in(phone)
    assert not is_signed_in(tablet)


def test_a3_the_browser_that_waits_is_not_let_in_by_somebody_elses_click(office: Office) -> None:
    attacker, victim = office.visitor(frame="demo"), office.visitor()
    attacker.ask(MARIJKE)
    mail = office.next_mail()

    page = victim.submit(press(victim, mail), "/enter", code=mail.code)

    assert page.status == 303
    assert is_signed_in(victim)
    assert attacker.get("/me").status == 401


def test_a4_of_many_parallel_presses_one_opens_a_session(office: Office) -> None:
    visitor = office.visitor()
    visitor.ask()
    mail = office.next_mail()
    page = visitor.get(mail.path)
    cookie = visitor.client.get_cookie("portal")
    assert cookie is not None

    def attempt(_number: int) -> int:
        one = office.visitor()
        one.client.set_cookie("portal", cookie.value)
        return one.submit(page, "/enter", token=mail.token).status

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(40)))

    assert sorted(set(answers)) == [303, 410]
    assert answers.count(303) == 1
    assert office.events().count("signed_in") == 1


def test_a4_a_used_link_and_its_code_say_what_to_do_and_let_nobody_in(office: Office) -> None:
    visitor = office.visitor()
    waiting = visitor.ask()
    mail = office.next_mail()
    assert press(visitor, mail).status == 303
    visitor.submit(visitor.get("/me"), "/me/signout")

    for answer in (
        press(visitor, mail),
        visitor.submit(waiting, "/signin/code", code=mail.code),
    ):
        assert answer.status == 410
        assert "no longer works" in answer.heading
        assert "Ask for a new code" in answer.text
    assert not is_signed_in(visitor)


def test_a5_the_link_says_nothing_about_anybody_and_the_database_cannot_sign_in(
    office: Office,
) -> None:
    visitor = office.visitor()
    visitor.ask()
    mail = office.next_mail()

    for part in re.split(r"[^A-Za-z0-9_-]+", mail.link):
        if len(part) % 4 != 1:  # no base64 is so long
            told = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).lower()
            # Not the sign alone: among random bytes it comes up by chance.
            assert not any(name in told for name in (b"marijke", b"vries", b"@example"))
    with office.database.reading() as db:
        stored = db.execute(text("SELECT * FROM proofs")).mappings().one()
    dump = repr({name: value for name, value in stored.items() if name != "reference"})
    opaque = mail.token.partition(".")[0]
    assert mail.token not in dump
    assert opaque not in dump
    assert mail.code.replace("-", "") not in dump
    assert stored["code_hash"].startswith("$argon2id$")
    for leaked in (stored["token_hash"].hex(), stored["code_hash"]):
        assert press(visitor, mail, token=leaked).status == 410


def test_a6_a_link_works_until_its_ten_minutes_from_the_hand_off_are_over(office: Office) -> None:
    early, late = office.visitor(), office.visitor()
    for visitor, seconds, status in ((early, 599, 303), (late, 601, 410)):
        visitor.ask()
        office.clock.advance(minutes=8)  # the mail server was slow
        mail = office.next_mail()
        office.clock.advance(seconds=seconds)

        assert press(visitor, mail).status == status


def test_a15_asking_again_leaves_the_earlier_link_alone(office: Office) -> None:
    visitor, tease = office.visitor(), office.visitor()
    visitor.ask()
    first = office.next_mail()
    tease.ask(MARIJKE)
    office.next_mail()

    assert press(visitor, first).status == 303


def test_a15_signing_in_ends_every_other_link_to_this_address(office: Office) -> None:
    visitor, other = office.visitor(), office.visitor()
    visitor.ask()
    first = office.next_mail()
    other.ask(MARIJKE)
    second = office.next_mail()
    assert press(visitor, first).status == 303

    assert press(other, second).status == 410


def test_a18_a_token_counts_only_with_its_own_reference_purpose_and_site(office: Office) -> None:
    visitor = office.visitor()
    visitor.ask()
    mine = office.next_mail()
    visitor.ask("hendrik.bosman@example.com")
    hendriks = office.next_mail()
    page = visitor.get(mine.path)

    # another's token under my reference, and mine under another's
    assert press(visitor, mine, token=hendriks.token).status == 410
    assert visitor.post("/enter", t=hendriks.reference, token=mine.token).status == 410
    # a token of signing in does not confirm anything
    assert visitor.submit(page, "/confirm", token=mine.token).status == 410
    # with one letter changed
    changed = mine.token[:-1] + ("A" if mine.token[-1] != "A" else "B")
    assert press(visitor, mine, token=changed).status == 410
    # moved to another site, in the database itself
    with office.database.unit("test") as unit:
        unit.session.execute(text("UPDATE proofs SET site = 'other'"))
        unit.commit()
    assert press(visitor, mine).status == 410
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "reference", ["", "x", "A" * 32, "../me", "%00", "1 OR 1=1", "é", "a" * 5000]
)
def test_a_reference_that_is_none_is_told_to_ask_anew(office: Office, reference: str) -> None:
    visitor = office.visitor()

    for path in ("/enter", "/confirm", "/signin/code"):
        answer = visitor.get(path, query_string={"t": reference})
        assert answer.status == 410
        assert "Ask for a new one" in answer.text


def test_a14_the_newest_key_signs_an_older_one_still_verifies_and_a_removed_one_does_not(
    start_office: StartOffice,
) -> None:
    office = start_office()
    visitor = office.visitor()
    visitor.ask()
    mail = office.next_mail()
    vault = office.portal.vault

    assert vault.check_token(mail.token, "signin", "demo")
    assert vault.check_token(mail.token, "confirm", "demo") is None
    assert vault.check_token(mail.token, "signin", "other") is None
    assert start_office().portal.vault.check_token(mail.token, "signin", "demo"), "the same keys"


def test_a12_the_link_is_built_from_the_settings_whatever_the_request_says(office: Office) -> None:
    visitor = office.visitor()
    answer = visitor.send(
        "/signin",
        data={"email": MARIJKE, "goal": "view", "site": "demo"},
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "Forwarded": "host=evil.example",
        },
    )

    assert answer.status == 303
    assert "evil" not in answer.location
    assert office.next_mail().link.startswith("http://localhost:8080/enter?t=")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1"])
def test_a12_a_request_for_another_host_is_refused_before_anything_is_done(
    office: Office, host: str
) -> None:
    answer = office.visitor().send(
        "/signin",
        base_url=f"http://{host}:8080",
        data={"email": MARIJKE, "goal": "view", "site": "demo"},
    )

    assert answer.status == 400
    assert "evil" not in answer.text
    assert office.mails() == []
