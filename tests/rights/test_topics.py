"""Topics: several mailings under one heading, stopped together by one click, or each by itself."""

import pytest

from portal.consent.sources import Method
from portal.store.tables import Consent
from tests.footers import HENDRIK, decisions, one_click, rights, subscriptions, token_of, written
from tests.mailings import decide, send, undo
from tests.portals import MARIJKE, Office, Page, StartOffice, Visitor

TOPICS = ("newsletter", "workshops")
SHOP = {
    "adapter": "sql",
    "label": {"nl": "Winkel", "en": "Shop"},
    "location": {"entity": "Somebody", "hosting": "NL"},
    "url": "sqlite:///crm.sqlite",
    "table": "contacts",
    "email": "email",
    "consents": {"newsletter": {"column": "restricted"}},
}


@pytest.fixture(params=[None, "demo"])
def marijke(office: Office, request: pytest.FixtureRequest) -> Visitor:
    """In a tab, and in the frame."""
    return office.visitor(frame=request.param).sign_in(office)


def on(office: Office, email: str = MARIJKE) -> set[tuple[int, str]]:
    return {one for one, is_on in subscriptions(office, email).items() if is_on}


def stop_topics(visitor: Visitor, group: str = "garden_mail") -> Page:
    return send(visitor, "/me/consents/topics", group=group)


def by_link(office: Office, deed: str, email: str = MARIJKE, **fields: str) -> Page:
    return office.visitor().post(f"/u/{token_of(office, email)}/{deed}", **fields)


def said(entries: list[Consent]) -> list[tuple[str, bool, str]]:
    return [(one.purpose, one.granted, one.method) for one in entries]


# --- on her page ----------------------------------------------------------------------------------


def test_topics_stand_under_their_heading_with_one_stop_for_all_first(
    office: Office, marijke: Visitor
) -> None:
    page = marijke.get("/me/consents").text
    places = [
        page.index(one)
        for one in (
            '<h2 id="g-garden_mail">Garden mail</h2>',
            ">Stop all of these</button>",
            '<h3 id="p-newsletter">',
            '<h3 id="p-workshops">',
            '<h2 id="p-offers">',
        )
    ]
    assert places == sorted(places)
    assert page.count(">Stop all of these</button>") == 1
    assert office.events().count("request_received") == 0


def test_one_click_stops_them_all_and_one_gives_them_back(office: Office, marijke: Visitor) -> None:
    before = on(office)
    place = stop_topics(marijke).location
    office.work()
    assert on(office) == {one for one in before if one[1] not in TOPICS}
    assert said(decisions(office)) == [(one, False, Method.PAGE) for one in TOPICS]
    asked = marijke.get(place).text
    assert "Stopped with it" in asked
    assert "Workshops and open days" in asked

    undo(marijke, place)
    office.work()
    assert on(office) == before


def test_each_topic_is_stopped_by_itself_as_before(office: Office, marijke: Visitor) -> None:
    before = on(office)
    decide(marijke, "workshops", "no")
    office.work()
    assert before - on(office) == {(1, "workshops")}
    assert ">Stop all of these</button>" not in marijke.get("/me/consents").text


@pytest.mark.parametrize("group", ["", "newsletter", "garden", "\x00"])
def test_a_heading_that_is_not_there_stops_nothing(
    office: Office, marijke: Visitor, group: str
) -> None:
    assert stop_topics(marijke, group).status == 400
    assert rights(office) == []


def test_a_double_click_is_one_click(office: Office, marijke: Visitor) -> None:
    first = stop_topics(marijke).location
    assert stop_topics(marijke).location.partition("?")[0] == first.partition("?")[0]
    assert len(rights(office)) == 2


# --- behind a footer link -------------------------------------------------------------------------


def test_a_link_for_one_topic_names_it_and_offers_the_whole_group(office: Office) -> None:
    page = office.visitor().get(f"/u/{token_of(office)}").text
    assert '<h2 id="p-mailing">Newsletter</h2>' in page
    assert "Stop all of “Garden mail”" in page
    assert "These are: Newsletter, Workshops and open days." in page
    assert page.index("Stop emailing me") < page.index("Stop all of") < page.index("See all my")
    assert 'value="workshops"' in page
    assert 'value="newsletter"' not in page
    alone = office.visitor().get(f"/u/{token_of(office, mailing='offers')}").text
    assert "Stop all of" not in alone
    assert "Garden mail" not in alone


def test_by_a_link_all_are_stopped_in_every_record_and_put_back_as_they_were(
    office: Office,
) -> None:
    before = on(office, HENDRIK)
    assert {one for _, one in before} >= {"newsletter"}
    page = by_link(office, "all", HENDRIK)
    assert page.heading == "Stopped"
    assert "hendrik" not in page.text.lower()
    office.work()
    assert on(office, HENDRIK) == {one for one in before if one[1] not in TOPICS}
    assert {one[2] for one in said(decisions(office))} == {Method.FOOTER_LINK}

    back = office.visitor().post("/u/undo", undo=page.fields["undo"])
    assert back.heading == "Put back"
    office.work()
    assert on(office, HENDRIK) == before
    again = office.visitor().post("/u/undo", undo=page.fields["undo"])
    assert again.status == 410


def test_by_a_link_another_topic_is_stopped_by_itself(office: Office) -> None:
    before = on(office)
    page = by_link(office, "topic", topic="workshops")
    assert "We no longer send “Workshops and open days” to" in page.text
    office.work()
    assert before - on(office) == {(1, "workshops")}


def test_the_page_says_what_was_on_and_is_stopped_now(office: Office) -> None:
    by_link(office, "topic", topic="workshops")
    office.work()
    page = by_link(office, "all")
    assert "We no longer send “Newsletter” to" in page.text
    office.work()
    before = written(office)
    page = by_link(office, "all")
    assert page.heading == "This was off already"
    assert "“Newsletter, Workshops and open days”" in page.text
    assert written(office) == before


def test_it_is_called_done_when_all_of_it_is(office: Office) -> None:
    page = by_link(office, "all")
    assert "It is done there." not in page.text
    place = page.text.partition('data-poll-at="')[2].partition('"')[0]
    seen = []
    while office.portal.worker.run_once():
        left = [one for one in on(office) if one[1] in TOPICS]
        seen.append((len(left), "It is done there." in office.visitor().get(place).text))
    assert (1, False) in seen
    assert not [one for one in seen if one[0] and one[1]]
    assert seen[-1] == (0, True)


@pytest.mark.parametrize("hours", [(24, 72), (0, 72)])
def test_what_may_still_come_is_told_of_all_of_them(
    start_office: StartOffice, hours: tuple[int, int]
) -> None:
    """By what stays in a queue longest, whichever topic that is."""
    shop = {**SHOP, "consents": {"workshops": {"column": "restricted"}}}
    office = start_office(
        adapters={
            "crm": {"queued_mail_hours": hours[0]},
            "shop": {**shop, "queued_mail_hours": hours[1]},
        },
    )
    until = "One e-mail may still be on its way, until 5 March 2026"
    assert until in by_link(office, "all").text
    office.clock.advance(hours=1)
    office.crm("UPDATE subscriptions SET active = 1")
    marijke = office.visitor().sign_in(office)
    assert until in marijke.get(stop_topics(marijke).location).text


def test_one_click_of_a_mail_program_stops_the_one_that_the_mail_was(office: Office) -> None:
    before = on(office)
    one_click(office, token_of(office))
    office.work()
    assert before - on(office) == {(1, "newsletter")}
    assert one_click(office, f"{token_of(office)}/all").status == 403


@pytest.mark.parametrize("topic", ["offers", "partners", "made_up", ""])
def test_a_link_stops_nothing_that_stands_elsewhere(office: Office, topic: str) -> None:
    assert by_link(office, "topic", topic=topic).status == 400
    alone = token_of(office, mailing="offers")
    assert office.visitor().post(f"/u/{alone}/all").status == 400
    assert office.visitor().post(f"/u/{alone}/topic", topic="newsletter").status == 400
    assert office.visitor().post("/u/forged/all").status == 404
    assert office.visitor().post("/u/forged/topic", topic="workshops").status == 404
    assert rights(office) == []


def test_on_a_site_that_has_only_one_of_them_there_is_no_heading(start_office: StartOffice) -> None:
    office = start_office(
        adapters={"shop": SHOP}, sites={0: {"adapters": ["crm"]}, 1: {"adapters": ["shop"]}}
    )
    there = office.visitor()
    there.submit(there.ask(site="other"), "/signin/code", code=office.next_code())
    page = there.get("/me/consents").text
    assert '<h2 id="p-newsletter">' in page
    assert "Garden mail" not in page
    link = token_of(office, site="other")
    assert "Garden mail" not in office.visitor().get(f"/u/{link}").text
    assert office.visitor().post(f"/u/{link}/all").status == 400


def test_what_was_off_already_leads_to_no_other_stop(office: Office, marijke: Visitor) -> None:
    """From a page of a moment ago, or by a double click after another stop."""
    other = decide(marijke, "offers", "no").location
    first = stop_topics(marijke).location
    assert stop_topics(marijke).location == first != other
    office.work()
    assert stop_topics(marijke).location != other
