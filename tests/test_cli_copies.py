"""``portal backup`` and ``portal restore``: never over something, never under somebody."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from alembic import command

from portal.store.database import Database, _alembic
from portal.store.tables import Request
from tests.portals import MARIJKE
from tests.recovering import Recovering, file_of, recovering

__all__ = ["recovering"]


def back_up(recovering: Recovering) -> str:
    path = file_of(recovering, "portal.backup")
    found = recovering.run("backup", str(path))
    assert found.exit_code == 0, found.output
    return str(path)


def test_a_backup_is_made_while_the_portal_works(recovering: Recovering) -> None:
    recovering.erase()
    path = back_up(recovering)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert file_of(recovering, "portal.backup").stat().st_mode & 0o777 == 0o600


def test_it_says_what_is_not_in_it(recovering: Recovering) -> None:
    found = recovering.run("backup", str(file_of(recovering, "b"))).output
    assert "keys.json" in found
    assert "journal.jsonl" in found


def test_it_never_overwrites(recovering: Recovering) -> None:
    path = file_of(recovering, "precious")
    path.write_text("precious")
    found = recovering.run("backup", str(path))
    assert found.exit_code == 1
    assert "is there already" in found.output
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_said(recovering: Recovering) -> None:
    found = recovering.run("backup", str(file_of(recovering, "no") / "b"))
    assert found.exit_code == 1
    assert "cannot be written" in found.output


def test_nothing_is_put_back_under_a_portal_that_works(recovering: Recovering) -> None:
    path = back_up(recovering)
    found = recovering.run("restore", path, "--yes")
    assert found.exit_code == 1
    assert "is in use" in found.output
    assert recovering.office.visitor().get("/").status == 200


def test_nothing_is_put_back_over_a_database_without_a_word(recovering: Recovering) -> None:
    path = back_up(recovering)
    os.utime(path, (0, 0))
    recovering.office.close()
    found = recovering.run("restore", path)
    assert found.exit_code == 1
    assert "newer than the back-up" in found.output
    assert "--yes" in found.output


def test_what_was_there_is_put_aside(recovering: Recovering) -> None:
    path = back_up(recovering)
    recovering.erase()
    recovering.office.close()

    found = recovering.run("restore", path, "--yes")

    assert found.exit_code == 0, found.output
    (aside,) = recovering.office.settings.instance.glob("portal.sqlite.before-*")
    with closing(sqlite3.connect(aside)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (1,)
    recovering.start_again()
    with recovering.office.database.reading() as db:
        assert db.query(Request).count() == 0


def test_it_is_put_back_where_nothing_is(recovering: Recovering) -> None:
    recovering.erase()
    path = back_up(recovering)
    recovering.office.close()
    for file in recovering.office.settings.instance.glob("portal.sqlite*"):
        file.unlink()

    assert recovering.run("restore", path).exit_code == 0
    assert recovering.start_again().suppressed() == 1


@pytest.mark.parametrize("what", ["missing", "text", "other", "later", "damaged"])
def test_what_is_no_backup_of_ours_is_refused_and_nothing_is_touched(
    recovering: Recovering, what: str
) -> None:
    recovering.erase()
    path = file_of(recovering, "portal.backup")
    if what == "text":
        path.write_text("not a database")
    elif what == "other":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE t (x)")
    elif what != "missing":
        back_up(recovering)
    if what == "later":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
    elif what == "damaged":
        data = bytearray(path.read_bytes())
        data[8192:40960] = bytes(40960 - 8192)
        path.write_bytes(data)
    recovering.office.close()

    assert recovering.run("restore", str(path), "--yes").exit_code == 1

    assert recovering.start_again().suppressed() == 1


def test_a_backup_of_a_version_before_is_brought_up_to_date(recovering: Recovering) -> None:
    file = file_of(recovering, "old.sqlite")
    old = Database(f"sqlite:///{file}")
    with old._writing.connect() as connection:
        command.upgrade(_alembic(connection), "0001")
        connection.commit()
    old.close()
    recovering.office.close()

    assert recovering.run("restore", str(file), "--yes").exit_code == 0
    assert recovering.start_again().office.database.is_current()


def test_a_copy_with_its_log_beside_it_is_put_back_whole(recovering: Recovering) -> None:
    """Somebody copied the files of a portal that was running."""
    recovering.erase()
    folder = recovering.office.settings.instance
    for name in ("portal.sqlite", "portal.sqlite-wal"):
        shutil.copyfile(folder / name, folder / name.replace("portal", "copied"))
    recovering.office.close()

    assert recovering.run("restore", str(folder / "copied.sqlite"), "--yes").exit_code == 0
    assert recovering.start_again().suppressed() == 1


def test_for_postgresql_it_says_what_to_use_and_no_password(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_DATABASE", "postgresql://portal:secret@db.example/privacy")
    for name, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        found = recovering.run(name, "file")
        assert found.exit_code == 2
        assert tool in found.output
        assert "--host=db.example" in found.output
        assert "secret" not in found.output


def test_no_address_is_in_a_backup(recovering: Recovering) -> None:
    recovering.office.visitor().sign_in(recovering.office)
    back_up(recovering)
    assert MARIJKE.encode() not in file_of(recovering, "portal.backup").read_bytes()
