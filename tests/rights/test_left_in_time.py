"""N6, C3: what began while an address was hers goes on, and is nothing to its next owner."""

import pytest

from portal.adapters.contract import Unsupported
from portal.store.tables import Job, Suppression
from portal.sync.replay import replay
from tests.footers import subscriptions
from tests.laters import back_up, put_back
from tests.movings import DAYS, NEW, address, changed, pending, says, subject_of
from tests.portals import MARIJKE, Office, Visitor
from tests.recovering import Recovering
from tests.rights.test_recycled_addresses import HIM, comes_in, his, listed, years_later
from tests.rights.wishes import ERASURE


def unsupported(*_args: object, **_more: object) -> None:
    raise Unsupported("a person does it by hand")


def decides(visitor: Visitor, purpose: str, granted: str) -> None:
    token = visitor.get("/me/consents").fields["csrf_token"]
    sent = visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)
    assert sent.status == 303, sent.text


def dead(office: Office) -> list[int]:
    with office.database.reading() as db:
        return [job.id for job in db.query(Job).filter_by(end="dead", kind="delivery")]


def test_c3_a_session_from_before_the_end_is_over_with_it(office: Office) -> None:
    """Whoever reads the old mailbox is told when that is."""
    changed(office)
    comes_in(office)
    office.clock.advance(days=DAYS, minutes=-2)
    him = his(office, goal="erase")
    assert him.get("/me").status == 200
    office.clock.advance(minutes=3)

    assert him.get("/me/erase").status != 200
    ERASURE.ask(his(office, goal="erase"))
    office.work()
    assert address(office) == NEW
    assert address(office, HIM) == "None"


def test_n11_what_was_taken_back_is_not_hers_in_a_portal_put_back(recovering: Recovering) -> None:
    office = recovering.office
    office.visitor().sign_in(office)
    back_up(recovering)
    told, _ = changed(office, vouched=False)
    says(office, told, "back")
    office.work()
    hers = subject_of(office, MARIJKE)
    assert subject_of(office, NEW) is None

    put_back(recovering)

    assert subject_of(recovering.office, MARIJKE) == hers
    assert subject_of(recovering.office, NEW) is None


def test_n11_the_same_where_the_back_up_is_from_in_between(recovering: Recovering) -> None:
    office = recovering.office
    told, _ = changed(office, vouched=False)
    back_up(recovering)
    says(office, told, "back")
    office.work()

    put_back(recovering)

    assert subject_of(recovering.office, NEW) is None


def test_n2_the_look_after_her_erasure_does_not_take_him_along(recovering: Recovering) -> None:
    office = recovering.office
    changed(office)
    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()
    office.clock.advance(days=8)
    office.work()
    office.clock.advance(days=DAYS - 7)
    comes_in(office)
    office.crm("DELETE FROM subscriptions WHERE contact_id = ?", HIM)
    his(office)
    office.clock.advance(days=16)
    office.work()

    assert address(office, HIM) == MARIJKE


def test_c3_her_next_change_does_not_make_it_hers_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(office)
    hers = subject_of(office, NEW)
    years_later(office)
    comes_in(office)
    (crm,) = office.portal.adapters.values()
    monkeypatch.setattr(crm, "set_address", unsupported)
    says(office, pending(office, NEW, "third@example.net"), "yes")
    office.work()
    office.next_mail(), office.next_mail()

    assert not listed(his(office).get("/me/requests"))
    assert subject_of(office, MARIJKE) != hers


def test_what_is_done_late_of_hers_is_not_done_to_him(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person has it done once more, of what was given up before she had another address."""
    (crm,) = office.portal.adapters.values()
    with monkeypatch.context() as broken:
        broken.setattr(crm, "set_consent", unsupported)
        decides(office.visitor().sign_in(office), "newsletter", "no")
        office.work()
    (given_up,) = dead(office)
    changed(office)
    years_later(office)
    comes_in(office)
    his(office)
    with office.database.unit("replayed by a test") as unit:
        parts = office.portal
        assert replay(unit, given_up, parts.outbox, parts.handlers, office.clock())
        unit.commit()
    office.work()

    assert subscriptions(office, NEW)[1, "newsletter"] == 0
    assert subscriptions(office, MARIJKE)[HIM, "newsletter"] == 1


def test_n2_an_opt_in_of_his_does_not_let_her_be_taken_in_again(recovering: Recovering) -> None:
    office = recovering.office
    changed(office)
    ERASURE.ask(office.visitor().sign_in(office, NEW, goal="erase"))
    office.work()
    years_later(office)
    comes_in(office)
    office.crm(
        "UPDATE subscriptions SET changed_at = ? WHERE contact_id = ?",
        office.clock().strftime("%Y-%m-%d %H:%M:%S"),
        HIM,
    )

    recovering.sweep()

    assert address(office, HIM) == MARIJKE
    with office.database.reading() as db:
        assert [one.lifted_at for one in db.query(Suppression)] == [None]
