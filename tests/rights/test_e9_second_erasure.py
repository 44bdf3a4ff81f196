"""E9: what an erasure has to keep is shown with its ground and its day, and goes after that."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from portal.adapters.contract import InShadow, Record, Ref, Unreachable
from portal.rights.erasing.second import SecondErasures
from portal.rights.requests.kept_records import KeptRecords
from portal.store.journal import Journal
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import Delivery, Job, LedgerEntry, Recall, Request
from portal.sync.jobs import Later
from tests.laters import back_up, keep, later, put_back, wait
from tests.portals import MARIJKE, StartOffice
from tests.recovering import Check, Recovering, must_fail

HENDRIK = "hendrik.bosman@example.com"
LAST_DAY = datetime(2031, 12, 31, 12, tzinfo=UTC)
NEXT_DAY = datetime(2032, 1, 1, 12, tzinfo=UTC)


def orders(recovering: Recovering) -> list[str]:
    rows = recovering.office.crm("SELECT ordered_on FROM orders WHERE contact_id = 1 ORDER BY 1")
    return [row["ordered_on"] for row in rows]


def ordered(recovering: Recovering, *days: str) -> None:
    """These orders are hers, and no others."""
    recovering.office.crm("DELETE FROM orders WHERE contact_id = 1")
    for number, day in enumerate(days):
        recovering.office.crm(
            "INSERT INTO orders (contact_id, order_number, ordered_on, total, description, "
            "invoiced_to) VALUES (1, ?, ?, 1, 'x', 'x')",
            f"T{number}",
            day,
        )


def go_to(recovering: Recovering, moment: datetime) -> None:
    recovering.office.clock.now = moment
    recovering.office.work()


def erasure(recovering: Recovering) -> Delivery:
    with recovering.office.database.reading() as db:
        return (
            db.query(Delivery)
            .join(Request, Request.id == Delivery.request_id)
            .filter(Request.right == "erase")
            .one()
        )


def waiting(recovering: Recovering) -> tuple[int, int]:
    """(recalls, open jobs) of second erasures."""
    with recovering.office.database.reading() as db:
        recalls = db.query(Recall).filter(Recall.purpose == "second_erasure").count()
        jobs = db.query(Job).filter(Job.kind == "second_erasure", Job.ended_at.is_(None)).count()
        return recalls, jobs


def check_e9_goes(recovering: Recovering) -> None:
    """Kept until its last day, and gone on the next."""
    ordered(recovering, "2024-06-01")
    recovering.erase()
    go_to(recovering, LAST_DAY)
    assert orders(recovering) == ["2024-06-01"]
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []


def test_e9_what_was_kept_goes_on_the_day_after_its_last(recovering: Recovering) -> None:
    check_e9_goes(recovering)
    assert waiting(recovering) == (0, 0), "nothing of it is remembered"
    done = erasure(recovering)
    assert done.state == "confirmed"
    assert done.outcome["later"] == [{"on": "2032-01-01", "categories": ["orders"]}]
    with recovering.office.database.reading() as db:
        (told,) = db.query(LedgerEntry).filter(LedgerEntry.event == "erased_as_well")
        assert told.facts == {"adapter": "crm", "retained": []}
        assert told.request_id == done.request_id
    assert recovering.office.portal.ledger.verify(recovering.office.database).ok
    assert recovering.alarms() == []


def test_e9_her_page_says_until_when_why_and_that_it_goes_then(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    review = visitor.get("/me/erase")
    assert "kept until 31 December 2031; deleted after that" in review.text
    assert "article 52 AWR" in review.text
    place = visitor.submit(review, "/me/erase").location
    recovering.office.work()
    page = visitor.get(place).text
    assert "kept until 31 December 2031; deleted after that" in page
    with recovering.office.database.reading() as db:
        facts = [row.facts for row in db.query(LedgerEntry) if row.event == "delivered"]
    assert facts[-1]["until"] == ["orders:2031-12-31"]


def test_e9_what_is_over_already_goes_with_the_first_and_the_review_says_so(
    recovering: Recovering,
) -> None:
    ordered(recovering, "2015-06-01")
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    review = visitor.get("/me/erase")
    assert "must keep" not in review.text.partition("</h1>")[2]
    visitor.submit(review, "/me/erase")
    recovering.office.work()
    assert orders(recovering) == []
    assert erasure(recovering).state == "confirmed"
    assert waiting(recovering) == (0, 0)


def test_e9_several_dates_go_one_after_the_other(recovering: Recovering) -> None:
    ordered(recovering, "2015-01-01", "2021-06-01", "2024-06-01")
    recovering.erase()
    assert orders(recovering) == ["2021-06-01", "2024-06-01"]
    (kept,) = erasure(recovering).outcome["retained"]
    assert (kept["first"], kept["until"], kept["count"]) == ("2028-12-31", "2031-12-31", 2)
    go_to(recovering, datetime(2029, 1, 1, 12, tzinfo=UTC))
    assert orders(recovering) == ["2024-06-01"]
    assert erasure(recovering).state == "retained"
    (kept,) = erasure(recovering).outcome["retained"]
    assert (kept["first"], kept["count"]) == ("2031-12-31", 1)
    assert waiting(recovering) == (1, 1)
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []
    assert erasure(recovering).state == "confirmed"
    assert waiting(recovering) == (0, 0)


def test_e9_upkeep_forgets_no_recall_that_is_needed_still(recovering: Recovering) -> None:
    ordered(recovering, "2021-06-01", "2024-06-01")
    recovering.erase()
    for year in (2027, 2029, 2030):
        go_to(recovering, datetime(year, 1, 2, tzinfo=UTC))
        with recovering.office.database.unit("test") as unit:
            Recalls.forget(unit.session, recovering.office.clock())
            unit.commit()
        assert waiting(recovering) == (1, 1)


def test_e9_the_recall_is_sealed_and_holds_no_address(recovering: Recovering) -> None:
    recovering.erase()
    with recovering.office.database.reading() as db:
        (kept,) = [
            one.told
            for subject in {row.subject_id for row in db.query(Recall)}
            for one in Recalls(recovering.office.portal.vault, recovering.office.clock).of(
                db, Purpose.SECOND_ERASURE, subject
            )
        ]
    assert set(kept) == {"adapter", "records", "delivery"}
    assert MARIJKE not in str(kept)
    assert MARIJKE.encode() not in recovering.stored()


def test_e9_a_crm_that_is_away_for_months_loses_nothing(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    recovering.erase()
    (adapter,) = recovering.office.portal.adapters.values()
    with pytest.MonkeyPatch.context() as patch:

        def away(*_: object, **__: object) -> None:
            raise Unreachable("no answer")

        for call in ("read", "erase"):
            patch.setattr(adapter, call, away)
        go_to(recovering, NEXT_DAY)
        for _ in range(20):
            wait(recovering, timedelta(hours=12))
    with recovering.office.database.unit("test") as unit:
        Recalls.forget(unit.session, recovering.office.clock())
        unit.commit()
    assert waiting(recovering)[0] == 1
    with recovering.office.database.unit("test") as unit:
        for job in unit.session.query(Job).filter(Job.kind == "second_erasure", Job.end == "dead"):
            recovering.office.portal.outbox.put_back(unit, job.id)
        unit.commit()
    wait(recovering, timedelta(days=1))
    assert orders(recovering) == []


def test_e9_it_may_die_after_the_crm_has_done_it_and_is_told_once(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    recovering.erase()
    (adapter,) = recovering.office.portal.adapters.values()
    really = adapter.erase

    def answers_never(*args: object, **more: object) -> None:
        really(*args, **more)  # type: ignore[arg-type]
        raise Unreachable("no answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, "erase", answers_never)
        go_to(recovering, NEXT_DAY)
    wait(recovering, timedelta(minutes=10))
    assert orders(recovering) == []
    assert recovering.events("erased_as_well") == ["erased_as_well"]


def check_e9_not_back(recovering: Recovering) -> None:
    """What is over and not gone yet is nobody who is back: no alarm, no erasure by a sweep."""
    recovering.office.crm("UPDATE contacts SET created_at = NULL WHERE id = 1")
    ordered(recovering, "2019-01-01")
    go_to(recovering, datetime(2026, 12, 30, 12, tzinfo=UTC))
    recovering.erase()
    assert orders(recovering) == ["2019-01-01"]
    recovering.office.clock.now = datetime(2027, 1, 6, 13, tzinfo=UTC)  # the look after 7 days
    recovering.office.work()
    assert "reappeared" not in recovering.alarms()
    assert recovering.events("reappeared") == []
    assert orders(recovering) == []


def test_e9_the_looks_after_an_erasure_take_what_is_over_for_nobody_who_is_back(
    recovering: Recovering,
) -> None:
    check_e9_not_back(recovering)


def test_e9_a_record_that_is_in_use_again_is_left_to_a_person(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    recovering.erase()
    recovering.office.crm(
        "UPDATE contacts SET email = 'new@example.org', first_name = 'New' WHERE id = 1"
    )
    go_to(recovering, NEXT_DAY)
    assert recovering.office.contact("new@example.org")["first_name"] == "New"
    assert "not_confirmed" in recovering.alarms()


def test_e9_nor_is_one_that_is_somebodys_without_an_address(recovering: Recovering) -> None:
    """The number of a row that is gone may be given out again, and not everybody has an address."""
    ordered(recovering, "2024-06-01")
    (adapter,) = recovering.office.portal.adapters.values()
    really = adapter.read

    def no_row_stays(ref: Ref) -> Record | None:
        record = really(ref)
        return record if record and "@" in record.email else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, "read", no_row_stays)
        recovering.erase()
    recovering.office.crm("UPDATE contacts SET email = '', first_name = 'New' WHERE id = 1")
    go_to(recovering, NEXT_DAY)
    (row,) = recovering.office.crm("SELECT first_name FROM contacts WHERE id = 1")
    assert row["first_name"] == "New"
    assert "not_confirmed" in recovering.alarms()


def test_e9_she_who_came_back_keeps_her_new_record(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    recovering.erase()
    recovering.office.clock.advance(days=40)
    recovering.import_again(opted_in_at=recovering.office.clock())
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []
    assert recovering.is_there()


def test_e9_on_the_first_of_january_it_is_spread_and_brakes_nobody(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = start_office(adapters={"crm": {"brake_floor": 1, "brake_share": 0.0001}})
    recovering = Recovering(office, monkeypatch)
    for email in (MARIJKE, HENDRIK):
        office.crm(
            "UPDATE orders SET ordered_on = '2024-06-01' WHERE contact_id = "
            "(SELECT id FROM contacts WHERE email = ?)",
            email,
        )
        recovering.erase(email)
        office.clock.advance(hours=2)
    kept = "SELECT count(*) AS n FROM orders WHERE ordered_on = '2024-06-01'"
    before = office.crm(kept)[0]["n"]
    go_to(recovering, NEXT_DAY)
    half = office.crm(kept)[0]["n"]
    assert 0 < half < before
    assert "paused" not in str(recovering.alarms())
    wait(recovering, timedelta(hours=2))
    assert office.crm(kept)[0]["n"] < half
    office.close()


def test_e9_in_shadow_it_waits_for_the_end_of_that(
    start_office: StartOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = start_office()
    recovering = Recovering(office, monkeypatch)
    ordered(recovering, "2024-06-01")
    recovering.erase()
    (adapter,) = office.portal.adapters.values()
    with monkeypatch.context() as patch:

        def in_shadow(*_: object, **__: object) -> None:
            raise InShadow({"do": "erase"}, NEXT_DAY + timedelta(days=5))

        patch.setattr(adapter, "erase", in_shadow)
        go_to(recovering, NEXT_DAY)
        assert orders(recovering) == ["2024-06-01"]
    go_to(recovering, NEXT_DAY + timedelta(days=5))
    assert orders(recovering) == []
    office.close()


def check_e9_restored(recovering: Recovering) -> None:
    """A portal restored from a back-up of the time between goes on remembering it."""
    ordered(recovering, "2024-06-01")
    recovering.erase()
    back_up(recovering)
    recovering.office.clock.advance(days=1)
    recovering.office.work()
    put_back(recovering)
    go_to(recovering, LAST_DAY)  # the looks after the erasure are over
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []


def test_e9_a_restored_portal_goes_on_remembering_it(recovering: Recovering) -> None:
    check_e9_restored(recovering)


def check_e9_restored_from_before(recovering: Recovering) -> None:
    """One restored from a back-up of before the erasure knows it again, by the journal."""
    ordered(recovering, "2024-06-01")
    recovering.office.visitor().sign_in(recovering.office)
    back_up(recovering)
    recovering.erase()
    put_back(recovering)
    assert waiting(recovering) == (1, 1)
    (kept,) = erasure(recovering).outcome["retained"]
    assert kept["until"] == "2031-12-31"
    go_to(recovering, LAST_DAY)
    assert orders(recovering) == ["2024-06-01"]
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []


def test_e9_a_portal_restored_from_before_the_erasure_remembers_it_too(
    recovering: Recovering,
) -> None:
    check_e9_restored_from_before(recovering)
    assert erasure(recovering).outcome["later"] == [{"on": "2032-01-01", "categories": ["orders"]}]
    assert recovering.alarms() == []
    assert waiting(recovering) == (0, 0)


def test_e9_replayed_once_more_it_is_the_same_row(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    back_up(recovering)
    recovering.erase()
    put_back(recovering)
    for _ in range(2):
        assert recovering.run("replay", "--journal").exit_code == 0
        assert waiting(recovering) == (1, 1)


def test_e9_one_restored_from_while_the_erasure_was_open_remembers_it(
    recovering: Recovering,
) -> None:
    ordered(recovering, "2024-06-01")
    visitor = recovering.office.visitor().sign_in(recovering.office, goal="erase")
    visitor.submit(visitor.get("/me/erase"), "/me/erase")
    back_up(recovering)
    recovering.office.work()
    put_back(recovering)
    recovering.office.work()
    assert waiting(recovering) == (1, 1)


def test_e9_one_that_was_taken_back_is_not_remembered(recovering: Recovering) -> None:
    ordered(recovering, "2015-06-01", "2024-06-01")
    visitor, place = later(recovering)
    back_up(recovering)
    keep(visitor, place)
    recovering.office.work()
    put_back(recovering)
    assert waiting(recovering) == (0, 0)
    go_to(recovering, NEXT_DAY)
    assert len(orders(recovering)) == 2


def test_e9_a_journal_that_was_begun_anew_knows_it_as_well(recovering: Recovering) -> None:
    ordered(recovering, "2024-06-01")
    back_up(recovering)
    recovering.erase()
    recovering.office.settings.journal_file.unlink()
    assert recovering.run("replay", "--journal", "--begin-anew").exit_code == 0
    put_back(recovering)
    assert waiting(recovering) == (1, 1)


def test_e9_the_journal_names_no_record(recovering: Recovering) -> None:
    """A key of a record may be an address, in some systems."""
    ordered(recovering, "2024-06-01")
    recovering.erase()
    lines = Journal(recovering.office.settings.journal_file, recovering.office.portal.vault)
    (line,) = [one for one in lines.after(0) if one.right == "erase"]
    sealed = line.more["records"]
    assert b"crm" not in base64.urlsafe_b64decode(sealed)


def test_e9_a_restored_crm_is_erased_again_and_keeps_for_a_time_again(
    recovering: Recovering,
) -> None:
    ordered(recovering, "2024-06-01")
    since = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.erase()
    recovering.replay(since)
    assert not recovering.is_there()
    assert waiting(recovering) == (1, 1), "once, not twice"
    go_to(recovering, NEXT_DAY)
    assert orders(recovering) == []


# --- switched off ---------------------------------------------------------------------------------


def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecondErasures, "remember", lambda *_: None)


def _the_journal_holds_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeptRecords, "sealed", lambda *_: None)


def _nobody_asks_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.erasing.second.is_due", lambda *_: False)
    tomorrow = timedelta(days=1)
    monkeypatch.setattr(SecondErasures, "run", lambda self, _: Later(self._clock() + tomorrow))


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_e9_goes, _nothing_is_remembered),
        (check_e9_restored, _nothing_is_remembered),
        (check_e9_restored_from_before, _the_journal_holds_no_records),
        (check_e9_not_back, _nobody_asks_what_is_due),
    ],
)
def test_e9_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off(monkeypatch)
    must_fail(check, recovering)
