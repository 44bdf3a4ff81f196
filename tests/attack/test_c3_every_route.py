"""C3: every route, for two subscribers on two sites: nobody sees or moves what is another's.

Nothing here is told which routes there are. Marijke goes through all that she is offered and keeps
every page and every filled-in form; then others open those pages and send those forms, with all the
ids and sealed values in them, in their own sessions. A route that her walk does not come by needs a
reason below, so that a new one without a case fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.exceptions import HTTPException

from portal.rights.copies.telling import CopyKind
from tests import movings
from tests.attack import world
from tests.attack.harvest import Form, Harvest
from tests.attack.world import HENDRIK, sign_in
from tests.footers import token_of
from tests.mailings import decide
from tests.portals import MARIJKE, Office, Page, StartOffice, Visitor

PUBLIC = "the same for everyone, whoever asks"
PROVES = "proves a mailbox: its power is the secret in the mail (tests/access)"
SHARED = "who uses her address alone is not asked (tests/rights/test_several_people.py)"
WITHOUT_A_WALK = {
    "/static/<path:filename>": PUBLIC,
    "/embed/v1/portal.js": PUBLIC,
    "/embed/<version>/portal.js": PUBLIC,
    "/embed/<site_id>/": PUBLIC,
    "/sites/<site_id>.css": PUBLIC,
    "/healthz": PUBLIC,
    "/readyz": PUBLIC,
    "/.well-known/gpc.json": PUBLIC,
    "/signin/code": PROVES,
    "/enter": PROVES,
    "/confirm": PROVES,
    "/handoff": PROVES,
    "/me/which": SHARED,
    "/me/which/help": SHARED,
}
"""Rules that a signed-in person's walk does not come by, each with the reason."""
MINE = "06 12121212"
GUESSED = {"email": MARIJKE, "subject": "1", "id": "1", "contact_id": "1"}
"""Asked along with everything, in the hope that something heeds it."""
APART = ("/operator", "/api/")
"""Operators and machines have keys and sessions of their own (tests/desk, tests/web/api)."""
LAST = ("/me/erase", "/me/signout")
"""What ends the attacker's own data or session goes last."""


@dataclass
class Hers:
    """What Marijke was offered, and what must not move."""

    office: Office
    pages: dict[str, Page]
    forms: list[Form]
    marks: set[str]


def collect(office: Office) -> Hers:
    """Her whole walk: every goal, a conflict, copies, an erasure that waits, a link."""
    view = sign_in(office, MARIJKE, "view", "demo")
    harvests = [meet_a_colleague(office, view)]
    harvests.append(by_link(office))
    harvests.append(Harvest(office.visitor()).walk(f"/u/{token_of(office)}"))
    harvests.append(Harvest(view).walk("/me/consents"))
    decide(view, "newsletter", "no")
    office.work()
    harvests.append(Harvest(view).walk("/me", "/"))
    for goal, page in (("copy", "/me/export"), ("erase", "/me/erase")):
        visitor = sign_in(office, MARIJKE, goal, "demo")
        harvest = Harvest(visitor).walk(page)
        if goal == "copy":
            form = harvest.pages[page]
            for kind in CopyKind:
                harvest.walk(visitor.submit(form, page, kind=kind).location)
        if goal == "erase":
            erase = {**harvest.pages[page].fields, "when": "later"}
            harvest.take("/me/erase#later", visitor.post("/me/erase", **erase))
            harvests.append(Harvest(visitor).walk("/me/requests"))
        harvests.append(harvest)
    harvests += [from_outside(office), by_another_address(office)]
    office.work()
    return Hers(
        office,
        {path: page for one in harvests for path, page in one.pages.items()},
        sorted({form for one in harvests for form in one.forms}, key=_order),
        world.marks(office, "crm"),
    )


def meet_a_colleague(office: Office, view: Visitor) -> Harvest:
    """A correction that meets another change twice: while she types, and on its way."""
    harvest = Harvest(view)
    change = "UPDATE contacts SET phone = ? WHERE email = ?"
    form = view.get("/me/correct").fields
    check = harvest.take("/me/correct#check", view.post("/me/correct", **{**form, "phone": MINE}))
    office.crm(change, "020 9999999", MARIJKE)
    asked = harvest.take(
        "/me/correct#asked", view.post("/me/correct", **{**check.fields, "step": "save"})
    )
    assert asked.status == 409
    check = view.post("/me/correct", **{**asked.fields, "use-phone": "mine"})
    assert view.post("/me/correct", **{**check.fields, "step": "save"}).status == 303
    office.crm(change, "020 8888888", MARIJKE)
    office.work()
    return harvest


def by_link(office: Office) -> Harvest:
    """By a footer link, without signing in: stop, and what the page after it offers."""
    link = f"/u/{token_of(office, mailing='offers')}"
    harvest = Harvest(office.visitor()).walk(link, "/u/")
    (form,) = [one for one in harvest.forms if one.action == link]
    harvest.take(f"{link}#stopped", office.visitor().post(link, **dict(form.fields)))
    return harvest.walk(*harvest.links)


def by_another_address(office: Office) -> Harvest:
    """A change of address that waits for the old mailbox to say yes or no."""
    visitor = sign_in(office, MARIJKE, "address", "demo")
    harvest = Harvest(visitor).walk("/me/address")
    asked = movings.asks(visitor)
    new = harvest.take(f"/address/new?t={asked.fields['t']}", asked)
    visitor.submit(new, "/address/new", code=office.mails()[-1].code)
    return harvest.walk(office.mails()[-1].path)


def from_outside(office: Office) -> Harvest:
    """Without signing in: the first page and where it leads, and a question to a person."""
    visitor = office.visitor()
    harvest = Harvest(visitor).walk("/", "/question")
    (form,) = [one for one in harvest.forms if one.action.startswith("/question")]
    asked = {**dict(form.fields), "contact": "somebody@example.org", "message": "?"}
    return harvest.walk(visitor.post(form.action, **asked).location)


def _order(form: Form) -> tuple[bool, str, str]:
    return (form.action in LAST, form.action, repr(form.fields))


@pytest.fixture
def hers(start_office: StartOffice, tmp_path: Path) -> Hers:
    return collect(world.start(start_office, tmp_path))


def rules(office: Office, hers: Hers) -> set[str]:
    """The rules that her walk came by."""
    match = office.app.url_map.bind("localhost").match
    met = set()
    told = [("GET", path) for path in hers.pages] + [("POST", one.action) for one in hers.forms]
    for method, path in told:
        try:
            rule, _values = match(
                path.partition("?")[0].partition("#")[0], method, return_rule=True
            )
        except HTTPException:
            continue
        met.add(f"{method} {rule.rule}")
    return met


def test_c3_every_route_of_the_url_map_is_met_or_has_a_reason(hers: Hers) -> None:
    met = rules(hers.office, hers)

    wanted = {
        f"{method} {rule.rule}"
        for rule in hers.office.app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if not rule.rule.startswith(APART) and _versionless(rule.rule) not in WITHOUT_A_WALK
    }
    assert wanted - met == set()


def _versionless(rule: str) -> str:
    parts = rule.split("/")
    return (
        "/embed/<version>/portal.js"
        if rule.startswith("/embed/") and parts[2][0].isdigit()
        else rule
    )


def attackers(office: Office) -> Iterator[tuple[str, Visitor]]:
    """Others: with a fresh proof of their own, in a tab and in the frame, on either site."""
    yield "nobody", office.visitor()
    for site in ("demo", "other"):
        for goal in ("erase", "copy"):
            yield f"hendrik, {goal}, on {site}", sign_in(office, HENDRIK, goal, site)
        yield f"hendrik, in the frame of {site}", sign_in(office, HENDRIK, "view", site, site)
    for goal in ("erase", "copy"):
        yield f"marijke, {goal}, on the other site", sign_in(office, MARIJKE, goal, "other")
    yield "marijke, in the other frame", sign_in(office, MARIJKE, "view", "other", "other")


def test_c3_no_page_of_hers_shows_another_anything(hers: Hers) -> None:
    assert len(hers.marks) > 8, "there is nothing to find"
    assert any(any(mark in page.text for mark in hers.marks) for page in hers.pages.values())

    for who, visitor in attackers(hers.office):
        for path in hers.pages:
            shown = visitor.get(_guessing(path.partition("#")[0]))
            found = {mark for mark in hers.marks if mark in shown.text}
            assert not found, f"{who} sees {len(found)} values of hers on {path}"
            if "/me/requests/" in path or "/me/export/" in path:
                assert shown.status in {401, 404}, f"{who} is answered {shown.status} on {path}"


def _guessing(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode(GUESSED)}"


def test_c3_no_form_of_hers_moves_anything_of_hers_in_the_hands_of_another(hers: Hers) -> None:
    office = hers.office
    subject_id = world.subject_of(office, MARIJKE)

    others = list(attackers(office))

    for last in (False, True):
        for who, visitor in others:
            with nothing_moves(office, subject_id, who):
                send(visitor, who, hers, last=last)


def send(visitor: Visitor, who: str, hers: Hers, *, last: bool) -> None:
    """Her forms with all that is in them, but with the form token of the sender's own session."""
    own = visitor.get("/me").fields.get("csrf_token")
    for form in hers.forms:
        if (form.action in LAST) is not last or form.action.startswith("/u/"):
            continue  # a link's power is its own, whoever holds it: tests/web/test_n3_footer_links
        fields = {name: value for name, value in form.fields if name != "csrf_token"}
        fields |= {"csrf_token": own} if own else {}
        answer = visitor.post(_guessing(form.action), **fields)
        found = {mark for mark in hers.marks if mark in answer.text}
        assert not found, f"{who} sees {len(found)} values of hers by {form.action}"


def test_c3_the_same_forms_move_her_data_in_her_own_hands(hers: Hers) -> None:
    """The control: what stayed put above would have moved."""
    office = hers.office
    subject_id = world.subject_of(office, MARIJKE)
    before = world.hers(office, subject_id)
    mine = sign_in(office, MARIJKE, "erase", "demo")
    own = mine.get("/me").fields["csrf_token"]

    answers = {}
    for form in hers.forms:
        fields = {
            **dict(form.fields),
            "csrf_token": own,
            **({"when": "now"} if form.action == "/me/erase" else {}),
        }
        if form.action != "/me/signout":
            answers[form.action] = mine.post(_guessing(form.action), **fields).status
    office.work()

    assert world.hers(office, subject_id) != before
    assert {200, 303} <= set(answers.values())
    assert not [row for row in world.rows(office, "crm")["contacts"] if row["email"] == MARIJKE]


@contextmanager
def nothing_moves(office: Office, subject_id: str, who: str) -> Iterator[None]:
    """Neither in the system of her site nor in the portal.

    On the other site she acts for herself: what she adds there is hers, and the rest stays put.
    """
    rows, held = world.rows(office, "crm"), world.hers(office, subject_id)
    yield
    office.work()
    after = world.hers(office, subject_id)
    if who.startswith("marijke"):
        after = {kind: [one for one in after[kind] if one in held[kind]] for kind in held}
    assert after == held, f"{who} moved something of hers in the portal"
    assert world.rows(office, "crm") == rows, f"{who} moved something of hers in the system"


@pytest.mark.slow
def test_c3_fails_without_asking_whose_a_request_is(
    hers: Hers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the question left out, the walk of another finds her requests."""
    monkeypatch.setattr(
        "portal.rights.requests.receiving.is_hers", lambda _request, _signed_in: True
    )

    with pytest.raises(AssertionError, match="on /me/requests/"):
        test_c3_no_page_of_hers_shows_another_anything(hers)
