"""Item 4: each mailing says its true ground; and what stood in a queue may still come."""

import re

import pytest

from tests.mailings import decide, send
from tests.portals import Office, Page, StartOffice


def section(page: Page, purpose: str) -> str:
    """What the page says of one purpose, as a person reads it."""
    found = re.search(rf'aria-labelledby="p-{purpose}".*?<form', page.text, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_item_4_each_mailing_says_why_it_is_sent(office: Office) -> None:
    office.crm(
        "UPDATE subscriptions SET changed_at = '2021-05-04 10:00:00', source = 'webshop' "
        "WHERE contact_id = 1 AND mailing = 'newsletter'"
    )
    page = office.visitor().sign_in(office).get("/me/consents")

    assert "You said yes to this on 4 May 2021, “webshop”." in section(page, "newsletter")
    assert "Because you bought from us" in section(page, "offers")
    assert "no record" not in section(page, "offers")


def test_item_4_a_consent_without_any_evidence_is_called_that(start_office: StartOffice) -> None:
    """An import: the CRM says yes, and nothing else."""
    office = start_office(
        adapters={
            "crm": {"consents": {"newsletter": {"at": None, "source": None, "wording": None}}}
        }
    )
    page = office.visitor().sign_in(office).get("/me/consents")

    told = section(page, "newsletter")
    assert "We have no record of when you said yes to this." in told
    assert "sorry" not in told.lower()
    assert "no record" not in section(page, "workshops")


def test_item_4_whoever_says_yes_here_has_a_record(start_office: StartOffice) -> None:
    office = start_office(
        adapters={
            "crm": {"consents": {"newsletter": {"at": None, "source": None, "wording": None}}}
        }
    )
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    office.work()
    assert "Stopped on 2 March 2026, on this page." in section(
        marijke.get("/me/consents"), "newsletter"
    )
    decide(marijke, "newsletter", "yes")
    office.work()
    assert "You said yes to this on 2 March 2026, on this page." in section(
        marijke.get("/me/consents"), "newsletter"
    )


@pytest.mark.parametrize("hours", [None, 0, 24])
def test_item_7_what_stood_in_the_queue_may_still_come_until_a_moment(
    start_office: StartOffice, hours: int | None
) -> None:
    office = start_office(adapters={"crm": {"queued_mail_hours": hours}})
    marijke = office.visitor().sign_in(office)
    place = send(marijke, "/me/consents", purpose="newsletter", granted="no").location
    office.work()
    told = "One e-mail may still be on its way, until 3 March 2026 13:00."
    pages = [marijke.get(place), marijke.get("/me/consents")]
    assert [told in page.text for page in pages] == [bool(hours)] * 2

    office.clock.advance(minutes=14)
    marijke.get("/me/consents")
    office.clock.advance(hours=24)
    marijke = office.visitor().sign_in(office)
    assert "may still be on its way" not in marijke.get("/me/consents").text
