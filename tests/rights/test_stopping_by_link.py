"""A stop by a footer link: every record, once, with its proof; and its undoing, exact and once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from portal.consent.record import ConsentRecord
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.rights.deeds.doing import consent
from portal.rights.mailings import undo
from portal.store.tables import Delivery
from tests.footers import (
    HENDRIK,
    ONE_CLICK,
    decisions,
    one_click,
    rights,
    subscriptions,
    token_of,
    written,
)
from tests.portals import MARIJKE, STRANGER, Office, Page
from tests.recovering import Recovering

SHARED = "familie.jansen@example.net"
GONE = "This cannot be undone any more"


@contextmanager
def crm_away(office: Office) -> Iterator[None]:
    away = office.crm_file.with_name("away")
    for adapter in office.portal.adapters.values():
        adapter.close()
    office.crm_file.rename(away)
    yield
    away.rename(office.crm_file)
    office.clock.advance(minutes=10)


def stop(office: Office, email: str = MARIJKE, mailing: str = "newsletter") -> Page:
    page = office.visitor().post(f"/u/{token_of(office, email, mailing)}")
    assert page.status == 200
    return page


def look_again(office: Office, page: Page) -> Page:
    place = page.text.partition('data-poll-at="')[2].partition('"')[0]
    return office.visitor().get(place)


def newsletters(office: Office, email: str) -> dict[int, int]:
    """Record → does it get the newsletter? Where nothing is said, it does not."""
    found = subscriptions(office, email)
    return {record: found.get((record, "newsletter"), 0) for record, _ in found}


def test_a_stop_reaches_the_crm_and_its_page_tells_how_far_it_is(office: Office) -> None:
    before = subscriptions(office)
    page = stop(office)
    assert page.heading == "Stopped"
    assert "received" in page.text

    office.work()

    assert subscriptions(office) == {**before, (1, "newsletter"): 0}
    again = look_again(office, page)
    assert (again.status, again.heading) == (200, "Is it done?")
    assert "It is done there." in again.text
    assert "undo" not in again.fields, "only the answer to the click can undo it"
    assert "marijke" not in (page.text + again.text).lower()


def test_a_stop_is_kept_with_its_words_its_channel_and_its_language(office: Office) -> None:
    stop(office)

    (decided,) = decisions(office)
    assert (decided.granted, decided.source, decided.locale) == (False, "footer-link", "en")
    assert decided.wording.startswith("Yes, send me")
    assert decided.wording_version
    assert office.events() == ["request_received"]
    office.work()
    (row,) = office.crm(
        "SELECT source FROM subscriptions WHERE contact_id = 1 AND mailing = 'newsletter'"
    )
    assert row["source"] == "footer-link"


def test_what_rests_on_no_consent_is_objected_to(office: Office) -> None:
    stop(office, mailing="offers")
    stop(office, mailing="newsletter")

    assert sorted(rights(office)) == ["object", "withdraw"]
    office.work()
    assert subscriptions(office)[1, "offers"] == 0


@pytest.mark.parametrize("email", [HENDRIK, SHARED])
def test_every_record_of_the_address_stops_and_nobody_elses(office: Office, email: str) -> None:
    stop(office, email)
    office.work()

    mine = subscriptions(office, email)
    assert len({record for record, _ in mine}) == 2
    assert not any(on for (_, mailing), on in mine.items() if mailing == "newsletter")
    assert subscriptions(office)[1, "newsletter"] == 1


def test_what_was_off_is_said_to_be_off_and_nothing_is_written(office: Office) -> None:
    office.crm("UPDATE subscriptions SET active = 0 WHERE contact_id = 1")
    before = written(office)

    for email in (MARIJKE, STRANGER):
        assert stop(office, email).heading == "This was off already"
        assert one_click(office, token_of(office, email)).status == 200
    assert written(office) == before


def test_a_stop_while_the_crm_is_away_is_received_and_done_when_it_answers(
    office: Office,
) -> None:
    with crm_away(office):
        assert office.visitor().get(f"/u/{token_of(office)}").status == 200
        page = stop(office)
        assert page.heading == "Stopped"
        assert "undo" not in page.fields, "how it stood before, nobody knows"
        office.work()
        assert "We have received it" in look_again(office, page).text
        assert stop(office).heading == "This was off already"

    office.work()

    assert subscriptions(office)[1, "newsletter"] == 0
    assert rights(office) == ["withdraw"]
    assert "It is done there." in look_again(office, page).text


def test_a_later_opt_in_elsewhere_can_be_stopped_again(office: Office) -> None:
    stop(office)
    office.work()
    office.crm("UPDATE subscriptions SET active = 1 WHERE contact_id = 1")

    assert stop(office).heading == "Stopped"
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 0


# --- RFC 8058 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"content_type": "multipart/form-data"},
        {"headers": {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Origin": "null"}},
        {"data": {**ONE_CLICK, "more": "x"}},
    ],
)
def test_e7_one_click_of_a_mail_program_stops_without_cookie_or_redirect(
    office: Office, how: dict[str, object]
) -> None:
    token = token_of(office)
    answers = [one_click(office, token, **how) for _ in range(3)]
    office.work()

    assert [one.status for one in answers] == [200, 200, 200]
    assert all(len(one.text) < 100 and "<" not in one.text for one in answers)
    assert all("Set-Cookie" not in one.response.headers for one in answers)
    assert subscriptions(office)[1, "newsletter"] == 0
    assert rights(office) == ["withdraw"], "a second one does nothing new"


def test_e7_one_click_is_for_the_stop_alone(office: Office) -> None:
    token = token_of(office)
    client = office.app.test_client()

    for path in (f"/u/{token}/data", "/u/undo", "/signin", "/me/consents"):
        answer = client.post(path, base_url="http://localhost:8080", data=ONE_CLICK)
        assert answer.status_code == 403, path
    for other in ({"List-Unsubscribe": "x"}, {"list-unsubscribe": "One-Click"}, {}):
        assert one_click(office, token, data=other).status == 403
    assert written(office) == (0, 0, 0, 0)


# --- undo ----------------------------------------------------------------------------------------


def check_undo_is_exact(office: Office) -> None:
    """Of two records one was on: that one is on again, and the other stays off."""
    before = newsletters(office, HENDRIK)
    assert sorted(before.values()) == [0, 1]
    page = stop(office, HENDRIK)
    office.work()
    assert not any(newsletters(office, HENDRIK).values())

    undone = office.visitor().submit(page, "/u/undo")
    office.work()

    assert (undone.status, undone.heading) == (200, "Put back")
    assert newsletters(office, HENDRIK) == before
    last = decisions(office)[-1]
    assert (last.granted, last.source) == (True, "footer-undo")


def check_undo_is_once(office: Office) -> None:
    page = stop(office)
    office.work()
    assert office.visitor().submit(page, "/u/undo").status == 200
    office.work()

    assert office.visitor().submit(page, "/u/undo").status == 410
    stop(office)
    office.work()
    again = office.visitor().submit(page, "/u/undo")
    office.work()
    assert (again.status, again.heading) == (410, GONE)
    assert subscriptions(office)[1, "newsletter"] == 0


def check_undo_expires(office: Office) -> None:
    page = stop(office)
    office.clock.advance(minutes=10)

    late = office.visitor().submit(page, "/u/undo")
    office.work()

    assert (late.status, late.heading) == (410, GONE)
    assert 'goal=less"' in late.text
    assert "Choose which e-mails you want (again)." in late.text
    assert subscriptions(office)[1, "newsletter"] == 0


def check_undo_is_no_opt_in(recovering: Recovering) -> None:
    """Between asking to be erased and the erasure, a stop is made and taken back."""
    office = recovering.office
    visitor = office.visitor().sign_in(office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    office.clock.advance(minutes=1)
    page = stop(office)
    office.clock.advance(minutes=1)
    assert office.visitor().submit(page, "/u/undo").status == 200

    office.work()

    assert not recovering.is_there()
    assert recovering.suppressed() == 1


def test_n3_undo_restores_exactly_what_the_click_changed(office: Office) -> None:
    check_undo_is_exact(office)


def test_n3_undo_works_once(office: Office) -> None:
    check_undo_is_once(office)


def test_n3_undo_works_for_ten_minutes(office: Office) -> None:
    check_undo_expires(office)


def test_n3_undo_is_no_opt_in_of_somebody_who_asked_to_be_erased(recovering: Recovering) -> None:
    check_undo_is_no_opt_in(recovering)


def _all_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.mailings.undo.consent", lambda *given: consent(*given[:4]))


def _any_decision_of_hers_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Same(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    real = ConsentRecord.last

    def last(*of: str) -> object:
        found = real(*of)  # type: ignore[arg-type]  # a session and two ids
        assert found is not None
        return type("Found", (), {"request_id": Same(found.request_id)})

    monkeypatch.setattr(ConsentRecord, "last", staticmethod(last))


def _no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "LASTS", undo.LASTS * 100)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_undo_is_exact, _all_records),
        (check_undo_is_once, _any_decision_of_hers_will_do),
        (check_undo_expires, _no_end),
    ],
)
def test_n3_fails_without_its_safeguard(
    check: Callable[[Office], None],
    off: Callable[[pytest.MonkeyPatch], None],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off(monkeypatch)

    with pytest.raises(AssertionError):
        check(office)


def test_n3_fails_without_telling_an_undo_from_an_opt_in(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.consent.suppression.NO_OPT_IN", frozenset())

    with pytest.raises(AssertionError):
        check_undo_is_no_opt_in(recovering)


def test_an_undo_before_the_stop_was_passed_on_ends_as_it_began(office: Office) -> None:
    before = subscriptions(office)
    page = stop(office)
    assert office.visitor().submit(page, "/u/undo").heading == "Put back"
    office.work()

    assert subscriptions(office) == before
    assert rights(office) == ["withdraw", "consent"]
    with office.database.reading() as db:
        assert {one.state for one in db.query(Delivery)} == {"confirmed"}


def test_an_objection_is_taken_back_too(office: Office) -> None:
    page = stop(office, HENDRIK, mailing="offers")
    office.work()
    assert not any(_offers(office))
    assert office.visitor().submit(page, "/u/undo").status == 200
    office.work()

    assert _offers(office) == [1, 1], "where nothing was said, they went on"


def _offers(office: Office) -> list[int]:
    found = subscriptions(office, HENDRIK)
    return [on for (_, mailing), on in found.items() if mailing == "offers"]


def test_n3_a_decision_that_was_taken_since_is_not_undone(office: Office) -> None:
    page = stop(office)
    office.work()
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()

    assert office.visitor().submit(page, "/u/undo").status == 410
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 0


def test_n3_the_undo_of_one_person_is_nothing_to_another(office: Office) -> None:
    hers, his = stop(office), stop(office, HENDRIK)
    office.work()
    assert office.visitor().submit(hers, "/u/undo").status == 200
    office.work()

    assert subscriptions(office)[1, "newsletter"] == 1
    assert not any(
        on for (_, mailing), on in subscriptions(office, HENDRIK).items() if mailing == "newsletter"
    )
    assert office.visitor().submit(his, "/u/undo").status == 200


@pytest.mark.parametrize("made_up", ["", "x", "gAAAAA", "é", "\x00"])
def test_n3_a_made_up_undo_is_gone(office: Office, made_up: str) -> None:
    assert office.visitor().post("/u/undo", undo=made_up).status == 410
    assert office.visitor().post("/u/undo").status == 400


def test_n3_what_was_sealed_for_something_else_is_no_undo(office: Office) -> None:
    sealed = office.portal.vault.seal({"until": "2100-01-01T00:00:00+00:00"}, "seen").decode()

    assert office.visitor().post("/u/undo", undo=sealed).status == 410


def test_the_page_of_a_stop_is_there_for_a_day_and_for_nobody_who_guesses(office: Office) -> None:
    page = stop(office)
    place = page.text.partition('data-poll-at="')[2].partition('"')[0]
    visitor = office.visitor()
    signed_in = visitor.sign_in(office, HENDRIK)
    token = signed_in.get("/me/consents").fields["csrf_token"]
    other = signed_in.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")

    request_id = other.location.rpartition("/")[2]
    for guess in (
        place[:-1],
        place.replace(".", "x"),
        f"/u/progress/{request_id}",
        "/u/progress/é",
    ):
        assert office.visitor().get(guess).status == 404
    assert (
        office.visitor().get(f"/u/progress/{request_id}{place[place.index('.') :]}").status == 404
    )
    assert office.visitor().get(place).status == 200
    office.clock.advance(days=1)
    assert office.visitor().get(place).status == 404


def test_a_stop_by_link_stands_among_the_requests_of_whoever_signs_in(office: Office) -> None:
    stop(office)
    office.work()
    visitor = office.visitor().sign_in(office)

    page = visitor.get("/me/requests")
    assert "Permission taken back" in page.text
    assert Email.parse(MARIJKE).masked not in page.text


def test_an_undo_lifts_no_suppression(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Suppressions, "lift")
    page = stop(office)

    assert office.visitor().submit(page, "/u/undo").status == 200
