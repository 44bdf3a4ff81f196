"""The demo's pages show the mail and the CRM to people, and the same to scripts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.demo.crm import STANDS_TWICE, create_crm, subscriber_to_be
from portal.demo.mailbox import Mailbox
from portal.demo.pages import create_demo_pages
from portal.demo.rows import WholeCrm

LETTER = b"""\
From: Merel <service@merel.example>
Subject: Your code
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Your code:

ABCD-EF23

http://localhost:8080/enter?t=one#two <b>
--b
Content-Type: text/html; charset=utf-8

<p>Your code<script>alert(1)</script> "quoted"</p>
--b--
"""


@pytest.fixture(scope="module")
def crm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crm") / "crm.sqlite"
    create_crm(path, subscribers=10)
    return path


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def browser(crm_file: Path, mailbox: Mailbox) -> Iterator[FlaskClient]:
    crm = WholeCrm(f"sqlite:///{crm_file}")
    app = create_demo_pages(
        mailbox, crm, website="http://127.0.0.1:8081", subscriber=subscriber_to_be()
    )
    yield app.test_client()
    crm.close()


def test_the_mail_is_listed_for_scripts_newest_last(browser: FlaskClient, mailbox: Mailbox) -> None:
    assert browser.get("/demo/mail.json").json == []

    mailbox.catch("a@example.org", LETTER)
    mailbox.catch("b@example.org", LETTER)

    mails = browser.get("/demo/mail.json").json
    assert mails is not None
    assert [mail["to"] for mail in mails] == ["a@example.org", "b@example.org"]
    assert "ABCD-EF23" in mails[0]["text"].splitlines()


def test_the_mail_is_listed_for_people_newest_first(browser: FlaskClient, mailbox: Mailbox) -> None:
    assert "No mail yet" in browser.get("/demo/mail").text

    mailbox.catch("a@example.org", LETTER)
    mailbox.catch("b@example.org", LETTER)

    page = browser.get("/demo/mail").text
    assert page.index("b@example.org") < page.index("a@example.org")


def test_a_formatted_mail_stands_in_a_frame_where_none_of_it_can_run(
    browser: FlaskClient, mailbox: Mailbox
) -> None:
    mailbox.catch("a@example.org", LETTER)

    answer = browser.get("/demo/mail/1")

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_in_the_text_of_a_mail_links_can_be_clicked_and_the_code_be_chosen(
    browser: FlaskClient, mailbox: Mailbox
) -> None:
    mailbox.catch("a@example.org", LETTER)

    page = browser.get("/demo/mail/1?as=text").text

    assert '<b class="code">ABCD-EF23</b>' in page
    assert '<a href="http://localhost:8080/enter?t=one#two"' in page
    assert "</a> &lt;b&gt;" in page


def test_a_mail_that_is_not_there_is_not_found(browser: FlaskClient) -> None:
    assert browser.get("/demo/mail/1").status_code == 404


def test_every_row_of_an_address_is_shown_whatever_case_it_is_asked_in(
    browser: FlaskClient,
) -> None:
    answer = browser.get("/demo/crm.json", query_string={"email": subscriber_to_be().upper()})

    assert answer.json is not None
    (found,) = answer.json["rows"]
    assert found["table"] == "contacts"
    assert found["row"]["first_name"] == "Marijke"
    assert found["row"]["birth_date"] == "1949-03-08"
    assert set(found["related"]) == {"subscriptions", "orders", "notes"}
    assert len(found["related"]["subscriptions"]) == 3


def test_a_change_in_the_crm_is_seen_at_the_next_look(tmp_path: Path, mailbox: Mailbox) -> None:
    create_crm(tmp_path / "crm.sqlite", subscribers=10)
    crm = WholeCrm(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    before = crm(STANDS_TWICE)

    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as connection, connection:
        connection.execute("UPDATE contacts SET phone = '1' WHERE email = ?", [STANDS_TWICE])
        connection.execute("DELETE FROM contacts WHERE id = ?", [before[0]["row"]["id"]])

    after = crm(STANDS_TWICE)
    crm.close()
    assert (len(before), len(after)) == (2, 1)
    assert after[0]["row"]["phone"] == "1"


def test_of_an_address_that_the_crm_does_not_know_there_is_nothing(browser: FlaskClient) -> None:
    answer = browser.get("/demo/crm.json?email=nobody@example.org")

    assert answer.json == {"email": "nobody@example.org", "rows": []}
    assert "has nothing" in browser.get("/demo/crm?email=nobody@example.org").text
    assert browser.get("/demo/crm.json").status_code == 400


@pytest.mark.parametrize("address", ["/demo/", "/demo/mail", "/demo/crm"])
def test_the_pages_speak_dutch_to_who_asks_for_it(browser: FlaskClient, address: str) -> None:
    page = browser.get(address, headers={"Accept-Language": "nl-NL,nl;q=0.9,en;q=0.5"}).text

    assert '<html lang="nl">' in page
    assert ">Postvak</a>" in page


def test_the_pages_answer_to_this_machine_only(browser: FlaskClient) -> None:
    """A site on the internet cannot read the mail by pointing its own name at loopback."""
    assert browser.get("/demo/mail.json", base_url="http://evil.example").status_code == 400
    assert browser.get("/demo/mail.json", base_url="http://localhost:8080").status_code == 200
