"""N6: after a change of address everything of hers finds her, whatever was asked for before it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.adapters.contract import Adapter, Unreachable
from portal.rights.held.other_addresses import OtherAddresses
from portal.store.tables import Job, Request
from portal.sync.jobs import Later
from portal.sync.replay import dead_jobs, replay
from tests.footers import one_click, subscriptions, token_of
from tests.laters import back_up, choose_later, put_back
from tests.movings import (
    HOURS,
    NEW,
    address,
    asks,
    came_in,
    change,
    changed,
    deliveries,
    ends,
    pending,
    proves,
    recalls,
    says,
    signed_in,
    subject_of,
)
from tests.portals import MARIJKE, Office
from tests.recovering import Recovering
from tests.rights.wishes import CORRECTION, ERASURE, WITHDRAWAL


@pytest.fixture
def crm(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def away(*_args: object, **_more: object) -> None:
    raise Unreachable("no answer")


def takes_effect_while_the_crm_writes_nothing(
    office: Office, crm: Adapter, patch: pytest.MonkeyPatch
) -> None:
    """The portal has changed the address, and the CRM has not."""
    mail = pending(office)
    patch.setattr(crm, "set_address", away)
    says(office, mail, "yes")
    office.work()
    assert (address(office), ends(office)) == (MARIJKE, ["effective"])


def later(office: Office) -> None:
    """What has to be tried again is tried, and the breaker lets it through."""
    for _ in range(4):
        office.clock.advance(minutes=20)
        office.work()


@pytest.mark.parametrize("wish", [CORRECTION, WITHDRAWAL], ids=lambda wish: wish.name)
def test_n6_what_was_asked_before_the_change_is_done_after_it(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch, wish: Any
) -> None:
    mail = pending(office)
    with monkeypatch.context() as patch:
        patch.setattr(crm, wish.call, away)
        wish.ask(wish.signed_in(office))
        office.work()
        says(office, mail, "yes")
        # An earlier wish of hers goes first in that system; here it is given up and done later.
        with office.database.unit("test") as unit:
            for job in unit.session.query(Job).filter(Job.kind == "delivery", Job.attempts > 0):
                job.attempts = 100
                job.due_at = office.clock()
            unit.commit()
        later(office)
    assert address(office) == NEW
    assert not wish.holds(office)
    with office.database.reading() as db:
        dead = [job.id for job in dead_jobs(db) if job.kind == "delivery"]
    assert len(dead) == 1

    with office.database.unit("test") as unit:
        assert replay(unit, dead[0], office.portal.outbox, office.portal.handlers, office.clock())
        unit.commit()
    office.work()

    assert wish.holds(office)


def test_n6_a_stop_reaches_her_before_the_change_has_reached_the_system(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        takes_effect_while_the_crm_writes_nothing(office, crm, patch)
        token = token_of(office, NEW)
        assert one_click(office, token).status == 200
        later(office)
        assert subscriptions(office)[1, "newsletter"] == 0
        assert address(office) == MARIJKE
    later(office)
    assert address(office) == NEW
    assert subscriptions(office, NEW)[1, "newsletter"] == 0


@pytest.mark.parametrize("days", [0, 13, 200])
def test_n6_a_link_in_a_mail_to_the_old_address_stops_what_goes_to_the_new_one(
    office: Office, days: int
) -> None:
    token = token_of(office)
    changed(office)
    office.clock.advance(days=days)

    assert one_click(office, token).status == 200
    office.work()

    assert subscriptions(office, NEW)[1, "newsletter"] == 0
    with office.database.reading() as db:
        owners = {row.subject_id for row in db.query(Request)}
    assert owners == {subject_of(office, NEW)}


def test_n6_an_old_link_stops_nothing_and_fails_without_following_her(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(office)
    changed(office)
    monkeypatch.setattr(OtherAddresses, "of", lambda *_: [])

    one_click(office, token)
    office.work()

    with pytest.raises(AssertionError):
        assert subscriptions(office, NEW)[1, "newsletter"] == 0


@pytest.mark.parametrize("vouched", [True, False])
def test_n6_an_erasure_that_waits_is_done_under_the_new_address(
    office: Office, vouched: bool
) -> None:
    choose_later(office.visitor().sign_in(office, goal="erase"))
    changed(office, vouched=vouched)
    office.clock.advance(hours=48)
    office.work()

    (row,) = office.crm("SELECT email, first_name FROM contacts WHERE id = 1")
    assert not row["email"]
    # Of her invoices, which go by themselves one day, no address is needed.
    assert set(recalls(office)) == {"second_erasure"}, "and so is where she was found"


def test_n6_a_waiting_erasure_is_for_a_person_and_fails_without_telling_the_jobs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_later(office.visitor().sign_in(office, goal="erase"))
    monkeypatch.setattr(OtherAddresses, "tell_jobs", lambda *_: None)
    changed(office)
    office.clock.advance(hours=48)
    office.work()

    with pytest.raises(AssertionError):
        assert not address(office)


def test_n6_after_taking_it_back_a_wish_under_the_new_address_finds_her_too(
    office: Office,
) -> None:
    told, _ = changed(office)
    WITHDRAWAL.ask(office.visitor().sign_in(office, NEW))
    says(office, told, "back")
    office.work()

    assert WITHDRAWAL.holds(office)
    assert address(office) == MARIJKE


def test_n6_what_was_not_written_yet_is_not_written_after_it_was_taken_back(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        takes_effect_while_the_crm_writes_nothing(office, crm, patch)
        told = office.next_mail()
        says(office, told, "back")
        later(office)
    later(office)

    assert address(office) == MARIJKE
    assert deliveries(office) == [("confirmed", "put_back"), ("confirmed", None)]


# --- what she is told -----------------------------------------------------------------------------


def restricted(recovering: Recovering) -> str:
    """She has her data kept and not used; the number of that."""
    visitor = recovering.office.visitor().sign_in(recovering.office)
    token = visitor.get("/me/requests").fields["csrf_token"]
    place = visitor.post("/me/restrict", csrf_token=token, on="yes").location
    recovering.office.work()
    return place.rpartition("/")[2]


def is_lifted(recovering: Recovering, number: str) -> tuple[str, ...]:
    """An operator lifts it: to whom the letter goes. It is lifted on its day, whatever she has."""
    came_in(recovering.office)
    recovering.told("restriction", "lift", number)
    (to,) = came_in(recovering.office)
    recovering.office.clock.advance(days=3)
    recovering.office.work()
    (row,) = recovering.office.crm("SELECT restricted FROM contacts WHERE id = 1")
    assert not row["restricted"]
    return to


@pytest.mark.parametrize("days", [0, 400])
def test_e10_she_is_told_at_her_new_address_that_her_restriction_ends(
    recovering: Recovering, days: int
) -> None:
    number = restricted(recovering)
    changed(recovering.office)
    recovering.office.clock.advance(days=days)
    assert is_lifted(recovering, number) == (NEW,)


def test_e10_taken_back_she_is_told_at_the_old_one(recovering: Recovering) -> None:
    number = restricted(recovering)
    told, _ = changed(recovering.office)
    says(recovering.office, told, "back")
    recovering.office.work()
    assert is_lifted(recovering, number) == (MARIJKE,)


def test_e10_a_letter_that_waits_follows_her(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = restricted(recovering)
    mail = pending(recovering.office)
    with monkeypatch.context() as patch:
        patch.setattr(recovering.office.portal.opposed.lifting, "run", lambda _: Later(soon()))

        def soon() -> datetime:
            return recovering.office.clock() + timedelta(minutes=1)

        recovering.told("restriction", "lift", number)
        says(recovering.office, mail, "yes")
        recovering.office.work()
    came_in(recovering.office)
    recovering.office.clock.advance(minutes=1)
    assert came_in(recovering.office) == [(NEW,)]


# --- restored from a back-up ----------------------------------------------------------------------


def erased(office: Office) -> None:
    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()


def withdrawn(office: Office) -> None:
    WITHDRAWAL.ask(office.visitor().sign_in(office, NEW))
    office.work()


@pytest.mark.parametrize(
    ("does", "holds"), [(erased, ERASURE.holds), (withdrawn, WITHDRAWAL.holds)]
)
def test_n6_a_crm_put_back_with_the_old_address_hears_of_it_again(
    recovering: Recovering, does: Callable[[Office], None], holds: Callable[[Office], bool]
) -> None:
    office = recovering.office
    since = office.clock()
    with recovering.crm_put_back():
        changed(office)
        does(office)
        assert holds(office)
    office.clock.advance(days=200)
    assert address(office) == MARIJKE

    recovering.replay(since - timedelta(minutes=1))
    office.work()

    assert holds(office)


def test_n6_a_portal_put_back_knows_her_by_the_new_address(recovering: Recovering) -> None:
    recovering.office.visitor().sign_in(recovering.office)
    subject = subject_of(recovering.office, MARIJKE)
    back_up(recovering)
    changed(recovering.office)

    put_back(recovering)

    assert subject_of(recovering.office, NEW) == subject
    came_in(recovering.office)
    page = recovering.office.visitor().sign_in(recovering.office, NEW).get("/me/requests")
    assert "Another e-mail address" in page.text


def test_n6_a_change_that_waited_in_a_portal_put_back_is_asked_once_more(
    recovering: Recovering,
) -> None:
    mail = pending(recovering.office)
    back_up(recovering)
    says(recovering.office, mail, "yes")
    recovering.office.work()

    put_back(recovering)
    recovering.office.clock.advance(hours=HOURS)
    recovering.office.work()

    assert ends(recovering.office) == ["restored"]
    assert change(recovering.office).addresses_sealed is None
    assert address(recovering.office) == NEW, "it was made before"


def test_n6_one_that_took_effect_can_be_taken_back_in_a_portal_put_back(
    recovering: Recovering,
) -> None:
    told, _ = changed(recovering.office)
    back_up(recovering)
    recovering.decide(
        recovering.office.visitor().sign_in(recovering.office, NEW), "newsletter", "no"
    )
    put_back(recovering)

    says(recovering.office, told, "back")
    recovering.office.work()

    assert address(recovering.office) == MARIJKE


def test_n6_a_second_change_waits_until_the_first_has_reached_every_system(
    office: Office, crm: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(office)
    mail = proves(office, visitor, asks(visitor))
    with monkeypatch.context() as patch:
        patch.setattr(crm, "set_address", away)
        says(office, mail, "yes")
        office.work()
        came_in(office)
        again = signed_in(office)  # the system holds the old one still
        assert "Your last change is not done everywhere yet" in again.get("/me/address").text
    later(office)
    assert address(office) == NEW
