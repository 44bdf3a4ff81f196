"""Handing over: once, for a minute, by that website for this portal; it opens tier 2."""

import base64
import json
import logging
from typing import Any

import pytest
import time_machine
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey, RSAKey

from portal.adapters.contract import Unreachable
from portal.store.tables import Handoff, LedgerEntry, Session
from tests.handovers import (
    ED25519,
    OTHERS,
    P256,
    WEBSITE,
    Website,
    arrive,
    handing_over,
    sign,
)
from tests.portals import MARIJKE, ORIGIN, STRANGER, Office, StartOffice, logged
from tests.servers.databases import FreshDatabase


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return handing_over(start_office)


@pytest.fixture
def website(office: Office) -> Website:
    return Website(office)


def count(office: Office, table: Any = Handoff) -> int:
    with office.database.reading() as db:
        return db.query(table).count()


# --- the whole way --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "alg"), [(ED25519, "Ed25519"), (ED25519, "EdDSA"), (P256, "ES256")]
)
def test_whom_the_website_has_signed_in_goes_on_here_without_a_mail(
    office: Office, website: Website, key: Any, alg: str
) -> None:
    if alg == "EdDSA":  # the older name of the same; joserfc warns of it, others write it
        signed = website.assertion(key)
        header, payload, _ = signed.split(".")
        header = b64(json.dumps({"alg": "EdDSA", "kid": "ed", "typ": "JWT"}).encode())
        signature = sign(key, f"{header}.{payload}")
        assertion = f"{header}.{payload}.{b64(signature)}"
    else:
        assertion = website.assertion(key, alg)

    told = website.send(assertion)

    assert told.status == 201
    assert told.json["expires_at"] == "2026-03-02T12:01:00Z"
    visitor = arrive(office, told.json["url"])
    assert MARIJKE in visitor.get("/me").text
    assert office.mails() == []
    assert office.events()[-1] == "signed_in"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_tier_2_is_shown_to_whom_the_website_vouches_for_and_to_nobody_else(
    office: Office, website: Website
) -> None:
    (order,) = office.crm("SELECT order_number FROM orders WHERE contact_id = 1 LIMIT 1")
    by_mailbox = office.visitor().sign_in(office)
    by_website = arrive(office, website.link())

    assert order["order_number"] not in by_mailbox.get("/me").text
    assert order["order_number"] in by_website.get("/me").text
    with office.database.reading() as db:
        assert sorted(row.tier for row in db.query(Session)) == [1, 2]


@pytest.mark.parametrize(
    ("goal", "home"), [("erase", "/me/erase"), ("copy", "/me/export"), ("less", "/me/consents")]
)
def test_it_leads_to_what_she_came_for_and_is_a_fresh_proof_for_that_alone(
    office: Office, website: Website, goal: str, home: str
) -> None:
    link = website.link(goal=goal, locale="nl")
    visitor = office.visitor()
    form = visitor.get(link.removeprefix(ORIGIN).partition("#")[0])
    assert 'lang="nl"' in form.text
    answer = visitor.submit(form, "/handoff", token=link.partition("#")[2])
    assert answer.location.startswith(home)

    review = visitor.get("/me/erase")
    erased = visitor.post("/me/erase", when="now", csrf_token=review.fields["csrf_token"])
    assert erased.status == (303 if goal == "erase" else 403)


def test_the_proof_is_fresh_for_the_same_minutes_as_a_code(
    office: Office, website: Website
) -> None:
    visitor = arrive(office, website.link(goal="erase"))
    page = visitor.get("/me/erase")
    office.clock.advance(minutes=5)
    assert visitor.submit(page, "/me/erase").status == 403


# --- the link -------------------------------------------------------------------------------------


def test_looking_at_the_link_uses_nothing_up_and_says_nothing_of_her(
    office: Office, website: Website
) -> None:
    link = website.link()
    path, _, token = link.removeprefix(ORIGIN).partition("#")
    for _ in range(3):
        page = office.visitor().get(path)
        assert page.status == 200
        assert not any(one in page.text for one in (MARIJKE, "Marijke", token))
        assert "Set-Cookie" not in page.response.headers
    assert count(office, Session) == 0
    arrive(office, link)


def test_the_link_works_once_and_for_one_minute(office: Office, website: Website) -> None:
    link, late = website.link(), website.link()
    arrive(office, link)
    for one, seconds in ((link, 0), (late, 60)):
        office.clock.advance(seconds=seconds)
        path, _, token = one.removeprefix(ORIGIN).partition("#")
        visitor = office.visitor()
        page = visitor.get(path)
        assert (page.status, page.heading) == (410, "This link no longer works")
        answer = visitor.post("/handoff", t=path.partition("t=")[2], token=token)
        assert answer.status == 410
    assert count(office, Session) == 1


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é"])
def test_a_wrong_token_opens_nothing_and_uses_nothing_up(
    office: Office, website: Website, token: str
) -> None:
    link = website.link()
    path = link.removeprefix(ORIGIN).partition("#")[0]
    visitor = office.visitor()
    assert visitor.submit(visitor.get(path), "/handoff", token=token).status in {400, 410}
    assert count(office, Session) == 0
    arrive(office, link)


@pytest.mark.parametrize("reference", ["", "x", "\0", "x" * 999])
def test_a_reference_of_nothing_is_over(office: Office, reference: str) -> None:
    page = office.visitor().get("/handoff", query_string={"t": reference})
    assert page.status == 410


def test_it_opens_in_a_tab_only_and_from_our_own_page_only(
    office: Office, website: Website
) -> None:
    link = website.link()
    path, _, token = link.removeprefix(ORIGIN).partition("#")
    fields = {"t": path.partition("t=")[2], "token": token}
    assert office.visitor(frame="demo").post("/handoff", **fields).status == 403
    across = office.visitor().send(
        "/handoff", data=fields, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert across.status == 403
    arrive(office, link)


def test_who_was_signed_in_before_is_not_any_more(office: Office, website: Website) -> None:
    visitor = office.visitor().sign_in(office, "hendrik.bosman@example.com")
    arrive(office, website.link(), visitor)
    page = visitor.get("/me").text
    assert MARIJKE in page
    assert "hendrik" not in page


# --- what does not count --------------------------------------------------------------------------


@pytest.mark.server
def test_on_postgresql_an_assertion_counts_once_too(
    start_office: StartOffice, fresh_database: FreshDatabase
) -> None:
    website = Website(handing_over(start_office, database=fresh_database("postgresql")))
    assertion = website.assertion()

    assert [website.send(assertion).status for _ in range(2)] == [201, 409]


def test_an_assertion_counts_once(office: Office, website: Website) -> None:
    assertion = website.assertion()
    assert website.send(assertion).status == 201
    for _ in range(2):
        again = website.send(assertion)
        assert (again.status, again.code) == (409, "replayed")
    jti = website.claims()["jti"]
    assert website.send(website.assertion(jti=jti)).status == 201
    assert website.send(website.assertion(jti=jti)).code == "replayed"


def test_it_counts_once_also_after_the_row_has_been_emptied(
    office: Office, website: Website
) -> None:
    assertion = website.assertion()
    website.send(assertion)
    office.clock.advance(seconds=80)
    office.portal.services.sessions.end_expired()
    with office.database.reading() as db:
        assert db.query(Handoff).one().email_sealed is None
    assert website.send(assertion).code == "replayed"
    office.clock.advance(days=2)
    office.portal.services.sessions.forget()
    assert count(office) == 0


@pytest.mark.parametrize(
    ("later", "counts"),
    [(-31, False), (-30, True), (0, True), (89, True), (90, False), (3600, False)],
)
def test_it_counts_for_a_minute_and_clocks_may_differ_by_half_of_one(
    office: Office, website: Website, later: int, counts: bool
) -> None:
    assertion = website.assertion()
    office.clock.advance(seconds=later)
    told = website.send(assertion)
    assert told.status == (201 if counts else 401)
    if not counts:
        assert told.code == "expired"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aud": "https://elsewhere.example"}, "audience"),
        ({"aud": [ORIGIN]}, "audience"),
        ({"aud": f"{ORIGIN}/"}, "audience"),
        ({"aud": ...}, "audience"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": ...}, "issuer"),
        ({"iss": [WEBSITE]}, "issuer"),
        ({"site": "other"}, "signature"),
        ({"site": "nowhere"}, "signature"),
        ({"site": ...}, "signature"),
        ({"site": ["demo"]}, "signature"),
        ({"sub": "nobody"}, "claims"),
        ({"sub": ...}, "claims"),
        ({"sub": {"email": MARIJKE}}, "claims"),
        ({"sub": f"{MARIJKE}, {STRANGER}"}, "claims"),
        ({"jti": ...}, "claims"),
        ({"jti": "short"}, "claims"),
        ({"jti": "x" * 129}, "claims"),
        ({"jti": 1234567890123456}, "claims"),
        ({"iat": ...}, "claims"),
        ({"exp": ...}, "claims"),
        ({"iat": "1772452800"}, "claims"),
        ({"iat": 1772452800.5}, "claims"),
        ({"iat": True}, "claims"),
        ({"exp": 1 << 70}, "claims"),
        ({"exp": -1}, "claims"),
        ({"exp": 1772452800 + 61}, "claims"),
        ({"exp": 1772452800}, "claims"),
        ({"goal": "everything"}, "claims"),
        ({"goal": "question"}, "claims"),
        ({"goal": None}, "claims"),
        ({"locale": "de"}, "claims"),
        ({"locale": 7}, "claims"),
        ({"sub": STRANGER}, "unknown"),
    ],
)
def test_claims_that_are_not_as_they_must_be_count_for_nothing(
    office: Office, website: Website, changed: dict[str, Any], code: str
) -> None:
    assert int(office.clock().timestamp()) == 1772452800
    told = website.send(website.assertion(**changed))
    assert told.code == code
    assert count(office) == 0


def test_only_the_keys_of_that_very_site_sign_for_it(office: Office, website: Website) -> None:
    """By another site's key, by one that names it, and by one of nobody's with a name of ours."""
    nobodys = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
    for assertion in (
        website.assertion(OTHERS),
        website.assertion(OTHERS, header={"kid": "ed"}),
        website.assertion(OTHERS, header={}),
        website.assertion(nobodys),
        website.assertion(ED25519, header={"kid": "nobody"}),
        website.assertion(ED25519, site="other"),
    ):
        assert website.send(assertion).code == "signature"
    assert website.send(website.assertion(ED25519, header={})).status == 201


def test_unsigned_shared_and_foreign_algorithms_are_none(office: Office, website: Website) -> None:
    claims = json.dumps(website.claims())
    public = json.dumps(ED25519.as_dict(private=False))
    shared = OctKey.import_key(public.encode() + b"x" * 64)
    rsa = RSAKey.generate_key(2048)
    body = b64(claims.encode())
    forged = [
        f"{b64(json.dumps({'alg': alg}).encode())}.{body}.{signature}"
        for alg in ("none", "None", "NONE", "", "Ed25519", "ES256", 7, None, ["Ed25519"])
        for signature in ("", "AAAA")
    ]
    forged += [
        jws.serialize_compact({"alg": "HS256", "kid": "ed"}, claims, shared, algorithms=["HS256"]),
        jws.serialize_compact({"alg": "RS256", "kid": "ed"}, claims, rsa, algorithms=["RS256"]),
    ]
    for assertion in forged:
        assert website.send(assertion).code == "signature", assertion
    assert count(office) == 0


def test_a_header_that_brings_its_own_key_or_another_reading_is_refused(
    website: Website, office: Office
) -> None:
    nobodys = OKPKey.generate_key("Ed25519")
    for more in (
        {"jwk": nobodys.as_dict(private=False)},
        {"jku": "https://elsewhere.example/keys"},
        {"x5u": "https://elsewhere.example/keys"},
        {"crit": ["b64"], "b64": False},
    ):
        header = b64(json.dumps({"alg": "Ed25519", **more}).encode())
        payload = b64(json.dumps(website.claims()).encode())
        for key in (nobodys, ED25519):
            signature = sign(key, f"{header}.{payload}")
            assert website.send(f"{header}.{payload}.{b64(signature)}").code == "signature"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".",
        b"..",
        b"a.b.c",
        b"{}",
        b"\xff" * 50,
        b"." * 2000,
        b"e30.e30.",
        b"e30.W10.e30",
        ("[" * 3000).encode(),
        b64(b"[" * 2000).encode() + b"." + b64(b"[" * 2000).encode() + b".x",
    ],
)
def test_what_is_no_assertion_is_refused(website: Website, body: bytes) -> None:
    assert website.send(body).code == "signature"


def test_a_changed_assertion_is_none(website: Website) -> None:
    header, payload, signature = website.assertion().split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=="))
    other = b64(json.dumps({**told, "sub": STRANGER}).encode())
    assert website.send(f"{header}.{other}.{signature}").code == "signature"
    assert website.send(f"{header}.{payload}.{signature}".lower()).code == "signature"


def test_the_body_is_a_jose_of_a_bounded_length_and_from_no_browser(website: Website) -> None:
    assertion = website.assertion()
    assert website.send(assertion, content_type="text/plain").status == 415
    assert website.send(b"x" * 9000).status == 413
    assert website.send(assertion, headers={"Origin": WEBSITE}).code == "browser"
    assert website.send(assertion).status == 201


def test_a_system_that_is_away_is_told_and_the_assertion_is_not_used_up(
    office: Office, website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise Unreachable("away")

    assertion = website.assertion()
    with monkeypatch.context() as patch:
        patch.setattr(office.portal.adapters["crm"], "find", away, raising=False)
        told = website.send(assertion)
        assert (told.status, told.code) == (503, "away")
    assert website.send(assertion).status == 201


def test_keys_are_read_anew_and_without_a_usable_file_nobody_is_handed_over(
    office: Office, website: Website
) -> None:
    file = office.settings.instance / "demo-keys.json"
    keys = json.loads(file.read_text())
    keys["keys"] = keys["keys"][1:]
    file.write_text(json.dumps(keys))
    assert website.send(website.assertion(ED25519)).code == "signature"
    assert website.send(website.assertion(P256, "ES256")).status == 201
    for content in ("", "{}", json.dumps({"keys": [ED25519.as_dict(private=True)]})):
        file.write_text(content)
        assert website.send(website.assertion(ED25519)).code == "signature"
    file.unlink()
    assert website.send(website.assertion(ED25519)).code == "signature"


def test_personal_values_and_tokens_are_in_no_log_no_ledger_and_no_file(
    office: Office, website: Website, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link, refused = website.link(), website.assertion(aud="x", sub=STRANGER)
    website.send(refused)
    arrive(office, link)
    with office.database.reading() as db:
        facts = " ".join(str(row.facts) for row in db.query(LedgerEntry))
    everything = logged(caplog) + facts
    token = link.partition("#")[2]
    for value in (MARIJKE, STRANGER, token, refused):
        assert value not in everything
    for file in office.settings.instance.glob("portal.sqlite*"):
        assert not any(one.encode() in file.read_bytes() for one in (MARIJKE, token))


def test_the_clock_is_the_portals_own_and_not_the_machines(website: Website) -> None:
    with time_machine.travel("2030-01-01"):
        assert website.send(website.assertion()).status == 201
