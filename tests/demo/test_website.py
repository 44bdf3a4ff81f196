"""The company's website embeds the portal by one tag, and shares nothing else with it."""

import pytest
from flask.testing import FlaskClient

from portal.demo.website import Embedding, create_website

PORTAL = "http://localhost:8080"
EMBEDDING = Embedding(PORTAL, "demo", "m@example.org")


@pytest.fixture
def browser() -> FlaskClient:
    return create_website(EMBEDDING).test_client()


def test_the_service_page_embeds_the_portal_with_one_tag(browser: FlaskClient) -> None:
    page = browser.get("/nl/klantenservice").text

    assert f'<script src="{PORTAL}/embed/v1/portal.js" data-site="demo" async></script>' in page
    assert page.count("<script") == 1


def test_its_policy_lets_the_portal_in_and_nobody_else(browser: FlaskClient) -> None:
    policy = browser.get("/nl/klantenservice").headers["Content-Security-Policy"]

    assert f"script-src {PORTAL};" in policy
    assert f"frame-src {PORTAL};" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("page", ["", "workshops", "klantenservice"])
@pytest.mark.parametrize(("language", "other"), [("nl", "en"), ("en", "nl")])
def test_every_page_is_there_in_both_languages_and_links_to_the_other(
    browser: FlaskClient, page: str, language: str, other: str
) -> None:
    answer = browser.get(f"/{language}/{page}")

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert f'href="/{other}/{page}"' in answer.text


def test_the_first_page_is_in_the_language_of_the_browser(browser: FlaskClient) -> None:
    for asked, language in (("nl-BE", "nl"), ("en-GB", "en"), ("ja", "en")):
        answer = browser.get("/", headers={"Accept-Language": asked})
        assert answer.headers["Location"] == f"/{language}/"


def test_the_strip_says_who_to_sign_in_as_and_where_the_mail_is(browser: FlaskClient) -> None:
    page = browser.get("/en/").text

    assert "<code>m@example.org</code>" in page
    assert f'href="{PORTAL}/demo/mail"' in page


@pytest.mark.parametrize("address", ["/de/", "/nl/onbekend", "/nl/home", "/demo/mail"])
def test_what_is_not_there_is_not_found(browser: FlaskClient, address: str) -> None:
    assert browser.get(address).status_code == 404


def test_it_loads_nothing_from_anywhere_else(browser: FlaskClient) -> None:
    """No fonts, pictures or styles of others, whom visitors never heard of."""
    for page in ("/nl/", "/nl/workshops", "/nl/klantenservice"):
        text = browser.get(page).text
        outside = [piece for piece in text.split('src="')[1:] if not piece.startswith("/")]
        assert all(piece.startswith(PORTAL) for piece in outside)
        assert 'href="http' not in text.split("<body>")[0]
