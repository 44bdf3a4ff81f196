"""Who may ask: a key of a site, for what it is for, as often as it may, and no browser."""

import logging

import pytest

from portal.access.api_keys import Scope
from portal.store.tables import ApiKey, LedgerEntry
from tests.portals import MARIJKE, ORIGIN, Office, StartOffice, logged
from tests.programs import Program, Told

ROUTES = {
    ("GET", "/consents/crm:1"): Scope.CONSENTS_READ,
    ("POST", "/consents"): Scope.CONSENTS_READ,
    ("GET", "/feed"): Scope.FEED_READ,
    ("POST", "/links"): Scope.LINKS_MINT,
}
"""Every route that needs a key, and the scope that it needs."""
OPEN = {"/handoff", "/openapi.json"}
"""Routes without a key."""


def ask(program: Program, method: str, path: str, **options: object) -> Told:
    return program.send(method, path, json={} if method == "POST" else None, **options)


def test_every_route_has_its_scope_here(office: Office) -> None:
    rules = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in office.app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    here = {(method, path.replace("crm:1", "<path:ref>")) for method, path in ROUTES}
    assert {one for one in rules if one[1] not in OPEN} == here


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_what_it_is_for_and_nothing_else(office: Office, scope: Scope) -> None:
    program = Program(office, scope)
    for (method, path), needed in ROUTES.items():
        told = ask(program, method, path)
        if needed is scope:
            assert told.status in {200, 422}, (method, path, told.text)
        else:
            assert (told.status, told.code) == (403, "scope"), (method, path)


def test_a_scope_of_a_later_version_opens_nothing_and_its_key_goes_on_with_the_others(
    office: Office,
) -> None:
    """After a downgrade keys are there that this version would never have made."""
    program = Program(office, Scope.FEED_READ, name="newer")
    with office.database.unit("test") as unit:
        row = unit.session.query(ApiKey).filter_by(name="newer").one()
        row.scopes = ["feed:read", "people:paint"]
        unit.commit()

    assert program.get("/feed").status == 200
    refused = program.get("/consents/crm:1")
    assert (refused.status, refused.code) == (403, "scope")
    assert "unknown to this version" in refused.json["detail"]
    assert "people:paint" not in refused.text

    with office.database.unit("test") as unit:
        unit.session.query(ApiKey).filter_by(name="newer").one().scopes = ["people:paint"]
        unit.commit()
    for method, path in ROUTES:
        told = ask(program, method, path)
        assert (told.status, told.code) == (403, "scope"), (method, path)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer portal_",
        "Bearer portal_" + "x" * 43,
        "Bearer portal_" + "é" * 43,
        "Bearer " + "x" * 5000,
        "Basic cG9ydGFsOg==",
        "{key}",
        "Basic {key}",
        "Bearer {key}x",
    ],
)
def test_without_a_key_of_ours_nothing_is_answered(
    office: Office, authorization: str | None
) -> None:
    program = Program(office)
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in ROUTES:
        sent = {name: value.replace("{key}", program.key) for name, value in headers.items()}
        answer = office.app.test_client(use_cookies=False).open(
            f"/api/v1{path}", method=method, headers=sent, base_url=ORIGIN
        )
        told = Told(answer)
        assert (told.status, told.code) == (401, "key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_removed_key_opens_nothing_and_its_name_is_free_again(office: Office) -> None:
    program = Program(office, name="mailing-tool")
    assert program.get("/consents/crm:1").status == 200
    keys = office.portal.services.api_keys
    assert keys.remove("mailing-tool")
    assert not keys.remove("mailing-tool")

    assert program.get("/consents/crm:1").code == "key"
    again = Program(office, name="mailing-tool")
    assert again.get("/consents/crm:1").status == 200
    assert program.get("/consents/crm:1").code == "key"


def test_a_key_of_a_site_that_is_gone_opens_nothing(office: Office) -> None:
    program = Program(office, site="gone")
    assert program.get("/consents/crm:1").code == "key"


def test_only_a_digest_of_a_key_is_kept_and_nothing_of_one_that_was_removed(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    program = Program(office, Scope.LINKS_MINT, name="shop")
    program.get("/consents/crm:1")
    office.portal.services.api_keys.remove("shop")

    with office.database.reading() as db:
        (row,) = db.query(ApiKey)
        entries = {row.event: row.facts for row in db.query(LedgerEntry)}
    assert (row.key_hash, row.removed_at) == (None, office.clock())
    assert entries["api_key_added"] == {"key": row.id, "site": "demo", "scopes": ["links:mint"]}
    assert entries["api_key_removed"] == {"key": row.id, "site": "demo"}
    assert program.key not in logged(caplog)
    for file in office.settings.instance.iterdir():
        assert program.key.encode() not in file.read_bytes()


def test_a_program_that_asks_too_often_is_told_when_to_ask_again(start_office: StartOffice) -> None:
    office = start_office(limits={"api_calls_per_minute": 2})
    program, other = Program(office), Program(office)
    assert program.get("/consents/crm:1").status == 200
    office.clock.advance(seconds=20)
    assert program.get("/consents/crm:1").status == 200

    refused = program.get("/consents/crm:1")

    assert (refused.status, refused.code) == (429, "too_many_calls")
    assert refused.response.headers["Retry-After"] == "40"
    assert other.get("/consents/crm:1").status == 200
    office.clock.advance(seconds=40)
    assert program.get("/consents/crm:1").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ORIGIN},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_browser_is_answered_nothing_whatever_key_it_has(
    office: Office, headers: dict[str, str]
) -> None:
    program = Program(office)
    for method, path in ROUTES:
        assert ask(program, method, path, headers=headers).code == "browser"
    preflight = program.send("OPTIONS", "/consents", headers=headers)
    assert preflight.code == "browser"


def test_a_key_is_no_session_and_a_session_is_no_key(office: Office) -> None:
    program = Program(office)
    frame = office.visitor(frame="demo").sign_in(office)
    tab = office.visitor().sign_in(office)

    me = office.visitor(frame="demo")
    me.token = program.key
    assert me.get("/me").status == 401
    program.key = frame.token
    assert program.get("/consents/crm:1").code == "key"
    assert "problem+json" in str(tab.get("/api/v1/consents/crm:1").response.content_type)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/consents", 405, "method_not_allowed"),
        ("DELETE", "/consents/crm:1", 405, "method_not_allowed"),
        ("GET", "/../v2/x", 404, "not_found"),
    ],
)
def test_every_failure_is_a_problem_and_no_page(
    office: Office, method: str, path: str, status: int, code: str
) -> None:
    told = Program(office).send(method, path)
    assert (told.status, told.code) == (status, code)
    assert "<" not in told.text


def test_another_host_and_a_body_that_is_too_large_are_problems_too(office: Office) -> None:
    program = Program(office)
    assert program.get("/consents/crm:1", base_url="http://evil.example").code == "host"
    large = program.send("POST", "/consents", data=b" " * 300_000, content_type="application/json")
    assert (large.status, large.code) == (413, "too_large")
    assert program.send("POST", "/consents", data=b"asked=1").code == "unsupported_media_type"


def test_a_database_that_is_away_is_a_problem_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(office)
    monkeypatch.setattr(
        office.portal.services.api_keys._database, "reading", lambda: 1 / 0, raising=True
    )
    told = program.get("/consents/crm:1")
    assert (told.status, told.code) == (500, "fault")


@pytest.mark.parametrize(
    "body",
    [
        MARIJKE,
        [],
        {},
        {"asked": []},
        {"asked": [{}]},
        {"asked": [{"email": MARIJKE, "ref": "crm:1"}]},
        {"asked": [{"email": 7}]},
        {"asked": [{"email": MARIJKE, MARIJKE: 1}]},
        {"asked": [{"email": MARIJKE}] * 101},
        {"asked": [{"ref": "crm:" + MARIJKE * 100}]},
        {"asked": {MARIJKE: MARIJKE}},
    ],
)
def test_a_body_of_another_shape_is_refused_and_nothing_of_it_is_repeated(
    office: Office, caplog: pytest.LogCaptureFixture, body: object
) -> None:
    told = Program(office).post("/consents", body)

    assert (told.status, told.code) == (422, "shape")
    assert told.json["faults"]
    assert MARIJKE not in told.text + logged(caplog)
