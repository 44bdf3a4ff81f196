"""The feed: every decision once, in the order of the commits; who comes too late is told so."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.rights.requests.feed_places import begin_anew
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import FeedEntry, LedgerEntry, Recall
from tests.footers import HENDRIK, one_click, token_of
from tests.portals import MARIJKE, Office, StartOffice, logged
from tests.programs import Program
from tests.rights.wishes import CORRECTION, ERASURE, WITHDRAWAL


@pytest.fixture
def program(office: Office) -> Program:
    return Program(office, Scope.FEED_READ, name="reader")


def read(program: Program, after: str = "", **query: object) -> dict[str, Any]:
    told = program.get("/feed", query_string={**({"after": after} if after else {}), **query})
    assert told.status == 200, told.text
    found: dict[str, Any] = told.json
    return found


def kinds(feed: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["kind"], one["purposes"]) for one in feed["entries"]]


def kept(office: Office) -> tuple[int, int]:
    """How many entries, and how many addresses."""
    with office.database.reading() as db:
        return (
            db.query(FeedEntry).count(),
            db.query(Recall).filter(Recall.purpose == Purpose.FEED).count(),
        )


def decide(office: Office, purpose: str, granted: str) -> None:
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)


def later(office: Office) -> tuple[Any, str]:
    visitor = office.visitor().sign_in(office, goal="erase")
    answer = visitor.submit(visitor.get("/me/erase"), "/me/erase", when="later")
    return visitor, answer.location


def test_what_she_decides_stands_in_the_feed_when_she_is_told_received(
    office: Office, program: Program
) -> None:
    decide(office, "newsletter", "no")
    decide(office, "offers", "no")
    decide(office, "newsletter", "yes")

    feed = read(program)

    assert kinds(feed) == [
        ("withdrawn", ["newsletter"]),
        ("objected", ["offers"]),
        ("given", ["newsletter"]),
    ]
    assert {one["email"] for one in feed["entries"]} == {MARIJKE}
    assert feed["entries"][0]["at"] == "2026-03-02T12:00:00Z"
    assert read(program, feed["cursor"])["entries"] == []
    office.work()
    one_click(office, token_of(office))
    assert kinds(read(program, feed["cursor"])) == [("withdrawn", ["newsletter"])]


def test_a_footer_link_and_its_undoing_are_told(office: Office, program: Program) -> None:
    visitor, token = office.visitor(), token_of(office)
    stopped = visitor.post(f"/u/{token}")
    visitor.post("/u/undo", undo=stopped.fields["undo"])
    assert kinds(read(program)) == [("withdrawn", ["newsletter"]), ("given", ["newsletter"])]


def test_what_is_no_use_to_who_sends_mail_is_not_told(office: Office, program: Program) -> None:
    CORRECTION.ask(CORRECTION.signed_in(office))
    assert read(program)["entries"] == []


def test_an_erasure_now_is_told_once(office: Office, program: Program) -> None:
    ERASURE.ask(ERASURE.signed_in(office))
    office.work()
    assert kinds(read(program)) == [("erasure", [])]


def test_an_erasure_that_waits_is_told_with_its_moment_and_again_when_it_comes(
    office: Office, program: Program
) -> None:
    later(office)
    first = read(program)
    assert kinds(first)[0] == ("erasure_waits", [])
    assert first["entries"][0]["due_at"] == "2026-03-04T12:00:00Z"
    assert {kind for kind, _ in kinds(first)} == {
        "erasure_waits",
        "withdrawn",
        "objected",
        "restricted",
    }

    office.clock.advance(days=2, seconds=1)
    office.work()
    assert kinds(read(program, first["cursor"])) == [("erasure", [])]


def test_an_erasure_that_is_taken_back_is_told_with_what_is_given_again(
    office: Office, program: Program
) -> None:
    visitor, place = later(office)
    cursor = read(program)["cursor"]
    visitor.submit(visitor.get(place), f"{place}/keep")

    told = kinds(read(program, cursor))
    assert told[0] == ("erasure_taken_back", [])
    assert ("given", ["newsletter"]) in told


def test_a_part_at_a_time_and_every_entry_once(office: Office, program: Program) -> None:
    for number, (email, purpose) in enumerate(
        [(MARIJKE, "newsletter"), (HENDRIK, "newsletter"), (MARIJKE, "workshops")]
    ):
        one_click(office, token_of(office, email, purpose))
        office.clock.advance(seconds=number)
    count, seen, cursor = kept(office)[0], [], ""
    while True:
        part = read(program, cursor, limit=1)
        seen += [(one["email"], *one["purposes"]) for one in part["entries"]]
        cursor = part["cursor"]
        if not part["more"]:
            break
    assert len(seen) == len(set(seen)) == count
    assert seen[0] == (MARIJKE, "newsletter")


def test_from_now_on_leaves_out_what_was(office: Office, program: Program) -> None:
    decide(office, "newsletter", "no")
    now = read(program, "now")
    assert now["entries"] == []
    assert read(program, now["cursor"])["entries"] == []
    decide(office, "workshops", "no")
    assert kinds(read(program, now["cursor"])) == [("withdrawn", ["workshops"])]


# --- for how long, and for whom ------------------------------------------------------------------


def test_without_a_reader_nothing_is_kept(office: Office) -> None:
    Program(office, Scope.CONSENTS_READ, Scope.LINKS_MINT)
    decide(office, "newsletter", "no")
    assert kept(office) == (0, 0)


def test_after_its_time_an_entry_is_gone_and_an_older_cursor_is_told_so(
    office: Office, program: Program
) -> None:
    start = read(program, "now")["cursor"]
    decide(office, "newsletter", "no")
    behind = read(program, start)["cursor"]
    office.clock.advance(days=30)

    for _ in range(2):  # before and after the sweep
        missed = program.get("/feed", query_string={"after": start})
        assert (missed.status, missed.code) == (410, "missed")
        assert "after=now" in missed.json["detail"]
        assert read(program, behind)["entries"] == []  # who was in time has missed nothing
        upkeep(office)
    assert kept(office) == (0, 0)
    assert read(program)["entries"] == []


def upkeep(office: Office) -> None:
    with office.database.unit("test") as unit:
        office.portal.services.rights.feed.forget(unit.session, office.clock())
        Recalls.forget(unit.session, office.clock())
        unit.commit()


def test_the_time_is_a_setting(start_office: StartOffice) -> None:
    office = start_office(retention={"feed_days": 2})
    Program(office)
    decide(office, "newsletter", "no")
    with office.database.reading() as db:
        assert db.query(Recall).filter_by(purpose="feed").one().until == office.clock() + timedelta(
            days=2
        )


def test_a_recall_that_somebody_else_swept_is_no_hole_that_is_passed_over(
    office: Office, program: Program
) -> None:
    start = read(program, "now")["cursor"]
    decide(office, "newsletter", "no")
    decide(office, "workshops", "no")
    with office.database.unit("test") as unit:
        unit.session.delete(unit.session.query(Recall).order_by(Recall.id).first())
        unit.commit()

    assert program.get("/feed", query_string={"after": start}).code == "missed"
    upkeep(office)
    assert program.get("/feed", query_string={"after": start}).code == "missed"
    assert kinds(read(program)) == [("withdrawn", ["workshops"])]


def test_with_its_last_reader_a_feed_is_forgotten_and_its_cursors_end(
    office: Office, program: Program
) -> None:
    keys, feed = office.portal.services.api_keys, office.portal.services.rights.feed
    other = Program(office, Scope.FEED_READ, name="second")
    cursor = read(program, "now")["cursor"]
    decide(office, "newsletter", "no")
    keys.remove("reader", feed.unread)
    assert kept(office) == (1, 1)
    keys.remove("second", feed.unread)
    assert kept(office) == (0, 0)
    decide(office, "workshops", "no")  # which nobody is told of

    again = Program(office, Scope.FEED_READ)
    assert again.get("/feed", query_string={"after": cursor}).code == "missed"
    assert read(again)["entries"] == []
    assert read(again, read(again, "now")["cursor"])["entries"] == []
    assert other.get("/feed").code == "key"


def test_after_a_restore_no_older_cursor_fits(office: Office, program: Program) -> None:

    cursor = read(program, "now")["cursor"]
    with office.database.unit("test") as unit:
        begin_anew(unit.session)
        unit.commit()
    assert program.get("/feed", query_string={"after": cursor}).code == "missed"
    fresh = read(program, "now")["cursor"]
    assert program.get("/feed", query_string={"after": f"9{fresh}"}).code == "missed"


@pytest.mark.parametrize(("adapters", "hears"), [(["crm"], True), (["shop"], False)])
def test_other_sites_hear_what_concerns_them_and_nothing_else(
    start_office: StartOffice, adapters: list[str], hears: bool
) -> None:
    shop = {
        "adapter": "sql",
        "label": {"nl": "Winkel", "en": "Shop"},
        "location": {"entity": "x", "hosting": "NL"},
        "url": "sqlite:///crm.sqlite",
        "table": "contacts",
        "email": "email",
        "fields": {"email": "email"},
    }
    office = start_office(
        adapters={"shop": shop}, sites={0: {"adapters": ["crm"]}, 1: {"adapters": adapters}}
    )
    other = Program(office, Scope.FEED_READ, site="other")
    decide(office, "newsletter", "no")
    later(office)
    assert bool(read(other)["entries"]) is hears
    assert kept(office)[0] == len(read(other)["entries"])


def test_what_is_not_committed_is_not_told(office: Office, program: Program) -> None:
    start = read(program, "now")["cursor"]
    with office.database.unit("test") as unit:
        unit.session.add(
            FeedEntry(
                site="demo", kind="given", at=office.clock(), purposes=[], request_id="nothing"
            )
        )
    assert read(program, start)["entries"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "1"},
        {"after": "-1-abc"},
        {"after": "²-abc"},
        {"after": "1" * 50 + "-abc"},
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "-1"},
        {"limit": "x"},
        {"limit": "٣"},
        {"limit": "9" * 5000},
    ],
)
def test_what_is_no_cursor_and_no_limit_is_refused(program: Program, query: dict[str, str]) -> None:
    told = program.get("/feed", query_string=query)
    assert (told.status, told.code) == (422, next(iter(query)).replace("after", "cursor"))


def test_the_address_is_sealed_and_in_no_log_and_no_ledger(
    office: Office, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one_click(office, token_of(office))
    office.work()
    read(program)
    assert MARIJKE not in logged(caplog)
    for file in office.settings.instance.glob("portal.sqlite*"):
        assert MARIJKE.encode() not in file.read_bytes()
    with office.database.reading() as db:
        assert all(MARIJKE not in str(row.facts) for row in db.query(LedgerEntry))


def test_an_entry_belongs_to_the_commit_of_its_request(
    office: Office, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails after it was written leaves no entry behind."""
    visitor = WITHDRAWAL.signed_in(office)

    def fails(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(office.portal.services.rights.deciding._record, "write", fails)
    with pytest.raises(KeyError):
        WITHDRAWAL.ask(visitor)
    assert kept(office) == (0, 0)
    assert read(program)["entries"] == []


def test_a_restriction_is_told_and_its_lifting_too(office: Office, program: Program) -> None:
    visitor = office.visitor().sign_in(office)
    for on in ("yes", "no"):
        token = visitor.get("/me/restrict").fields["csrf_token"]
        visitor.post("/me/restrict", csrf_token=token, on=on)
        office.work()
    told = [kind for kind, _purposes in kinds(read(program))]
    assert told == ["restricted", "restriction_lifted"]
