"""`portal mailings` counts less, breaks and stops per purpose, and names nobody."""

from tests.footers import HENDRIK, one_click, token_of
from tests.less_and_pause import begin, by_link
from tests.mailings import decide, send, undo
from tests.recovering import Recovering


def counted(recovering: Recovering, *options: str) -> dict[str, tuple[int, ...]]:
    told = recovering.told("mailings", *options)
    return {
        one["purpose"]: (one["less"], one["pause"], one["stop"], one["given"])
        for one in told["purposes"]
    }


def test_item_8_the_console_counts_less_breaks_and_stops(recovering: Recovering) -> None:
    office = recovering.office
    marijke = office.visitor().sign_in(office)
    send(marijke, "/me/consents/less", purpose="newsletter", frequency="yearly")
    begin(marijke)
    by_link(office, "pause", HENDRIK, months="1")
    one_click(office, token_of(office, mailing="offers"))
    undo(marijke, decide(marijke, "workshops", "no").location)
    decide(marijke, "partners", "yes")
    office.work()

    assert counted(recovering) == {
        "newsletter": (1, 2, 0, 0),
        "offers": (0, 0, 1, 0),
        "workshops": (0, 0, 0, 0),
        "partners": (0, 0, 0, 1),
    }
    office.clock.advance(days=8)
    assert not any(map(any, counted(recovering, "--days", "7").values()))
    assert counted(recovering, "--all")["newsletter"] == (1, 2, 0, 0)
    assert recovering.told("mailings", "--all")["days"] is None


def test_it_is_a_table_for_people_and_holds_no_address(recovering: Recovering) -> None:
    one_click(recovering.office, token_of(recovering.office))
    found = recovering.run("mailings")
    assert found.exit_code == 0
    assert "newsletter" in found.output
    assert "@" not in found.output
    assert recovering.run("mailings", "--days", "0").exit_code == 2
