"""Two tabs, or a tab and a due row, in one moment: one outcome, and never more mail than before."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from portal.access.sessions import SignedIn
from portal.rights.mailings.undo import TooLate
from tests.footers import one_click, rights, token_of
from tests.mailings import decided, state
from tests.portals import Office, StartOffice
from tests.rights.test_n7_in_parallel import at_once, sign_in
from tests.servers.databases import FreshDatabase


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def office(
    request: pytest.FixtureRequest, start_office: StartOffice, fresh_database: FreshDatabase
) -> Office:
    if request.param == "sqlite":
        return start_office()
    return start_office(database=fresh_database("postgresql"))


def stop(office: Office, signed_in: SignedIn) -> str | None:
    services = office.portal.services
    newsletter = services.register.purpose("newsletter")
    return services.rights.stopping.stop_mine(signed_in, [newsletter], "en")


def test_c6_two_tabs_stop_and_undo_at_once_and_each_is_one(office: Office) -> None:
    before, signed_in = state(office), sign_in(office)
    stopped: list[str | None] = []
    at_once(*[lambda: stopped.append(stop(office, signed_in))] * 4)
    office.work()
    assert len(set(stopped)) == 1
    assert rights(office) == ["withdraw"]

    undone: list[str] = []

    def undo() -> None:
        undoing = office.portal.services.rights.undoing
        with suppress(TooLate):
            undone.append(undoing.undo_mine(signed_in, stopped[0] or "", "en").request_id)

    at_once(*[undo] * 4)
    office.work()
    assert len(undone) == 1
    assert state(office) == before


@pytest.mark.parametrize("round_", range(5))
def test_item_8_a_stop_in_the_moment_in_which_a_break_is_over_stays(
    office: Office, round_: int
) -> None:
    signed_in = sign_in(office)
    newsletter = office.portal.register.purpose("newsletter")
    office.portal.services.rights.pausing.pause(signed_in, newsletter, 1, "en")
    office.work()
    office.clock.now = datetime(2026, 4, 2, 4, round_, tzinfo=UTC)

    def click() -> None:
        one_click(office, token_of(office))

    at_once(office.work, click)
    office.work()

    assert state(office)[1, "newsletter"] == 0
    assert not decided(office)[-1].granted


def test_two_requests_of_one_session_heed_the_signal_once(office: Office) -> None:
    office.crm("INSERT INTO subscriptions VALUES (1, 'partners', 1, NULL, NULL, NULL, NULL)")
    signed_in = sign_in(office)
    heeding = office.portal.services.rights.heeding
    stopped: list[str] = []
    at_once(*[lambda: stopped.extend(heeding.heed(signed_in, "en"))] * 4)
    office.work()

    assert len(stopped) == 1
    assert state(office)[1, "partners"] == 0


def test_two_tabs_say_yes_at_once_and_one_mail_confirms_it(office: Office) -> None:
    signed_in = sign_in(office)
    stop(office, signed_in)
    office.work()
    giving = office.portal.services.rights.giving
    newsletter = office.portal.register.purpose("newsletter")
    given: list[str] = []
    at_once(*[lambda: given.append(giving.give(signed_in, newsletter, "en"))] * 4)

    assert len(set(given)) == 1
    assert len(office.mails()) == 1
    assert state(office)[1, "newsletter"] == 1
