"""A power cut at any moment: what was acknowledged is there, and nothing is there in part."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash.disk import HOWS, Disk, How
from tests.crash.power import CONTROLS, cut_the_power, cut_the_power_carelessly
from tests.crash.record import Record
from tests.crash.strace import Operation, can_trace, watch

needs_strace = pytest.mark.skipif(
    not can_trace() and os.environ.get("CI") != "true",
    reason="strace is missing or may not watch programs: the power is NOT cut",
)


@needs_strace
@pytest.mark.slow
def test_r2_after_a_power_cut_everything_acknowledged_is_there_and_whole(record: Record) -> None:
    lines = []
    for line in cut_the_power(seed=1, cuts=80):
        record.add(line)
        lines.append(line)

    assert [line for line in lines if line["result"] != "ok"] == []
    assert len(lines) == 80
    assert {line["left"] for line in lines} == set(HOWS)
    assert any(line["worked_to_the_end"] for line in lines)
    assert max(line["acknowledged"] for line in lines) > 10


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("synchronous", CONTROLS)
def test_r4_with_a_pragma_that_promises_less_losses_are_seen(
    record: Record, synchronous: str
) -> None:
    results = set()
    for line in cut_the_power_carelessly(1, 25, synchronous):
        record.add(line)
        results.add(line["result"])

    assert "caught" in results


# --- the disk that forgets -----------------------------------------------------------------------


def write(data: bytes, offset: int = 0) -> Operation:
    return Operation("write", "f", offset, data)


def cuts(disk: Disk, how: How) -> Iterator[dict[str, bytes]]:
    for seed in range(60):
        yield disk.after_a_cut(how, Random(seed))


@pytest.mark.parametrize("how", HOWS)
def test_what_was_synced_is_there_after_every_cut(how: How) -> None:
    disk = Disk({"f": b"old"})
    disk.do(write(b"new"))
    disk.do(Operation("sync", "f"))

    assert {after["f"] for after in cuts(disk, how)} == {b"new"}


def test_what_was_not_synced_may_be_there_or_not_or_in_part() -> None:
    disk = Disk({"f": b"...."})
    disk.do(write(b"abcd"))

    assert {after["f"] for after in cuts(disk, "synced")} == {b"...."}
    assert {after["f"] for after in cuts(disk, "all")} == {b"abcd"}
    assert {after["f"] for after in cuts(disk, "torn")} == {
        b"....",
        b"a...",
        b"ab..",
        b"abc.",
        b"abcd",
    }


def test_what_is_appended_comes_after_what_was_there() -> None:
    disk = Disk({"f": b"one"})
    for data in (b"two", b"three"):
        disk.do(write(data, -1))

    assert {after["f"] for after in cuts(disk, "all")} == {b"onetwothree"}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    disk = Disk({"f": b"...."})
    disk.do(write(b"a"))
    disk.do(write(b"b", 1))

    assert b".b.." in {after["f"] for after in cuts(disk, "scattered")}
    assert b".b.." not in {after["f"] for after in cuts(disk, "torn")}


def test_a_new_name_is_there_for_sure_once_its_folder_is_synced() -> None:
    disk = Disk({})
    disk.do(Operation("create", "f"))
    disk.do(write(b"a"))
    disk.do(Operation("sync", "f"))
    assert {"f" in after for after in cuts(disk, "torn")} == {True, False}

    disk.do(Operation("sync", ""))

    assert {after.get("f") for after in cuts(disk, "synced")} == {b"a"}


def test_a_file_that_was_removed_may_come_back_with_what_it_held() -> None:
    disk = Disk({"f": b"old"})
    disk.do(Operation("unlink", "f"))

    assert {after.get("f") for after in cuts(disk, "synced")} == {b"old"}
    assert {after.get("f") for after in cuts(disk, "all")} == {None}


@pytest.mark.parametrize("how", HOWS)
def test_a_file_that_replaces_another_is_there_or_the_other_is(how: How) -> None:
    disk = Disk({"f": b"old"})
    disk.do(Operation("create", "f.new"))
    disk.do(Operation("write", "f.new", 0, b"new"))
    disk.do(Operation("sync", "f.new"))
    disk.do(Operation("rename", "f.new", to="f"))
    for found in cuts(disk, how):
        assert found.get("f") in {b"old", b"new"}
        assert "f.new" not in found or found["f"] == b"old"

    disk.do(Operation("sync", ""))
    assert all(found == {"f": b"new"} for found in cuts(disk, how))


@needs_strace
def test_what_a_program_does_to_its_files_is_read_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    program = (
        "import os\n"
        f"f = os.open({str(folder / 'a')!r}, os.O_RDWR | os.O_CREAT)\n"
        "os.pwrite(f, b'one', 5); os.ftruncate(f, 6); os.fsync(f)\n"
        f"d = os.open({str(folder)!r}, os.O_RDONLY); os.fsync(d)\n"
        f"os.replace({str(folder / 'a')!r}, {str(folder / 'b')!r})\n"
        f"os.unlink({str(folder / 'b')!r})\n"
    )

    done = watch([sys.executable, "-c", program], tmp_path / "trace", folder, cwd=tmp_path)

    assert done == [
        Operation("create", "a"),
        Operation("write", "a", 5, b"one"),
        Operation("truncate", "a", size=6),
        Operation("sync", "a"),
        Operation("sync", ""),
        Operation("rename", "a", to="b"),
        Operation("unlink", "b"),
    ]
