"""C5: a step that is left out, sent out of turn, twice, or from several tabs at once opens nothing.

The forms are those that the walk of `tests.attack.test_c3_every_route` was offered.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.domain.rights import Right
from portal.store.tables import AddressChange, Copy, Request
from tests.attack import world
from tests.attack.harvest import Form
from tests.attack.test_c3_every_route import LAST, collect
from tests.attack.world import sign_in
from tests.portals import MARIJKE, Office, StartOffice, Visitor

TABS = 3


@pytest.fixture
def two_sites(start_office: StartOffice, tmp_path: Path) -> Office:
    return world.start(start_office, tmp_path)


def weighty(office: Office) -> set[tuple[str, object]]:
    """What needs a fresh proof of its own: erasures, copies, changes of address."""
    with office.database.reading() as db:
        erased = db.scalars(select(Request.id).where(Request.right == Right.ERASE))
        return {
            *(("erasure", one) for one in erased),
            *(("copy", one) for one in db.scalars(select(Copy.id))),
            *(("change", one) for one in db.scalars(select(AddressChange.id))),
        }


def send(visitor: Visitor, form: Form, own: str) -> int:
    """A form of another session, with the token of this one."""
    return visitor.post(form.action, **{**dict(form.fields), "csrf_token": own}).status


def test_c5_steps_left_out_and_out_of_turn_do_nothing_that_needs_a_proof(
    two_sites: Office,
) -> None:
    """Every form backwards and twice, by somebody who came to look and saw no page but one."""
    office = two_sites
    forms = collect(office).forms
    before, contact = weighty(office), office.contact()
    visitor = sign_in(office, MARIJKE, "view", "demo")
    own = visitor.get("/me").fields["csrf_token"]

    answers = {
        (form.action, send(visitor, form, own))
        for form in reversed(forms)
        for _ in range(2)
        if form.action != "/me/signout"
    }
    office.work()

    assert {path for path, status in answers if status >= 500} == set()
    assert weighty(office) == before
    assert office.contact()["email"] == contact["email"]
    assert visitor.get("/me").status == 200, "the session is her own still"


@pytest.mark.parametrize(
    ("goal", "action", "done"), [("copy", "/me/export", "copy"), ("erase", "/me/erase", "erasure")]
)
def test_c5_with_the_proof_the_same_forms_do_it(
    two_sites: Office, goal: str, action: str, done: str
) -> None:
    """The control: in a session of that goal they are no dead letters."""
    office = two_sites
    forms = [form for form in collect(office).forms if form.action == action]
    before = weighty(office)
    visitor = sign_in(office, MARIJKE, goal, "demo")
    own = visitor.get("/me").fields["csrf_token"]

    for form in forms:
        when = {"when": "now"} if goal == "erase" else {}
        visitor.post(action, **{**dict(form.fields), "csrf_token": own, **when})

    assert done in {kind for kind, _id in weighty(office) - before}


def test_c5_the_same_form_from_several_tabs_at_once_is_no_fault(two_sites: Office) -> None:
    """What each of them does is told one by one elsewhere; here none falls over another."""
    office = two_sites
    forms = [form for form in collect(office).forms if form.action not in LAST]
    visitor = sign_in(office, MARIJKE, "erase", "demo")
    own = visitor.get("/me").fields["csrf_token"]
    tabs = [office.visitor() for _ in range(TABS)]
    for tab in tabs:
        for cookie in (visitor.client._cookies or {}).values():
            tab.client.set_cookie(cookie.key, cookie.value, domain=cookie.domain)

    with ThreadPoolExecutor(TABS) as pool:
        for form in forms:
            statuses = list(pool.map(lambda tab, form=form: send(tab, form, own), tabs))
            assert max(statuses) < 500, form.action
    office.work()

    assert office.contact()["email"] == MARIJKE
    assert office.portal.ledger.verify(office.database).ok
