"""C6: what was stopped is not started again by what was offered, or begun, before."""

from collections.abc import Callable

import pytest

from portal.access.api_keys import Scope
from portal.rights.held.holdings import Holdings, Reading
from tests.footers import rights, token_of
from tests.laters import choose_later
from tests.less_and_pause import begin, by_link, pass_months
from tests.mailings import decide, decided, state, undo
from tests.portals import Office, Visitor
from tests.programs import Program
from tests.rights.test_e10_restriction import press
from tests.rights.test_stopping_by_link import GONE, stop


def erase_now(visitor: Visitor) -> None:
    assert visitor.submit(visitor.get("/me/erase"), "/me/erase").status == 303


def erase_later(visitor: Visitor) -> None:
    choose_later(visitor)


@pytest.mark.parametrize("erase", [erase_now, erase_later])
def test_c6_a_stop_is_not_taken_back_after_an_erasure(
    office: Office, erase: Callable[[Visitor], None]
) -> None:
    """By a page that is open still; who follows the feed would mail her again."""
    program = Program(office, Scope.FEED_READ)
    page = stop(office)
    office.work()
    erase(office.visitor().sign_in(office, goal="erase"))
    office.work()
    before = len(decided(office))

    answer = office.visitor().post("/u/undo", undo=page.fields["undo"])
    office.work()

    assert (answer.status, answer.heading) == (410, GONE)
    assert len(decided(office)) == before
    assert state(office).get((1, "newsletter"), 0) == 0
    kinds = [one["kind"] for one in program.get("/feed").json["entries"]]
    assert "given" not in kinds


def test_c6_nor_on_her_page(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    place = decide(visitor, "newsletter", "no").location
    office.work()
    erase_later(visitor)
    office.work()

    assert ">Undo</button>" not in visitor.get("/me/consents").text
    assert undo(visitor, place).status == 410
    office.work()
    assert state(office)[(1, "newsletter")] == 0


def test_c6_a_break_is_not_over_while_her_data_is_not_to_be_used(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    begin(visitor)
    office.work()
    assert press(visitor, "yes").status == 303
    office.work()
    mails = len(office.mails())

    pass_months(office)
    assert state(office)[(1, "newsletter")] == 0
    assert len(office.mails()) == mails

    assert press(office.visitor().sign_in(office), "no").status == 303
    office.work()
    office.clock.advance(hours=2)
    office.work()
    assert state(office)[(1, "newsletter")] == 1


@pytest.mark.parametrize("by", ["page", "link"])
def test_c6_what_was_stopped_while_a_break_was_asked_for_begins_no_break(
    office: Office, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """What was read says on still; after some months it would be given back."""
    visitor, services = office.visitor().sign_in(office), office.portal.services
    stopping, purpose = services.rights.stopping, services.register.purpose("newsletter")
    link = services.links.open(token_of(office))
    really = Reading.everywhere

    def and_stopped_meanwhile(self: Reading, *args: object) -> Holdings:
        held = really(self, *args)  # type: ignore[arg-type]
        monkeypatch.setattr(Reading, "everywhere", really)
        office.clock.advance(seconds=1)
        assert stopping.stop(link, purpose, "en")
        office.work()
        return held

    monkeypatch.setattr(Reading, "everywhere", and_stopped_meanwhile)
    answer = begin(visitor) if by == "page" else by_link(office, "pause", months="1")

    assert answer.status == 409
    assert rights(office) == ["withdraw"]
    pass_months(office)
    assert state(office)[(1, "newsletter")] == 0
