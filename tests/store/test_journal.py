"""The erasure journal keeps every line that was said to be written, and notices any other."""

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from portal.store import journal_file
from portal.store.journal import Journal, JournalAway, JournalDamaged, Line
from portal.store.vault import Vault
from tests.storing import make_keyring, make_vault


def line(number: int = 1) -> Line:
    return Line(
        request=f"r{number}",
        subject="s",
        right="erase",
        purposes=[],
        adapters=["crm"],
        site="demo",
        locale="nl",
        at="2026-03-02T12:00:00+00:00",
        aliases=[(1, "ab" * 32)],
    )


@pytest.fixture
def journal(tmp_path: Path, vault: Vault) -> Journal:
    """One that is begun, and empty."""
    journal = Journal(tmp_path / "journal.jsonl", vault)
    journal.begin()
    return journal


def requests(journal: Journal, after: int = 0) -> list[str]:
    return [one.request for one in journal.after(after)]


def test_what_was_written_is_read_back(journal: Journal) -> None:
    name, number = journal.append([line(1), line(2)])

    assert (journal.id(), number) == (name, 2)
    first, second = journal.after(0)
    assert first == replace(line(1), number=1, wordings=[])
    assert (first.number, first.aliases, second.request) == (1, [(1, "ab" * 32)], "r2")
    assert journal.after(2) == []


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    journal.append([line()])
    assert journal.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("block", [1, 7, 64, 1000, 65536])
@pytest.mark.parametrize("after", [0, 1, 17, 29, 30])
def test_the_end_is_read_backwards_whatever_the_blocks(
    journal: Journal, block: int, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([line(number) for number in range(1, 31)])
    monkeypatch.setattr(journal_file, "BLOCK", block)

    assert requests(journal, after) == [f"r{number}" for number in range(after + 1, 31)]
    journal.append([line(31)])
    assert requests(journal, 30) == ["r31"]


def test_what_is_there_already_can_be_left_out(journal: Journal) -> None:
    journal.append([line(1)])
    assert journal.append([line(1), line(2)], unless_there=True)[1] == 2
    assert requests(journal) == ["r1", "r2"]


@pytest.mark.parametrize("torn", [b"x", b'{"mac":"00","of":{"nu', b"\x00" * 300])
def test_a_line_that_a_crash_cut_off_is_not_there_and_in_nobodys_way(
    journal: Journal, torn: bytes
) -> None:
    journal.append([line(1)])
    with journal.path.open("ab") as file:
        file.write(torn)

    assert requests(journal) == ["r1"]
    assert journal.append([line(2)])[1] == 2
    assert requests(journal) == ["r1", "r2"]


def test_one_that_is_there_is_not_begun_again(journal: Journal) -> None:
    journal.append([line(1)])
    assert journal.begin([line(2)]) is None
    assert requests(journal) == ["r1"]


def test_a_new_one_keeps_the_old_one_beside_it(journal: Journal) -> None:
    before = journal.append([line(1)])[0]
    old = journal.path.with_name("journal.old")

    name, number = journal.replace([line(2), line(3)], old)

    assert (journal.id(), number, name != before) == (name, 2, True)
    assert requests(journal) == ["r2", "r3"]
    assert requests(Journal(old, journal.vault)) == ["r1"]
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_one_that_cannot_be_made_whole_is_not_made(journal: Journal) -> None:
    """The lines are read from a database, which may go away in between."""

    def half() -> Iterator[Line]:
        yield line(2)
        raise RuntimeError

    journal.append([line(1)])
    with pytest.raises(RuntimeError):
        journal.replace(half(), journal.path.with_name("journal.old"))
    assert requests(journal) == ["r1"]

    journal.path.unlink()
    with pytest.raises(RuntimeError):
        journal.begin(half())
    assert journal.id() is None
    assert journal.begin([line(2)]) is not None
    assert requests(journal) == ["r2"]


def test_it_is_one_journal_by_whatever_name_it_is_known(journal: Journal, tmp_path: Path) -> None:
    """Two machines may have links of their own to one disk, and one lock all the same."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "link.jsonl").symlink_to(journal.path)
    linked = Journal(other / "link.jsonl", journal.vault)

    journal.append([line(1)])
    linked.append([line(2)])

    assert requests(journal) == ["r1", "r2"]
    assert [*other.iterdir()] == [other / "link.jsonl"], "no lock beside the link"


def test_one_that_begins_lies_where_its_link_leads(tmp_path: Path, vault: Vault) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "journal.jsonl").symlink_to(disk / "journal.jsonl")

    Journal(tmp_path / "journal.jsonl", vault).begin([line(1)])

    assert (tmp_path / "journal.jsonl").is_symlink()
    assert requests(Journal(disk / "journal.jsonl", vault)) == ["r1"]


def test_the_name_that_is_told_is_of_the_journal_that_got_the_line(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may put a new one in its place right afterwards."""
    name = journal.id()
    unlocked = Journal._alone

    @contextmanager
    def replaced_afterwards(self: Journal) -> Iterator[None]:
        with unlocked(self):
            yield
        monkeypatch.undo()
        self.replace([line(7)], self.path.with_name("old"))

    monkeypatch.setattr(Journal, "_alone", replaced_afterwards)

    assert journal.append([line(1)]) == (name, 1)
    assert journal.id() != name


def test_the_old_one_is_never_overwritten(journal: Journal) -> None:
    old = journal.path.with_name("journal.old")
    journal.replace([line(1)], old)

    with pytest.raises(JournalAway):
        journal.replace([line(2)], old)
    assert requests(journal) == ["r1"]


def test_what_root_makes_belongs_to_who_owns_the_journal(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or an operator's one command as root would shut the portal's own user out."""
    if os.geteuid() == 0:
        os.chown(journal.path, 1234, 1235)
    owner, given = journal.path.stat(), []
    real = os.fchown

    def fchown(descriptor: int, uid: int, gid: int) -> None:
        given.append((uid, gid))
        real(descriptor, uid, gid)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", fchown)

    journal.append([line(1)])
    journal.replace([line(1)], journal.path.with_name("old"))

    made = [(owner.st_uid, owner.st_gid)]
    assert given == made * 3, "the lock twice, and the new journal"
    assert (journal.path.stat().st_uid, journal.path.stat().st_gid) == made[0]


def test_what_a_crash_left_beside_it_is_in_nobodys_way(journal: Journal) -> None:
    beside = journal.path.with_name("journal.jsonl.new")
    beside.write_text("half")
    beside.chmod(0o644)

    journal.replace([line(1)], journal.path.with_name("old"))

    assert requests(journal) == ["r1"]
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_added_to_one_that_is_not_there(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(JournalAway):
        Journal(tmp_path / "journal.jsonl", vault).append([line(1)])


def _change(lines: list[str]) -> None:
    lines[2] = lines[2].replace('"erase"', '"object"')


def _leave_out(lines: list[str]) -> None:
    del lines[2]


def _slip_in(lines: list[str]) -> None:
    lines.insert(2, lines[2])


def _swap(lines: list[str]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def _garbage(lines: list[str]) -> None:
    lines[3] = "[1]"


@pytest.mark.parametrize("tamper", [_change, _leave_out, _slip_in, _swap, _garbage])
def test_whatever_is_done_to_it_is_noticed(
    journal: Journal, tamper: Callable[[list[str]], None]
) -> None:
    journal.append([line(number) for number in range(1, 6)])
    lines = journal.path.read_text().splitlines()
    tamper(lines)
    journal.path.write_text("".join(f"{one}\n" for one in lines))

    with pytest.raises(JournalDamaged):
        journal.after(0)


def test_another_portals_journal_is_not_taken_for_ours(journal: Journal) -> None:
    journal.append([line(1)])
    other = Journal(journal.path, make_vault())

    with pytest.raises(JournalDamaged):
        other.id()


def test_older_keys_still_read_it(tmp_path: Path) -> None:
    keys = make_keyring(generations=2)
    old = Vault(type(keys)(keys.sealing[:1], keys.signing[:1], keys.alias[:1]))
    Journal(tmp_path / "j", old).begin([line(1)])

    assert requests(Journal(tmp_path / "j", Vault(keys))) == ["r1"]


def test_one_that_is_shorter_than_it_was_is_noticed(journal: Journal) -> None:
    journal.append([line(1)])
    with pytest.raises(JournalDamaged):
        journal.after(5)


def test_a_disk_that_is_not_there_is_said(tmp_path: Path, vault: Vault) -> None:
    journal = Journal(tmp_path / "not" / "there.jsonl", vault)
    assert journal.id() is None
    with pytest.raises(JournalAway) as caught:
        journal.begin([line(1)])
    assert str(tmp_path) not in str(caught.value)


def test_it_holds_no_address(journal: Journal) -> None:
    journal.append([line(1)])
    for raw in journal.path.read_text().splitlines():
        assert "@" not in raw
        json.loads(raw)


def test_threads_do_not_mix_their_lines(journal: Journal) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 10):
            journal.append([line(number)])

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(requests(journal)) == 30
    assert [one.number for one in journal.after(0)] == list(range(1, 31))


def _in_another_process(path: Path, keys: object, start: int) -> None:
    journal = Journal(path, Vault(keys))  # type: ignore[arg-type]  # sent from the test
    for number in range(start, start + 10):
        journal.append([line(number)])


@pytest.mark.slow
def test_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    keys, path = make_keyring(), tmp_path / "j"
    Journal(path, Vault(keys)).begin()
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=_in_another_process, args=(path, keys, start)) for start in (0, 100)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0

    assert [one.number for one in Journal(path, Vault(keys)).after(0)] == list(range(1, 21))
