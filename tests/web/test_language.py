"""The language of a page: as chosen, as asked, as signed in, as the browser prefers; no cookie."""

import re

import pytest

from tests.portals import MARIJKE, Office, Page, StartOffice, Visitor


def language(page: Page) -> str:
    (found,) = re.findall(r'<html lang="(\w+)"', page.text)
    return str(found)


def ask_in_dutch(visitor: Visitor) -> Page:
    asked = visitor.send("/signin?lang=nl", data={"email": MARIJKE, "goal": "view", "site": "demo"})
    return visitor.get(asked.location)


@pytest.mark.parametrize(
    ("prefers", "spoken"),
    [
        ("nl", "nl"),
        ("en-GB, nl;q=0.5", "en"),
        ("de, nl;q=0.5, en;q=0.4", "nl"),
        ("nl-BE", "nl"),
        ("ja", "nl"),  # neither: the first that the site names
        ("", "nl"),
        ("*", "nl"),
        ("en;q=banana, \x7f", "nl"),
    ],
)
def test_a_page_speaks_what_the_browser_prefers_of_the_languages_of_the_site(
    office: Office, prefers: str, spoken: str
) -> None:
    page = office.visitor().get("/", headers={"Accept-Language": prefers})

    assert language(page) == spoken
    assert "Accept-Language" in page.response.headers["Vary"]


def test_a_chosen_language_goes_before_the_browsers_and_along_with_every_link(
    office: Office,
) -> None:
    visitor = office.visitor().sign_in(office)

    for path in ("/", "/me", "/me/consents", "/me/requests", "/me/erase", "/nowhere"):
        page = visitor.get(path, query_string={"lang": "nl"})
        assert language(page) == "nl", path
        # On to every page but the same one in the other language, and what is not a page.
        links = re.findall(r'(?:href|action)="(/(?!static|sites)[^"]*)"', page.text)
        others = [link for link in links if "lang=nl" not in link]
        assert len(others) == 1, others
        assert "lang=en" in others[0]
    assert "lang" not in visitor.get("/").response.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("asked", ["de", "nl-NL", "NL", "", "../nl", "nl\x00", "<script>"])
def test_a_language_that_the_site_does_not_speak_is_as_good_as_none(
    office: Office, asked: str
) -> None:
    page = office.visitor().get("/", query_string={"lang": asked})

    assert (page.status, language(page)) == (200, "en")


def test_a_site_of_one_language_speaks_no_other_and_offers_none(start_office: StartOffice) -> None:
    office = start_office(
        sites=[
            {
                "id": "demo",
                "name": "Merel",
                "return_url": "https://merel.example/",
                "languages": ["nl"],
            }
        ]
    )
    page = office.visitor().get("/?lang=en", headers={"Accept-Language": "en"})

    assert language(page) == "nl"
    assert "hreflang" not in page.text


def test_the_page_of_the_link_speaks_the_language_in_which_it_was_asked(office: Office) -> None:
    """The mail was in it, and is often opened by another browser."""
    asked = ask_in_dutch(office.visitor())
    mail = office.next_mail()
    elsewhere = office.visitor()

    assert "Dit is uw code" in mail.text
    for page in (
        elsewhere.get(mail.path),
        elsewhere.get(f"/signin/code?t={mail.reference}"),
        elsewhere.post("/enter", t=mail.reference, code="AAAA-AAAA"),
        elsewhere.post("/signin/code", t=mail.reference, code=""),
    ):
        assert language(page) == "nl"
    assert language(asked) == "nl"
    assert language(elsewhere.get(f"{mail.path}&lang=en")) == "en", "unless another is chosen"


def test_a_language_can_be_chosen_that_only_the_site_of_the_question_speaks(
    start_office: StartOffice,
) -> None:
    sites = [
        {"id": id, "name": id, "return_url": "https://merel.example/", "languages": [language]}
        for id, language in (("demo", "nl"), ("english", "en"))
    ]
    office = start_office(sites=sites)
    asked = office.visitor().ask(site="english")
    reference = asked.fields["t"]

    page = office.visitor().get(f"/signin/code?t={reference}&lang=en")
    assert language(page) == "en"
    assert "lang=en" in page.text.partition('action="')[2].partition('"')[0]


def test_signed_in_the_pages_go_on_in_the_language_in_which_it_was_asked(office: Office) -> None:
    visitor = office.visitor()
    ask_in_dutch(visitor)
    mail = office.next_mail()
    elsewhere = office.visitor()
    answer = elsewhere.post("/enter", t=mail.reference, code=mail.code)

    assert language(elsewhere.get(answer.location)) == "nl"
    assert language(elsewhere.get("/me/requests")) == "nl"


def test_the_same_page_in_the_other_language_keeps_what_it_is_about(office: Office) -> None:
    asked = office.visitor().ask()
    reference = asked.fields["t"]

    (other,) = re.findall(r'<a href="([^"]+)" lang="nl"', asked.text)
    again = office.visitor().get(other.replace("&amp;", "&"))
    assert language(again) == "nl"
    assert again.fields["t"] == reference


def test_in_the_frame_the_language_is_what_its_page_says(office: Office) -> None:
    shell = office.visitor().get("/embed/demo/?lang=nl", headers={"Accept-Language": "en"})

    assert language(shell) == "nl"
    assert "lang=nl" in shell.text.partition('data-start="')[2].partition('"')[0]
