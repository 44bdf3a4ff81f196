"""What writes must carry, and what forms must not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desks import add_operator, sit_down
from tests.portals import MARIJKE, STRANGER, Office, Visitor

CROSS = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # a sibling subdomain
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": ""},
)
HENDRIK = "hendrik.bosman@example.com"


def writes(office: Office) -> list[str]:
    """The address of every rule that takes a POST, but for the desk's, footer links' and machines'.

    Those have no session: `tests/web/test_n3_footer_links.py`, `tests/web/test_api_….py`.
    """
    others = ("/operator/", "/u/", "/api/")
    return [path for path in all_writes(office) if not path.startswith(others)]


def link_writes(office: Office) -> list[str]:
    """Those of footer links."""
    return [path for path in all_writes(office) if path.startswith("/u/")]


def desk_writes(office: Office) -> list[str]:
    """Those of the desk, whose session and form token are its own."""
    named = {"<name>": "crm", "<int:alarm_id>": "1"}
    found = [path for path in all_writes(office) if path.startswith("/operator/")]
    for part, name in named.items():
        found = [path.replace(part, name) for path in found]
    return found


def all_writes(office: Office) -> list[str]:
    return sorted(
        rule.rule.replace("<request_id>", "nothing").replace("<reference>", "nothing")
        for rule in office.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint != "static"
    )


def test_b10_every_write_from_another_origin_is_refused(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me").fields["csrf_token"]

    for path in [*writes(office), *desk_writes(office), *link_writes(office)]:
        for headers in CROSS:
            answer = visitor.send(path, headers=headers, data={"csrf_token": token})
            assert answer.status == 403, (path, headers)
            assert "Access-Control-Allow-Origin" not in answer.response.headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8080", 303),
        ("http://localhost:8080.evil.example", 403),
        ("http://localhost", 403),
        ("https://localhost:8080", 403),
        ("http://127.0.0.1:8081", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_b10_an_older_browser_shows_its_origin_instead(
    office: Office, origin: str | None, status: int
) -> None:
    client = office.app.test_client()
    answer = client.post(
        "/signin",
        base_url="http://localhost:8080",
        headers={"Origin": origin} if origin else {},
        data={"email": STRANGER, "goal": "view", "site": "demo"},
    )

    assert answer.status_code == status


def test_b10_a_write_by_cookie_carries_the_token_of_its_session(office: Office) -> None:
    visitor, other = office.visitor().sign_in(office), office.visitor().sign_in(office, HENDRIK)
    foreign = other.get("/me").fields["csrf_token"]

    for path in writes(office):
        for token in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}):
            assert visitor.post(path, **token).status == 400, path
    assert visitor.get("/me").status == 200


def test_b10_a_write_at_the_desk_carries_the_token_of_its_session(office: Office) -> None:
    visitor = sit_down(office, add_operator(office, "anna"))
    other = sit_down(office, add_operator(office, "mo"))
    foreign = other.get("/operator").fields["csrf_token"]
    subscriber = office.visitor().sign_in(office).get("/me").fields["csrf_token"]
    before = office.events()

    for path in desk_writes(office):
        if path == "/operator/signin":  # where nobody has a session yet
            continue
        for token in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}, {"csrf_token": subscriber}):
            assert visitor.post(path, **token).status == 400, path
    assert office.events() == before
    assert visitor.get("/operator").status == 200


def test_b10_from_another_origin_nothing_is_done_at_the_desk_whatever_is_sent(
    office: Office,
) -> None:
    visitor = sit_down(office, add_operator(office))
    token = visitor.get("/operator").fields["csrf_token"]
    before = office.events()

    for path in desk_writes(office):
        for headers in CROSS:
            answer = visitor.send(path, headers=headers, data={"csrf_token": token, "job": "1"})
            assert answer.status == 403, (path, headers)
    assert office.events() == before


def test_no_subscriber_and_no_stranger_does_anything_at_the_desk(office: Office) -> None:
    subscriber = office.visitor().sign_in(office)
    token = subscriber.get("/me").fields["csrf_token"]
    frame = office.visitor(frame="demo").sign_in(office)
    before = office.events()

    for path in desk_writes(office):
        if path == "/operator/signin":
            continue
        for visitor in (subscriber, frame, office.visitor()):
            assert visitor.post(path, csrf_token=token, job="1").status == 401, path
    assert office.events() == before


def test_c4_a_form_of_the_desk_with_a_field_that_no_page_has_is_refused(office: Office) -> None:
    visitor = sit_down(office, add_operator(office))
    token = visitor.get("/operator").fields["csrf_token"]

    for path in desk_writes(office):
        fields = {"name": "x", "password": "x", "code": "x"} if path.endswith("signin") else {}
        fields |= {"job": "1"} if path.endswith("replay") else {}
        fields |= {} if path.endswith("signin") else {"csrf_token": token}
        assert visitor.post(path, **fields, more="x").status == 400, path
        doubled = [*fields.items(), *fields.items(), ("csrf_token", token), ("csrf_token", token)]
        answer = visitor.send(path, data=_encoded(doubled), content_type=FORM)
        assert answer.status == 400, path


def test_b10_the_frame_needs_no_form_token_and_no_other_site_can_send_its_header(
    office: Office,
) -> None:
    frame = office.visitor(frame="demo").sign_in(office)

    assert frame.post("/me/consents", purpose="newsletter", granted="no").status == 303
    for headers in CROSS:
        answer = frame.send(
            "/me/consents", headers=headers, data={"purpose": "newsletter", "granted": "no"}
        )
        assert answer.status == 403


def test_nothing_is_changed_by_a_get(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    before, events = office.crm("SELECT * FROM contacts"), office.events()

    for path in writes(office):
        visitor.get(path, query_string={"purpose": "newsletter", "granted": "no", "step": "save"})
    office.work()

    assert office.crm("SELECT * FROM contacts") == before
    assert office.events() == events


FIELDS = st.dictionaries(
    st.one_of(
        st.sampled_from(["consent", "subject", "email", "id", "ref", "phone[x]", "values.phone"]),
        st.text(min_size=1, max_size=12),
    ),
    st.text(max_size=30),
    min_size=1,
    max_size=3,
)
KNOWN = {
    "/address/new": {"t", "token", "code"},
    "/address/old": {"t", "token", "code", "answer"},
    "/handoff": {"t", "token"},
    "/me/address": {"email"},
    "/signin": {"site", "goal", "email"},
    "/signin/code": {"t", "code"},
    "/enter": {"t", "token", "code"},
    "/confirm": {"t", "token", "code"},
    "/me/confirm": {"goal"},
    "/me/consents": {"purpose", "granted"},
    "/me/consents/less": {"purpose", "frequency"},
    "/me/consents/pause": {"purpose", "months"},
    "/me/consents/stop": set(),
    "/me/consents/topics": {"group"},
    "/me/consents/undo": {"stop"},
    "/me/export": {"kind"},
    "/me/export/nothing": {"form"},
    "/me/requests/nothing/choose": {"seen"},
    "/me/erase": {"when"},
    "/me/requests/nothing/keep": set(),
    "/me/restrict": {"on"},
    "/me/object": {"what", "why", "meanwhile"},
    "/me/signout": set(),
    "/me/questions": {"message"},
    "/me/more": {"contact"},
    "/me/which": {"number"},
    "/me/which/help": {"message", "contact"},
    "/question": {"site", "name", "contact", "message"},
    "/no-mailbox": {"site", "name", "contact", "message", "address"},
}


@settings(max_examples=20)
@given(more=FIELDS)
def test_c4_a_form_with_a_field_that_no_page_has_is_refused(
    session_office: Office, signed_in: Visitor, token: str, more: dict[str, str]
) -> None:
    for path, known in KNOWN.items():
        if {name for name in more if name in known or name == "csrf_token"}:
            continue
        fields = {**dict.fromkeys(known, "x"), "csrf_token": token, **more}
        assert signed_in.send(path, data=fields).status == 400, path
    assert session_office.contact()["phone"] == "06-1000482"


def test_c4_every_form_of_the_url_map_is_known_here(session_office: Office) -> None:
    assert set(writes(session_office)) == {*KNOWN, "/me/correct"}


@pytest.mark.parametrize("path", [*KNOWN, "/me/correct"])
def test_c4_a_field_that_comes_twice_or_is_oversized_is_refused(
    session_office: Office, signed_in: Visitor, token: str, path: str
) -> None:
    known = KNOWN.get(path) or {"phone"}
    name = min(known)
    fields = {**dict.fromkeys(known, "x"), "csrf_token": token, "seen": "x"}
    fields = {key: one for key, one in fields.items() if key != "seen" or path == "/me/correct"}

    doubled = [*fields.items(), (name, "y")]
    assert signed_in.send(path, data=_encoded(doubled), content_type=FORM).status == 400
    if known != {"phone"} or path == "/me/correct":
        assert signed_in.post(path, **{**fields, name: "x" * 10_001}).status == 400
    assert signed_in.post(path, **{**fields, name: "x" * 300_000}).status == 413


def test_c4_a_form_of_another_kind_or_in_parts_without_end_is_refused(
    session_office: Office, signed_in: Visitor, token: str
) -> None:
    answer = signed_in.send("/me/consents", json={"purpose": "newsletter", "granted": "no"})
    assert answer.status == 400
    many = {f"field-{number}": "x" for number in range(300)}
    assert signed_in.post("/me/consents", csrf_token=token, **many).status in {400, 413}
    assert signed_in.send("/me/consents", data=b"\xff\xfe%%%", content_type=FORM).status == 400


@pytest.mark.parametrize(
    ("purpose", "granted"),
    [("phone", "no"), ("nothing", "no"), ("", "no"), ("newsletter", "maybe"), ("orders", "no")],
)
def test_a_decision_about_something_unknown_is_refused(
    session_office: Office, signed_in: Visitor, token: str, purpose: str, granted: str
) -> None:
    answer = signed_in.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)

    assert answer.status == 400
    assert "request_received" not in session_office.events()


def test_a13_there_is_no_way_to_be_sent_elsewhere(office: Office) -> None:
    visitor = office.visitor()
    for name in ("next", "return", "return_url", "redirect", "url", "continue"):
        for value in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
            page = visitor.get("/", query_string={name: value, "site": "demo"})
            assert "evil.example" not in page.text
            assert visitor.post("/signin", email=MARIJKE, **{name: value}).status == 400


@pytest.mark.parametrize("name", ["endpoint", "_external", "_scheme", "_anchor", "_method", "lang"])
def test_a_question_in_an_address_that_no_page_asks_does_nothing(office: Office, name: str) -> None:
    page = office.visitor().get("/", query_string={name: "evil"})

    assert page.status == 200
    assert "evil" not in page.text


FORM = "application/x-www-form-urlencoded"


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)
