"""`/privacy` says everything that the portal itself keeps, in words that people understand."""

import pytest

from portal.store.recalls import Purpose
from portal.store.tables import Table
from portal.web.privacy import KEPT, NOTHING_PERSONAL, RECALLED
from tests.portals import Office, StartOffice


def test_every_table_is_told_of_or_holds_nothing_of_a_subscriber() -> None:
    told = [table for one in KEPT for table in one.tables]

    assert len(told) == len(set(told))
    assert {*told, *NOTHING_PERSONAL, "recalls"} == set(Table.metadata.tables)


def test_every_purpose_of_a_recall_is_told() -> None:
    assert set(RECALLED) == set(Purpose)


def test_the_page_tells_the_terms_as_they_are_set(start_office: StartOffice) -> None:
    office = start_office(retention={"requests_days": 400})
    page = office.visitor().get("/privacy")

    assert page.status == 200
    assert page.heading == "What this page itself keeps"
    assert "Kept: 400 days." in page.text
    assert "%(" not in page.text


@pytest.mark.parametrize(("language", "words"), [("nl", "5 jaar"), ("en", "5 years")])
def test_the_page_speaks_the_readers_language(office: Office, language: str, words: str) -> None:
    page = office.visitor().get("/privacy", headers={"Accept-Language": language})

    assert words in page.text
    assert "180 da" in page.text  # days, dagen


def test_every_page_leads_to_it_and_it_needs_no_sign_in(office: Office) -> None:
    page = office.visitor().get("/", query_string={"site": "other"})

    assert 'href="/privacy?site=other"' in page.text
    assert "De Late Merel Wholesale" in office.visitor().get("/privacy?site=other").text
