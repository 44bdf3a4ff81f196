"""The headers of every answer, and who may put a page into a frame."""

import re

import pytest

from portal.web.version import VERSION
from tests.portals import Office, StartOffice

PAGES = (
    "/",
    "/nowhere",
    "/me",
    "/signin/code?t=x",
    "/enter?t=x",
    "/healthz",
    "/sites/demo.css",
    "/static/portal.css",
    "/embed/v1/portal.js",
    "/operator",
    "/operator/signin",
    "/operator/requests/x",
)


@pytest.mark.parametrize("path", PAGES)
def test_b7_no_page_allows_a_script_a_style_or_a_connection_from_elsewhere(
    office: Office, path: str
) -> None:
    policy = office.visitor().get(path).response.headers["Content-Security-Policy"]

    parts = {name: rest for name, _, rest in (one.partition(" ") for one in policy.split("; "))}
    assert parts["default-src"] == "'none'"
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", parts["script-src"])
    assert parts["style-src"] == parts["img-src"] == parts["connect-src"] == "'self'"
    assert parts["base-uri"] == parts["frame-ancestors"] == "'none'"
    assert parts["form-action"] == "'self'"
    assert parts["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy
    assert "*" not in policy


def test_b7_the_nonce_is_another_one_for_every_answer(office: Office) -> None:
    visitor = office.visitor()
    seen = {visitor.get("/").response.headers["Content-Security-Policy"] for _ in range(5)}

    assert len(seen) == 5


def test_b7_no_page_has_a_script_or_a_style_of_its_own(office: Office) -> None:
    visitor = office.visitor().sign_in(office)

    for path in ("/", "/me", "/me/about", "/me/correct", "/me/consents", "/me/export", "/me/erase"):
        page = visitor.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize("path", PAGES)
def test_b8_every_answer_tells_browsers_to_guess_and_share_nothing(
    office: Office, path: str
) -> None:
    headers = office.visitor().get(path).response.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "charset" in headers["Content-Type"] or headers["Content-Type"].startswith("application")
    shared = path == "/embed/v1/portal.js"
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if shared else "same-origin")


def test_b8_over_https_browsers_are_told_to_stay_there_for_a_year(
    start_office: StartOffice,
) -> None:
    office = start_office(public_url="https://privacy.example.org")
    answer = office.visitor().get("/", base_url="https://privacy.example.org")

    assert answer.response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in start_office().visitor().get("/").response.headers


@pytest.mark.parametrize(
    ("site", "origins"),
    [
        ("demo", "http://127.0.0.1:8081"),
        ("other", "http://127.0.0.1:8082 https://wholesale.example"),
    ],
)
def test_b2_the_frame_of_a_site_stands_on_exactly_its_origins(
    office: Office, site: str, origins: str
) -> None:
    headers = office.visitor().get(f"/embed/{site}/").response.headers

    assert f"frame-ancestors {origins}" in headers["Content-Security-Policy"].split("; ")
    assert "X-Frame-Options" not in headers
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("site", ["nowhere", "DEMO", "demo%2f..", "*"])
def test_b2_an_unknown_site_has_no_frame(office: Office, site: str) -> None:
    answer = office.visitor().get(f"/embed/{site}/")

    assert answer.status == 404
    assert "frame-ancestors 'none'" in answer.response.headers["Content-Security-Policy"]


def test_b2_no_page_but_the_shell_may_stand_in_a_frame(office: Office) -> None:
    frame = office.visitor(frame="demo").sign_in(office)

    for path in ("/", "/me", "/me/about", "/me/erase"):
        headers = frame.get(path).response.headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_shell_works_without_a_script_by_a_link_to_a_tab(office: Office) -> None:
    page = office.visitor().get("/embed/demo/").text

    noscript = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert noscript
    assert 'href="/?site=demo"' in noscript[1]
    assert 'target="_blank"' in noscript[1]


def test_the_shell_is_light_or_dark_as_it_is_told_and_nothing_else(office: Office) -> None:
    visitor = office.visitor()

    assert "dark.css" not in visitor.get("/embed/demo/?theme=light").text
    assert 'dark.css" media' in visitor.get("/embed/demo/?theme=auto").text
    assert visitor.get('/embed/demo/?theme="><script>').status == 400


def test_the_loader_has_a_stable_address_and_one_that_never_changes(office: Office) -> None:
    visitor = office.visitor()
    stable = visitor.get("/embed/v1/portal.js").response
    pinned = visitor.get(f"/embed/{VERSION}/portal.js").response

    assert stable.data == pinned.data
    assert stable.headers["Cache-Control"] == "public, max-age=300"
    assert "immutable" in pinned.headers["Cache-Control"]
    assert stable.headers["Access-Control-Allow-Origin"] == "*"
    assert stable.mimetype == "text/javascript"
    assert "Set-Cookie" not in stable.headers
