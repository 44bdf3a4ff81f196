"""N3: a footer link may only reduce; whatever is more needs a code that goes to the mailbox."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.consent.links import FooterLinks, Link
from portal.domain.addresses import Email
from portal.rights.mailings import stop
from portal.store.tables import Proof, Session
from portal.store.vault import Keyring
from portal.web import context, footer
from tests.footers import HENDRIK, one_click, plain, subscriptions, token_of, written
from tests.portals import MARIJKE, ORIGIN, STRANGER, Office, StartOffice, logged

PAGES = (
    "/me",
    "/me/about",
    "/me/correct",
    "/me/consents",
    "/me/export",
    "/me/export/1",
    "/me/export/1/read",
    "/me/erase",
    "/me/requests",
    "/me/requests/1",
)


def check_reduces_only(office: Office) -> None:
    """Looking changes nothing, a click stops one mailing, and once; it signs nobody in."""
    token, before, rows = token_of(office), subscriptions(office), written(office)
    visitor = office.visitor()
    for _ in range(20):
        assert visitor.get(f"/u/{token}").status == 200
        for method in ("GET", "HEAD"):
            scanner = office.app.test_client().open(f"/u/{token}", method=method, base_url=ORIGIN)
            assert scanner.status_code == 200
            assert "Set-Cookie" not in scanner.headers
    office.work()
    assert (subscriptions(office), written(office)) == (before, rows)

    assert visitor.post(f"/u/{token}").heading == "Stopped"
    assert visitor.post(f"/u/{token}").heading == "This was off already"
    office.work()
    assert subscriptions(office) == {**before, (1, "newsletter"): 0}
    assert [event for event in office.events() if event == "request_received"] == [
        "request_received"
    ]
    with office.database.reading() as db:
        assert db.query(Session).count() == 0


def check_opens_nothing(office: Office) -> None:
    """The token in every place where a right one would let somebody in."""
    token = token_of(office)
    before = office.contact()
    for visitor in (office.visitor(), office.visitor(frame="demo")):
        visitor.get(f"/u/{token}")
        visitor.token = token
        for path in PAGES:
            for headers in ({}, {"Authorization": f"Bearer {token}"}):
                page = visitor.get(path, headers=headers, query_string={"t": token, "u": token})
                assert page.status in {401, 403, 404}, path
                sent = visitor.post(path, t=token, token=token, u=token)
                assert sent.status in {400, 401, 403, 404, 405}, path
        for path in ("/enter", "/confirm"):
            assert visitor.post(path, t=token, token=token).status in {403, 410}
        assert visitor.post("/signin/code", t=token, code=token).status == 410
        assert visitor.post("/u/undo", undo=token).status == 410
        for path in (f"/u/{token}/me", f"/u/{token}/me/export", f"/me/{token}"):
            assert visitor.get(path).status == 404
    assert office.contact() == before


def check_nobody_is_signed_in_there(office: Office) -> None:
    """Whoever is signed in in this browser: the page of a link is the page of the link alone."""
    token = token_of(office, HENDRIK)
    stranger, marijke = office.visitor(), office.visitor().sign_in(office)

    assert plain(marijke.get(f"/u/{token}"), token) == plain(stranger.get(f"/u/{token}"), token)
    assert marijke.post(f"/u/{token}").heading == "Stopped"
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 1, "hers goes on"


def test_n3_a_footer_link_only_reduces_and_only_by_post(office: Office) -> None:
    check_reduces_only(office)


def test_n3_a_footer_link_opens_no_page_and_no_session(office: Office) -> None:
    check_opens_nothing(office)


def test_n3_a_session_has_no_part_in_a_footer_link(office: Office) -> None:
    check_nobody_is_signed_in_there(office)


def _get_stops(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        office.app.view_functions, "footer.show", lambda token: _stop_at_once(office, token)
    )


def _stop_at_once(office: Office, token: str) -> str:
    opened = footer._opened(token)
    assert opened is not None
    office.portal.services.rights.stopping.stop(*opened, "en")
    return "Stopped"


def _each_click_is_a_new_one(_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop, "_under_way", lambda *_: False)


def _the_link_signs_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = office.portal.services.sessions
    real = sessions.current

    def current(token: str, *how: object, **more: object) -> object:
        link = office.portal.services.links.open(token)
        with office.database.unit("test") as unit:
            proof = Proof(purpose="signin", site=link.site, goal="view", locale="en")
            opened = sessions.open(unit.session, proof, link.email, "frame")
            unit.commit()
        return real(opened, "frame")

    monkeypatch.setattr(type(sessions), "current", lambda _, *a, **m: current(*a, **m))


def _a_session_counts(_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "by_link", lambda: False)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_reduces_only, _get_stops),
        (check_reduces_only, _each_click_is_a_new_one),
        (check_opens_nothing, _the_link_signs_in),
        (check_nobody_is_signed_in_there, _a_session_counts),
    ],
)
def test_n3_fails_without_its_safeguard(
    check: Callable[[Office], None],
    off: Callable[[Office, pytest.MonkeyPatch], None],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by the check."""
    off(office, monkeypatch)

    with pytest.raises(AssertionError):
        check(office)


def test_n3_seeing_the_data_takes_a_code_that_goes_to_the_address_of_the_link(
    office: Office,
) -> None:
    token, visitor = token_of(office), office.visitor()
    asked = visitor.post(f"/u/{token}/data")
    assert asked.status == 303
    mail = office.next_mail()
    assert mail.to == (MARIJKE,)
    assert visitor.get("/me").status == 401

    answer = visitor.submit(visitor.get(asked.location), "/signin/code", code=mail.code)
    assert answer.location.startswith("/me")
    assert "Marijke" in visitor.get("/me").text


def test_n3_asking_for_the_data_says_the_same_for_whom_there_is_and_is_not(
    office: Office,
) -> None:
    known, unknown = (
        office.visitor().post(f"/u/{token_of(office, email)}/data") for email in (MARIJKE, STRANGER)
    )

    assert known.status == unknown.status == 303
    pages = [
        plain(office.visitor().get(one.location), one.location.partition("t=")[2])
        for one in (known, unknown)
    ]
    assert pages[0] == pages[1]


def test_n3_asking_for_the_data_again_and_again_is_held_by_the_quotas(
    start_office: StartOffice,
) -> None:
    office = start_office(limits={"mails_per_address_hour": 2})
    token = token_of(office)

    for _ in range(5):
        assert office.visitor().post(f"/u/{token}/data").status == 303
    assert len(office.mails()) == 2


def test_n3_the_page_names_the_mailing_and_masks_the_address(office: Office) -> None:
    page = office.visitor().get(f"/u/{token_of(office)}")

    assert page.heading == "Less mail, or none?"
    assert "Newsletter" in page.text
    assert "m•••@example.org" in page.text
    assert "marijke" not in page.text.lower()
    first, second = page.text.index("Stop emailing me"), page.text.index("See all my data")
    assert first < second


def test_n3_the_page_is_the_same_for_whom_there_is_and_is_not_and_asks_no_crm(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for adapter in office.portal.adapters.values():
        monkeypatch.delattr(type(adapter), "find")
    pages = []
    for email in ("bob@example.org", "bea@example.org", "benno@example.org"):
        token = token_of(office, email)
        pages.append(plain(office.visitor().get(f"/u/{token}"), token))
    assert pages[0] == pages[1] == pages[2]


def wrong_tokens(office: Office) -> list[str]:
    right = token_of(office)
    return [
        right[:-1],
        right[1:],
        f"{right}A",
        right.swapcase(),
        "x-y-z",
        "undo",
        "A" * 5_000,
        token_of(office, site="no-such-site"),
        token_of(office, mailing="no-such-mailing"),
        token_of(office, mailing="phone"),
    ]


def test_n3_whatever_does_not_open_gets_one_and_the_same_page(office: Office) -> None:
    visitor, rows = office.visitor(), written(office)
    pages = set()
    for token in wrong_tokens(office):
        for page in (visitor.get(f"/u/{token}"), visitor.post(f"/u/{token}/data")):
            assert (page.status, page.heading) == (404, "This link does not work (any more)")
            assert 'href="/?site=demo&amp;goal=less"' in page.text
        pages.add(plain(visitor.get(f"/u/{token}"), token))
        if token != "undo":  # an address of its own
            assert visitor.post(f"/u/{token}").status == 404
            assert one_click(office, token).status == 404
    assert len(pages) == 1
    assert written(office) == rows


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_characters="/?#%\\", exclude_categories=["Cs"]), min_size=1))
def test_n3_no_made_up_token_is_more_than_not_found(session_office: Office, token: str) -> None:
    assert session_office.visitor().get(f"/u/{token}").status in {400, 404, 308, 303}
    assert subscriptions(session_office)[1, "newsletter"] == 1


def test_n3_a_link_of_another_portal_does_not_work_here(office: Office, tmp_path: Path) -> None:
    keys = Keyring.create(tmp_path / "other.json").links
    foreign = FooterLinks(keys).mint(Link("demo", "newsletter", Email.parse(MARIJKE)))

    assert office.visitor().get(f"/u/{foreign}").status == 404
    assert one_click(office, foreign).status == 404
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 1


def test_n3_nothing_of_the_address_is_in_logs_ledger_or_files(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = token_of(office)
    visitor = office.visitor()
    stopped = visitor.post(f"/u/{token}")
    visitor.post(f"/u/{token}", more="x")
    visitor.send(f"/u/{token}", headers={"Sec-Fetch-Site": "cross-site"})
    visitor.submit(stopped, "/u/undo")
    for wrong in wrong_tokens(office):
        visitor.get(f"/u/{wrong}")
    office.work()
    office.portal.ledger.seal(office.database)

    told = logged(caplog)
    assert told
    stored = b"".join(
        one.read_bytes()
        for one in office.settings.instance.iterdir()
        if one.is_file() and not one.name.startswith("crm")
    )
    for value in (MARIJKE, "marijke", token, stopped.fields["undo"]):
        assert value not in told.lower()
        assert value.encode() not in stored


def test_a_link_without_a_token_leads_to_where_everyone_can_ask(office: Office) -> None:
    visitor = office.visitor()

    assert visitor.get("/u").status == 308
    led = visitor.get("/u/?site=other&lang=nl")
    page = visitor.get(led.location)
    assert page.fields["site"] == "other"
    assert page.fields["goal"] == "less"
    assert 'lang="nl"' in page.text


def test_the_page_speaks_dutch_to_who_reads_dutch_and_as_chosen(office: Office) -> None:
    token, visitor = token_of(office), office.visitor()

    dutch = visitor.get(f"/u/{token}", headers={"Accept-Language": "nl"})
    assert "Stop met mailen" in dutch.text
    assert "Nieuwsbrief" in dutch.text
    chosen = visitor.get(f"/u/{token}?lang=nl")
    assert "Stop met mailen" in chosen.text
    assert f'action="/u/{token}?lang=nl"' in chosen.text
    assert visitor.post(f"/u/{token}?lang=nl").heading == "Gestopt"


def test_the_page_is_of_the_site_of_the_link_whatever_else_is_asked(office: Office) -> None:
    token = token_of(office, site="other")

    for question in ("", "?site=demo", "?site=nothing"):
        page = office.visitor().get(f"/u/{token}{question}")
        assert page.status == 200
        assert "De Late Merel Wholesale" in page.text


def test_a_persons_click_comes_from_our_own_page_and_carries_nothing_else(office: Office) -> None:
    token, visitor, before = token_of(office), office.visitor(), subscriptions(office)

    for path in (f"/u/{token}", f"/u/{token}/data", "/u/undo"):
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"},
        ):
            assert visitor.send(path, headers=headers).status == 403
        assert visitor.post(path, more="x").status == 400
    office.work()
    assert subscriptions(office) == before


@pytest.mark.parametrize(
    ("deed", "fields"), [("pause", {"months": "1"}), ("less", {"frequency": "yearly"})]
)
def test_n3_less_and_a_break_are_for_a_person_on_the_page(
    office: Office, deed: str, fields: dict[str, str]
) -> None:
    """Not for a scanner, not for a mail program's button, and not for a page of somebody else's."""
    token, before, rows = token_of(office), subscriptions(office), written(office)
    place = f"/u/{token}/{deed}"
    visitor = office.visitor()
    assert visitor.get(place, query_string=fields).status == 405
    assert visitor.send(place, data=fields, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    client = office.app.test_client()
    one = {"List-Unsubscribe": "One-Click", **fields}
    assert client.post(place, base_url=ORIGIN, data=one).status_code == 403
    assert visitor.post(f"/u/{'x' * 80}/{deed}", **fields).status == 404
    office.work()
    assert (subscriptions(office), written(office)) == (before, rows)

    assert visitor.post(place, **fields).status == 200
    assert "Set-Cookie" not in visitor.get(f"/u/{token}").response.headers
    with office.database.reading() as db:
        assert db.query(Session).count() == 0
