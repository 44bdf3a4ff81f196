"""The desk counts what people chose about each mailing, as the command does, and names nobody."""

import re

from tests.desks import Person, sit_down
from tests.footers import HENDRIK, one_click, token_of
from tests.less_and_pause import begin, by_link
from tests.mailings import decide, send, undo
from tests.portals import MARIJKE, Office, Page

WHERE = "/operator/mailings"


def tables(page: Page) -> list[dict[str, tuple[int, ...]]]:
    """Mailing → less, a break, a stop, a yes; one table after the other."""
    rows = r'scope="rowgroup">([^<]+)</th></tr>\s*<tr>((?:<td>\d+</td>){4})</tr>'
    return [
        {
            label: tuple(map(int, re.findall(r"\d+", cells)))
            for label, cells in re.findall(rows, table)
        }
        for table in re.findall(r"<table.*?</table>", page.text, re.DOTALL)
    ]


def test_item_8_the_desk_counts_less_breaks_and_stops_lately_and_in_all(
    office: Office, anna: Person
) -> None:
    marijke = office.visitor().sign_in(office)
    send(marijke, "/me/consents/less", purpose="newsletter", frequency="yearly")
    begin(marijke)
    undo(marijke, decide(marijke, "workshops", "no").location)
    office.clock.advance(days=31)
    by_link(office, "pause", HENDRIK, months="1")
    one_click(office, token_of(office, mailing="offers"))

    lately, in_all = tables(sit_down(office, anna).get(WHERE))
    assert lately == {
        "Newsletter": (0, 1, 0, 0),
        "Offers": (0, 0, 1, 0),
        "Workshops and open days": (0, 0, 0, 0),
        "Tips from other growers": (0, 0, 0, 0),
    }
    assert in_all == {**lately, "Newsletter": (1, 2, 0, 0)}


def test_the_page_names_nobody_is_led_to_and_is_the_operators_alone(
    office: Office, anna: Person
) -> None:
    one_click(office, token_of(office))
    desk = sit_down(office, anna)
    assert WHERE in desk.get("/operator").text
    page = desk.get(WHERE)
    assert MARIJKE not in page.text
    assert "de Vries" not in page.text
    assert tables(office.visitor().sign_in(office).get(WHERE)) == []
