"""C16: the erasure journal is written beside every decision, and the portal looks at it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.checks.journal import look_at_journal
from portal.faults import listen
from portal.rights.lasting.recovery import State
from portal.rights.requests import journaling
from portal.rights.requests.journaling import Journaling
from portal.store.journal import Journal, Line
from portal.sync.jobs import Finished
from tests.portals import MARIJKE, Office, StartOffice
from tests.recovering import HENDRIK, Died, Recovering, file_of, let_it_die_everywhere
from tests.servers.databases import FreshDatabase


def lines(office: Office) -> list[Line]:
    return Journal(office.settings.journal_file, office.portal.vault).after(0)


def state(recovering: Recovering) -> State:
    return recovering.office.portal.erased.recovery.look()


def test_c16_each_decision_has_its_line_and_no_address_is_in_it(recovering: Recovering) -> None:
    visitor = recovering.office.visitor().sign_in(recovering.office)
    recovering.decide(visitor, "newsletter", "no")
    recovering.decide(visitor, "offers", "no")
    recovering.decide(visitor, "workshops", "yes")
    recovering.correct(visitor, phone="06 10004820")
    recovering.erase()

    found = lines(recovering.office)

    assert [one.right for one in found] == ["withdraw", "object", "consent", "erase"]
    assert [list(one.purposes) for one in found] == [["newsletter"], ["offers"], ["workshops"], []]
    assert {len(digest) for one in found for _, digest in one.aliases} == {64}
    text = recovering.office.settings.journal_file.read_text().lower()
    assert not any(value in text for value in (MARIJKE, "marijke", "vries", "06 1000"))
    assert state(recovering) is State.OPEN


def test_c16_the_line_is_on_disk_before_the_crm_is_called(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else a back-up could be put back that knows less than the CRM has done."""
    adapter, seen = type(recovering.office.portal.adapters["crm"]), []
    real = adapter.erase

    def erase(self: Any, *args: Any, **more: Any) -> Any:
        seen.append(len(lines(recovering.office)))
        return real(self, *args, **more)

    monkeypatch.setattr(adapter, "erase", erase)
    recovering.erase()

    assert seen == [1]


def test_c16_a_crash_between_the_line_and_its_mark_makes_no_second_line(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(journaling, "set_mark", crash)
    recovering.erase()
    assert len(lines(recovering.office)) == 1
    assert state(recovering) is State.OPEN, "its request is known: nothing was restored"
    monkeypatch.undo()

    recovering.office.clock.advance(hours=1)
    recovering.office.work()

    assert len(lines(recovering.office)) == 1
    assert state(recovering) is State.OPEN


def test_c16_a_journal_whose_disk_is_away_is_written_later(start_office: StartOffice) -> None:
    office = start_office(journal_file="away/journal.jsonl")
    visitor = office.visitor().sign_in(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()
    office.settings.journal_file.parent.mkdir()

    office.clock.advance(hours=2)
    office.work()

    assert [one.right for one in lines(office)] == ["withdraw"]


def test_c16_an_installation_that_had_no_journal_begins_one_with_all_it_knows(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journaling, "run", lambda *_: Finished())
    recovering.erase()
    monkeypatch.undo()
    recovering.erase(HENDRIK)

    assert [one.right for one in lines(recovering.office)] == ["erase", "erase"]


def _lost(file: Path) -> None:
    file.unlink()


def _changed(file: Path) -> None:
    file.write_text(file.read_text().replace('"erase"', '"object"'))


def _shorter(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def _not_to_be_read(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_lost, State.LOST),
        (_changed, State.OPEN),  # its mark says that it was written: nothing is missing
        (_shorter, State.DAMAGED),
        (_not_to_be_read, State.AWAY),
    ],
)
def test_c16_what_became_of_the_journal_is_told(
    recovering: Recovering, harm: Callable[[Path], None], found: State
) -> None:
    recovering.erase()

    harm(recovering.office.settings.journal_file)

    assert state(recovering) is found

    closed = found is not State.OPEN
    assert recovering.office.visitor().get("/").status == (503 if closed else 200)
    ((ok, message, what_to_do),) = look_at_journal(recovering.office.settings)
    assert not ok
    assert message
    assert "portal replay --journal" in what_to_do


def test_c16_a_journal_that_is_lost_for_good_is_begun_anew(recovering: Recovering) -> None:
    recovering.erase()
    recovering.office.settings.journal_file.unlink()
    assert recovering.run("sweep").exit_code == 1

    assert recovering.told("replay", "--journal", "--begin-anew") == {"begun_anew": 1}

    assert state(recovering) is State.OPEN
    assert len(lines(recovering.office)) == 1
    ((ok, _, _),) = look_at_journal(recovering.office.settings)
    assert ok


def test_c16_a_damaged_one_is_kept_when_it_is_begun_anew(recovering: Recovering) -> None:
    recovering.erase()
    _shorter(recovering.office.settings.journal_file)

    recovering.told("replay", "--journal", "--begin-anew")

    assert len([*recovering.office.settings.instance.glob("journal-*.old")]) == 1
    assert state(recovering) is State.OPEN


@pytest.mark.parametrize("harm", [_lost, _shorter])
def test_c16_begun_anew_it_may_die_at_any_point_and_opens_with_every_line(
    recovering: Recovering, harm: Callable[[Path], None]
) -> None:
    recovering.erase()
    recovering.erase(HENDRIK)
    harm(recovering.office.settings.journal_file)
    states = []

    def look() -> None:
        states.append(state(recovering))
        if states[-1] is State.OPEN:
            assert len(lines(recovering.office)) == 2

    deaths = let_it_die_everywhere(recovering, "replay", "--journal", "--begin-anew", and_look=look)

    assert deaths >= 4
    assert states[0] is not State.OPEN
    assert state(recovering) is State.OPEN
    assert len(lines(recovering.office)) == 2


def test_c16_a_journal_that_died_at_its_beginning_holds_all_the_database_knows(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journaling, "run", lambda *_: Finished())
    recovering.erase()
    monkeypatch.undo()

    def die(point: str) -> None:
        if point == "journal: before the sync":
            raise Died

    listen(die)
    try:
        with pytest.raises(Died):
            recovering.erase(HENDRIK)
    finally:
        listen(None)
    recovering.office.clock.advance(minutes=5)
    recovering.office.work()

    assert [one.right for one in lines(recovering.office)] == ["erase", "erase"]


def test_c16_a_sound_one_is_not_begun_anew(recovering: Recovering) -> None:
    recovering.erase()
    assert recovering.run("replay", "--journal", "--begin-anew").exit_code == 1


def test_c16_an_old_journal_beside_a_new_database_is_no_restore(recovering: Recovering) -> None:
    """Its lines end before the mark: it was put back together with a back-up, as it must not be."""
    recovering.erase()
    kept = file_of(recovering, "kept.jsonl")
    shutil.copyfile(recovering.office.settings.journal_file, kept)
    recovering.erase(HENDRIK)
    shutil.copyfile(kept, recovering.office.settings.journal_file)

    assert state(recovering) is State.DAMAGED


@pytest.mark.server
@pytest.mark.parametrize("purpose", ["newsletter", "offers"])
def test_c16_on_postgresql_a_restored_database_is_brought_up_to_its_journal(
    start_office: StartOffice,
    postgres_url: str,
    fresh_database: FreshDatabase,
    monkeypatch: pytest.MonkeyPatch,
    purpose: str,
) -> None:
    """The back-up is from before all of it: an empty database."""
    monkeypatch.setenv("PORTAL_DATABASE", postgres_url)
    recovering = Recovering(start_office(database=postgres_url), monkeypatch)
    with recovering.crm_put_back():
        visitor = recovering.office.visitor().sign_in(recovering.office)
        recovering.decide(visitor, purpose, "no")
        recovering.erase(HENDRIK)
    assert recovering.sweep()["reappeared"] == 2, "an older CRM was put back, too"
    with recovering.crm_put_back():
        pass

    older = fresh_database("postgresql")
    monkeypatch.setenv("PORTAL_DATABASE", older)
    recovering.office.settings = recovering.office.settings.model_copy(update={"database": older})
    recovering.start_again()
    assert recovering.office.visitor().get("/").status == 503
    recovering.import_again(HENDRIK)

    found = recovering.told("replay", "--journal")

    assert found["lines"] == 2
    assert not recovering.is_there(HENDRIK)
    assert recovering.newsletter(purpose) == [0]
    assert recovering.suppressed() == 1
    assert recovering.told("replay", "--journal")["lines"] == 0
    assert json.dumps(found)
    recovering.office.close()
