"""How operators get in: three things that are right, and one answer for everybody else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from portal.desk.signin import CODES_PER_DAY, TRIES_PER_NAME, TRIES_PER_NETWORK
from portal.store.database import Database
from tests.desks import SIGN_IN, Person, add_operator, operators_of, sit_down, token_of
from tests.desks import try_to_sign_in as sign_in
from tests.portals import MARIJKE, Office, StartOffice, Visitor, logged


def test_an_operator_signs_in_with_password_and_phone_and_the_ledger_knows(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)

    assert visitor.get("/operator").heading == "Nothing needs you"
    assert office.events() == ["operator_added", "operator_signed_in"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "correct horse battery stable"},
        {"password": ""},
        {"code": "000000"},
        {"code": ""},
        {"code": "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"},
        {"name": "nobody"},
        {"name": ""},
        {"name": "\0"},
    ],
)
def test_whoever_has_one_thing_wrong_is_told_the_same_as_everybody(
    office: Office, anna: Person, wrong: dict[str, str]
) -> None:
    answer = office.visitor().send(SIGN_IN, data=anna.fields(office.clock, **wrong))
    stranger = sign_in(office, anna, name="stranger", password="x", code="x")

    assert answer.status == stranger.status == 422
    assert "Set-Cookie" not in answer.response.headers
    assert _but_for_name_and_nonce(answer.text) == _but_for_name_and_nonce(stranger.text)
    assert "operator_signed_in" not in office.events()


def test_the_secrets_that_were_typed_are_on_no_page_and_in_no_log(
    office: Office, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    code = anna.code(office.clock)
    answer = sign_in(office, anna, password="nearly the password")

    assert "nearly the password" not in answer.text
    assert code not in answer.text
    assert "nearly the password" not in logged(caplog)
    assert "anna" not in logged(caplog)


def test_for_a_known_and_an_unknown_name_the_work_is_the_same(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements and the same slow hashes, so that time tells no one apart."""
    vault = office.portal.vault
    slow: list[str | None] = []
    check = vault.check_code

    def counted(code: str, stored: str | None) -> bool:
        slow.append(stored)
        return check(code, stored)

    monkeypatch.setattr(vault, "check_code", counted)
    seen = []
    for wrong in ({"name": "stranger"}, {"password": "x" * 12}, {"code": "000000"}):
        with statements(office.database) as told:
            office.visitor().send(SIGN_IN, data=anna.fields(office.clock, **wrong))
        seen.append(told)

    assert seen[0] == seen[1] == seen[2]
    assert len(slow) == 3


def test_a_code_of_the_phone_opens_once(office: Office, anna: Person) -> None:
    """Whoever looked over a shoulder comes too late, within the same half minute, too."""
    assert sign_in(office, anna).status == 303
    assert sign_in(office, anna).status == 422

    office.clock.advance(seconds=30)
    assert sign_in(office, anna).status == 303


def test_a_code_that_was_shown_before_one_that_opened_is_worth_nothing(
    office: Office, anna: Person
) -> None:
    earlier = anna.code(office.clock)
    office.clock.advance(seconds=30)
    assert sign_in(office, anna).status == 303

    assert sign_in(office, anna, code=earlier).status == 422


@pytest.mark.parametrize(("seconds", "status"), [(-60, 422), (-30, 303), (30, 303), (60, 422)])
def test_a_phone_may_be_half_a_minute_early_or_late(
    office: Office, anna: Person, seconds: int, status: int
) -> None:
    now = office.clock.now
    office.clock.advance(seconds=seconds)
    shown = anna.code(office.clock)
    office.clock.now = now

    assert sign_in(office, anna, code=shown).status == status


def test_a_code_may_be_typed_with_a_space_as_phones_show_it(office: Office, anna: Person) -> None:
    code = anna.code(office.clock)

    assert sign_in(office, anna, code=f" {code[:3]} {code[3:]}").status == 303


def test_a_recovery_code_opens_once_and_each_of_the_ten_does(office: Office, anna: Person) -> None:
    for number, code in enumerate(anna.recovery_codes):
        assert sign_in(office, anna, code=code, network=f"192.0.2.{number}").status == 303
        assert sign_in(office, anna, code=code, network=f"192.0.2.{number}").status == 422

    (account,) = operators_of(office).all()
    assert account.recovery_codes == 0


def test_a_recovery_code_is_read_as_it_was_printed_or_in_small_letters(
    office: Office, anna: Person
) -> None:
    code = anna.recovery_codes[0].lower()

    assert sign_in(office, anna, code="-".join((code[:8], code[8:16], code[16:]))).status == 303


def test_the_desk_says_when_recovery_codes_run_out(office: Office, anna: Person) -> None:
    for number, code in enumerate(anna.recovery_codes[:7]):
        sign_in(office, anna, code=code, network=f"192.0.2.{number}")
    assert "recovery code" not in sit_down(office, anna).get("/operator").text

    sign_in(office, anna, code=anna.recovery_codes[8])

    assert "You have 2 recovery codes left" in sit_down(office, anna).get("/operator").text


def test_who_guesses_at_a_name_is_stopped_in_her_own_network(office: Office, anna: Person) -> None:
    tries = [sign_in(office, anna, password="x").status for _ in range(TRIES_PER_NAME + 1)]

    assert tries == [422] * TRIES_PER_NAME + [429]
    assert sign_in(office, anna).status == 429, "not even with everything right"
    office.clock.advance(minutes=15, seconds=1)
    assert sign_in(office, anna).status == 303


def test_a_stranger_elsewhere_cannot_lock_an_operator_out(office: Office, anna: Person) -> None:
    for number in range(40):
        for _ in range(TRIES_PER_NAME + 1):
            sign_in(office, anna, password="guess", network=f"198.51.100.{number}")

    assert sign_in(office, anna, network="192.0.2.7").status == 303


def test_a_guesser_of_many_names_is_stopped_as_well(office: Office, anna: Person) -> None:
    for number in range(TRIES_PER_NETWORK):
        sign_in(office, anna, name=f"name{number}", network="198.51.100.1")

    assert sign_in(office, anna, network="198.51.100.1").status == 429
    assert sign_in(office, anna, network="198.51.100.2").status == 303


def test_too_many_tries_are_told_alike_for_known_and_unknown_names(
    office: Office, anna: Person
) -> None:
    for name in ("anna", "stranger"):
        for _ in range(TRIES_PER_NAME):
            sign_in(office, anna, name=name, password="x")

    known = sign_in(office, anna)
    unknown = sign_in(office, anna, name="stranger")

    assert known.status == unknown.status == 429
    assert _but_for_name_and_nonce(known.text) == _but_for_name_and_nonce(unknown.text)


def test_an_operator_who_comes_and_goes_all_day_is_never_kept_out(
    office: Office, anna: Person
) -> None:
    for _ in range(3 * TRIES_PER_NAME):
        assert sign_in(office, anna).status == 303
        office.clock.advance(seconds=30)


def test_who_has_the_password_cannot_guess_the_phone_from_a_thousand_networks(
    office: Office, anna: Person
) -> None:
    """And the operator herself still has her recovery codes."""
    for number in range(CODES_PER_DAY):
        assert sign_in(office, anna, code="000000", network=f"198.51.100.{number}").status == 422

    assert sign_in(office, anna, network="198.51.100.99").status == 422, "right, and too late"
    assert sign_in(office, anna, code=anna.recovery_codes[0]).status == 303
    office.clock.advance(days=1)
    assert sign_in(office, anna).status == 303


def test_wrong_passwords_use_up_nothing_of_the_phone(office: Office, anna: Person) -> None:
    for number in range(CODES_PER_DAY + 1):
        sign_in(office, anna, password="x", code="000000", network=f"198.51.100.{number}")

    assert sign_in(office, anna).status == 303


def test_when_the_key_of_the_phones_secret_is_gone_a_recovery_code_opens(
    office: Office, anna: Person
) -> None:
    with office.database.unit("test") as unit:
        unit.session.connection().exec_driver_sql("UPDATE operators SET totp_sealed = 'x'")
        unit.commit()

    assert sign_in(office, anna).status == 422
    assert sign_in(office, anna, code=anna.recovery_codes[0]).status == 303


def test_a17_an_operators_address_and_a_magic_link_give_no_operator_session(
    office: Office,
) -> None:
    """She is a subscriber like any other there, whatever her name at the desk."""
    add_operator(office, "marijke.devries")
    visitor = office.visitor()
    asked = visitor.ask(MARIJKE)
    mail = office.next_mail()
    entered = visitor.submit(visitor.get(mail.path), "/enter", token=mail.token, code="")
    assert entered.location == "/me"

    assert visitor.get("/operator").status == 401
    assert visitor.post("/operator/adapters/crm/pause").status == 401
    visitor.client.set_cookie("operator", _subscribers_token(visitor))
    assert visitor.get("/operator").status == 401
    assert asked.status == 200
    assert "operator_signed_in" not in office.events()


def test_a17_a_session_at_the_desk_opens_nothing_of_a_subscriber(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    token = token_of(visitor)

    assert visitor.get("/me").status == 401
    assert visitor.get("/me", headers={"Authorization": f"Bearer {token}"}).status == 401
    frame = office.visitor(frame="demo")
    frame.token = token
    assert frame.get("/me").status == 401


def test_a17_both_sessions_live_in_one_browser_and_do_not_know_each_other(
    office: Office, anna: Person
) -> None:
    visitor = sit_down(office, anna)
    visitor.sign_in(office)

    page = visitor.get("/operator")
    assert page.status == 200
    assert "My data" not in page.text
    assert visitor.submit(page, "/operator/signout").status == 303
    assert visitor.get("/operator").status == 401
    assert visitor.get("/me").status == 200


def test_the_cookie_is_the_desks_own_and_goes_with_no_link_from_elsewhere(
    start_office: StartOffice,
) -> None:
    office = start_office(public_url="https://privacy.example.org")
    anna = add_operator(office)
    answer = office.visitor().send(
        SIGN_IN, base_url="https://privacy.example.org", data=anna.fields(office.clock)
    )

    (cookie,) = answer.response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-operator=")
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_names_are_read_without_capitals_and_spaces(office: Office, anna: Person) -> None:
    assert sign_in(office, anna, name=" Anna ").status == 303


def test_nothing_but_the_form_is_taken_and_a_name_without_end_is_no_name(
    office: Office, anna: Person
) -> None:
    assert sign_in(office, anna, admin="yes").status == 400
    assert sign_in(office, anna, name="anna" + "x" * 9000).status == 422


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked, without the values."""
    told: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        told.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    yield told
    event.remove(database.engine, "before_cursor_execute", listen)


def _but_for_name_and_nonce(text: str) -> list[str]:
    return [
        line
        for line in text.splitlines()
        if "nonce=" not in line and 'name="name"' not in line and 'id="name"' not in line
    ]


def _subscribers_token(visitor: Visitor) -> str:
    with visitor.client.session_transaction() as session:
        return str(session["token"])
