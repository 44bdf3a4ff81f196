"""Sessions: new at every sign-in, short, ended for good, and only where they were opened."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.portals import MARIJKE, Office, StartOffice, Visitor

HENDRIK = "hendrik.bosman@example.com"


def token_of(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie("portal")
    assert cookie is not None
    return cookie.value


def test_a16_a_session_is_new_at_sign_in_so_that_none_can_be_planted(office: Office) -> None:
    visitor = office.visitor()
    visitor.ask()
    planted = token_of(visitor)
    office.next_mail()
    visitor.sign_in(office)

    other = office.visitor()
    other.client.set_cookie("portal", planted)
    assert other.get("/me").status == 401
    first = token_of(visitor)
    visitor.sign_in(office)
    assert token_of(visitor) != first


@pytest.mark.parametrize(("minutes", "status"), [(14.9, 200), (15.1, 401)])
def test_a16_a_session_ends_after_a_quarter_of_an_hour_without_a_page(
    office: Office, minutes: float, status: int
) -> None:
    visitor = office.visitor().sign_in(office)

    office.clock.advance(minutes=minutes)

    assert visitor.get("/me").status == status


def test_a16_a_session_ends_after_an_hour_however_busy_it_is(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    for _ in range(5):
        office.clock.advance(minutes=11)
        assert visitor.get("/me").status == 200

    office.clock.advance(minutes=6)

    assert visitor.get("/me").status == 401


@pytest.mark.parametrize("frame", [None, "demo"])
def test_a16_a_page_that_looks_again_by_itself_keeps_no_session_alive(
    office: Office, frame: str | None
) -> None:
    """Else a page that waits for somebody at the company would stay open for whoever walks by."""
    visitor = office.visitor(frame=frame).sign_in(office)
    for _ in range(14):
        office.clock.advance(minutes=1)
        assert visitor.get("/me/requests", headers={"Portal-Poll": "1"}).status == 200

    office.clock.advance(minutes=1, seconds=1)
    assert visitor.get("/me/requests", headers={"Portal-Poll": "1"}).status == 401
    assert visitor.get("/me").status == 401


@pytest.mark.parametrize("frame", [None, "demo"])
def test_a16_a_session_that_was_left_cannot_be_used_again(
    office: Office, frame: str | None
) -> None:
    visitor = office.visitor(frame=frame).sign_in(office)
    thief = office.visitor(frame=frame)
    if frame:
        thief.token = visitor.token
    else:
        thief.client.set_cookie("portal", token_of(visitor))
    assert thief.get("/me").status == 200
    page = visitor.get("/me")

    visitor.submit(page, "/me/signout")

    assert thief.get("/me").status == 401
    assert visitor.get("/me").status == 401


def test_a16_no_page_of_a_subscriber_is_stored_by_a_browser(office: Office) -> None:
    visitor = office.visitor().sign_in(office)

    for path in ("/me", "/me/correct", "/me/consents", "/me/export", "/me/erase", "/me/requests"):
        answer = visitor.get(path)
        assert answer.response.headers["Cache-Control"] == "no-store"
        assert {"Cookie", "Authorization", "Portal-Frame"} <= {
            one.strip() for one in answer.response.headers["Vary"].split(",")
        }


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    start_office: StartOffice,
) -> None:
    office = start_office(public_url="https://privacy.example.org")
    visitor = Visitor(office.app)
    answer = visitor.send(
        "/signin",
        base_url="https://privacy.example.org",
        data={"email": MARIJKE, "goal": "view", "site": "demo"},
    )

    cookie = answer.response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_the_frame_gets_no_cookie_and_uses_none(office: Office) -> None:
    tab = office.visitor().sign_in(office)
    frame = office.visitor(frame="demo")
    answer = frame.post("/signin", email=HENDRIK, goal="view", site="demo")
    assert "Set-Cookie" not in answer.response.headers

    frame.client.set_cookie("portal", token_of(tab))
    assert frame.get("/me").status == 401


def test_a_bearer_token_is_of_one_site_and_of_the_frame_only(office: Office) -> None:
    frame = office.visitor(frame="demo").sign_in(office)
    assert frame.get("/me").status == 200

    elsewhere = office.visitor(frame="other")
    elsewhere.token = frame.token
    assert elsewhere.get("/me").status == 401
    tab = office.visitor()
    assert tab.get("/me", headers={"Authorization": f"Bearer {frame.token}"}).status == 401
    for header in ("Basic x", "Bearer", "Bearer ", f"bearer{frame.token}", "Bearer é"):
        assert frame.get("/me", headers={"Authorization": header}).status == 401


def test_a_bearer_token_that_is_not_good_never_falls_back_to_the_cookie(office: Office) -> None:
    tab = office.visitor().sign_in(office)

    assert tab.get("/me", headers={"Authorization": "Bearer nothing"}).status == 401


COPY_AND_ERASE = pytest.mark.parametrize(
    ("goal", "path"), [("copy", "/me/export"), ("erase", "/me/erase")]
)


@COPY_AND_ERASE
def test_a16_copy_and_erasure_need_a_proof_for_just_that_of_the_last_five_minutes(
    office: Office, goal: str, path: str
) -> None:
    visitor = office.visitor().sign_in(office, goal="view")
    form = visitor.get("/me").fields
    token = {"csrf_token": form["csrf_token"]}

    assert visitor.post(path, **token).status == 403
    asked = visitor.post("/me/confirm", goal=goal, **token)
    mail = office.next_mail()
    page = visitor.get(asked.location)
    answer = visitor.submit(page, "/confirm", token=mail.token)
    assert answer.location == path
    fresh = visitor.get(path)
    office.clock.advance(minutes=5, seconds=1)
    assert visitor.submit(fresh, path).status == 403
    assert office.contact()["first_name"] == "Marijke"


def test_a_proof_for_a_copy_erases_nothing(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="copy")
    page = visitor.get("/me/export")
    assert "proof" not in page.text.lower()

    token = page.fields["csrf_token"]
    assert visitor.post("/me/erase", csrf_token=token, when="now").status == 403


@COPY_AND_ERASE
def test_in_the_frame_a_copy_and_an_erasure_never_come_about(
    office: Office, goal: str, path: str
) -> None:
    frame = office.visitor(frame="demo")
    asked = frame.ask(goal=goal)
    assert "code" not in asked.fields, "the link of the mail goes on in a tab"
    mail = office.next_mail()
    answer = frame.post("/signin/code", t=mail.reference, code=mail.code)
    frame.token = answer.response.headers["Portal-Session"]

    assert frame.post(path).status == 403
    assert office.contact()["first_name"] == "Marijke"


def test_confirmations_are_limited_and_the_page_says_so(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    token = {"csrf_token": visitor.get("/me").fields["csrf_token"]}

    answers = [visitor.post("/me/confirm", goal="copy", **token) for _ in range(6)]

    assert [answer.status for answer in answers] == [303] * 5 + [429]
    assert "often enough" in answers[5].heading


def test_a_confirmation_goes_to_whoever_is_signed_in_and_not_to_an_address_in_the_form(
    office: Office,
) -> None:
    visitor = office.visitor().sign_in(office)
    token = {"csrf_token": visitor.get("/me").fields["csrf_token"]}

    assert visitor.post("/me/confirm", goal="copy", email=HENDRIK, **token).status == 400
    visitor.post("/me/confirm", goal="copy", **token)
    assert office.next_mail().to == (MARIJKE,)


def test_an_erasure_ends_the_other_sessions_and_links_of_this_person_only(office: Office) -> None:
    elsewhere, hendrik = office.visitor(), office.visitor()
    elsewhere.sign_in(office)
    hendrik.sign_in(office, HENDRIK)
    visitor = office.visitor().sign_in(office, goal="erase")

    answer = visitor.submit(visitor.get("/me/erase"), "/me/erase")
    assert answer.status == 303
    assert visitor.get(answer.location).status == 200
    assert elsewhere.get("/me").status == 401
    assert hendrik.get("/me").status == 200


def test_what_a_session_held_sealed_is_gone_when_it_has_ended(office: Office) -> None:
    office.visitor().sign_in(office)
    office.visitor().ask(HENDRIK)
    office.work()
    held: Callable[[], int] = lambda: _sealed(office)  # noqa: E731
    assert held() == 2

    office.clock.advance(hours=2)
    office.portal.services.sessions.end_expired()

    assert held() == 0


def _sealed(office: Office) -> int:
    with office.database.reading() as db:
        return sum(
            db.execute(
                text(f"SELECT count(*) FROM {table} WHERE email_sealed IS NOT NULL")
            ).scalar_one()
            for table in ("sessions", "proofs")
        )
