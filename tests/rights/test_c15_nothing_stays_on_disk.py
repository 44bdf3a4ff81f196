"""C15 and D14: once a delivery is confirmed, what it carried is in no file of the portal."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from portal.store.files import LogCut, back_up, sqlite_file, truncate_log
from portal.store.tables import Job
from portal.sync import claims
from tests.portals import MARIJKE
from tests.recovering import Recovering, file_of, must_fail

PHONE = "06 10004820"


def check_c15(recovering: Recovering) -> None:
    """A correction with a marked value: delivered, confirmed, the log cut, a back-up made."""
    office = recovering.office
    visitor = office.visitor().sign_in(office)
    recovering.correct(visitor, phone=PHONE)
    with office.database.reading() as db:
        sealed = [bytes(job.payload_sealed or b"") for job in db.query(Job) if job.payload_sealed]
    assert sealed
    assert any(one in recovering.stored() for one in sealed)
    office.work()
    assert office.contact()["phone"] == PHONE

    LogCut(office.settings.database, every=0)()
    backup = file_of(recovering, "portal.backup")
    assert recovering.run("backup", str(backup)).exit_code == 0

    stored = recovering.stored()
    assert not any(one in stored for one in sealed)
    assert PHONE.encode() not in stored
    assert MARIJKE.encode() not in stored


def test_c15_a_confirmed_value_is_in_no_file_of_the_instance(recovering: Recovering) -> None:
    check_c15(recovering)


def _not_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    real = claims.end
    monkeypatch.setattr(claims, "end", lambda *a, **k: real(*a, **{**k, "keep": True}))


def _log_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogCut, "__call__", lambda _: None)


@pytest.mark.parametrize("off", [_not_wiped, _log_not_cut])
def test_c15_fails_without_its_safeguard(
    off: Callable[[pytest.MonkeyPatch], None],
    recovering: Recovering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off(monkeypatch)
    must_fail(check_c15, recovering)


def test_c15_the_worker_cuts_the_log_by_itself(recovering: Recovering) -> None:
    office = recovering.office
    recovering.correct(office.visitor().sign_in(office), phone=PHONE)
    office.work()
    log = file_of(recovering, "portal.sqlite-wal")
    assert log.stat().st_size

    office.portal.worker._do_chores()

    assert log.stat().st_size == 0


def test_c15_cutting_the_log_waits_for_nobody(recovering: Recovering) -> None:
    file = sqlite_file(recovering.office.settings.database)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jobs").fetchone()
        recovering.office.visitor().ask()
        assert not truncate_log(file)
    assert truncate_log(file)


def test_c15_a_backup_takes_no_trace_of_what_was_deleted_along(tmp_path: Path) -> None:
    """`VACUUM INTO` writes anew what there is; a copy of the file would take free pages along."""
    file, canary = tmp_path / "a.sqlite", b"canary-canary-canary"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (?)", (canary,))
        connection.commit()
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("DELETE FROM t")
    assert canary in file.read_bytes()

    back_up(file, tmp_path / "b.sqlite")

    assert canary not in (tmp_path / "b.sqlite").read_bytes()
