"""The portal's SQLite file as a file: its back-up, its restoring, and its log cut short.

Whatever was wiped is gone from the file itself (``secure_delete``), but stays readable in the
write-ahead log until that is copied into the file and cut off; and a copy of the file made page by
page may take it along. So the log is truncated after work, and back-ups are written anew.
"""

import os
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from portal.store.database import MIGRATIONS

WAL = "-wal"
BESIDE = (WAL, "-shm")
"""What SQLite keeps beside its file while that is in use."""
BETWEEN_CUTS = 5.0
"""Seconds, at least, between two truncations."""


class CannotCopy(Exception):
    """A back-up or a restore was refused or did not work. The message says why."""


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLAlchemy address; None when it is no SQLite file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    return Path(parsed.database or "")


class LogCut:
    """A chore: truncates the write-ahead log once something has been written to it.

    It waits for nobody. While somebody reads it does nothing, and a later round does it.
    """

    def __init__(self, url: str, *, every: float = BETWEEN_CUTS) -> None:
        self._file = sqlite_file(url)
        self._every = every
        self._cut = float("-inf")

    def __call__(self) -> None:
        """Do it, if there is something to cut and the last time was long enough ago."""
        now = time.monotonic()
        if self._file is None or now - self._cut < self._every:
            return
        with suppress(FileNotFoundError):
            if self._file.with_name(self._file.name + WAL).stat().st_size:
                self._cut = now
                truncate_log(self._file)


def truncate_log(file: Path) -> bool:
    """Copy the write-ahead log into the file and cut it off. False: somebody is in the way."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not busy


def back_up(file: Path, to: Path) -> None:
    """Write a copy anew, while the portal works: one state of it, and no trace of what was wiped.

    Copies that lie ready for subscribers are left out: they die after a day, back-ups do not.

    Raises:
        CannotCopy: There is a file of this name, or it cannot be written.
    """
    if to.exists():
        raise CannotCopy(f"{to} is there already: a back-up never overwrites")
    part = to.with_name(f"{to.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(_read_only(file), uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        _without_copies(part)
        _check(part)
        _sync(part)
        part.rename(to)
    except FileExistsError:
        raise CannotCopy(f"{part} is there already: is another back-up being made?") from None
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CannotCopy(f"{to} cannot be written ({reason})") from None


def _without_copies(part: Path) -> None:
    with closing(sqlite3.connect(part)) as connection, connection:
        connection.execute("PRAGMA secure_delete=ON")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'copies'").fetchone():
            connection.execute("UPDATE copies SET key_sealed = NULL, content_sealed = NULL")


def prepare_restore(backup: Path, file: Path, *, overwrite: bool) -> Path:
    """A copy of the back-up beside the database, to be put in its place by `finish_restore`.

    Raises:
        CannotCopy: It is no back-up of a portal, or one of a later version; the database is in
            use; or it is there and must not be overwritten.
    """
    if not backup.is_file():
        raise CannotCopy(f"there is no file {backup}")
    _check(backup)
    if file.exists():
        _must_be_unused(file)
        if not overwrite:
            newer = file.stat().st_mtime > backup.stat().st_mtime
            made = datetime.fromtimestamp(backup.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M")
            than = "newer than the back-up" if newer else "older than the back-up"
            raise CannotCopy(
                f"there is a database, {than} of {made} UTC: with --yes it is put aside"
            )
    copy = file.with_name(f"{file.name}.restoring")
    copy.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(_read_only(backup), uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        copy.chmod(0o600)
    except (OSError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        raise CannotCopy(f"{copy} cannot be written ({type(error).__name__})") from None
    return copy


def finish_restore(copy: Path, file: Path) -> Path | None:
    """Put the copy in the place of the database; where that is now, if there was one.

    Raises:
        CannotCopy: The database has come into use meanwhile.
    """
    aside: Path | None = None
    if file.exists():
        _must_be_unused(file)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = file.with_name(f"{file.name}.before-{now}")
        file.rename(aside)
    for name in BESIDE:
        copy.with_name(copy.name + name).unlink(missing_ok=True)
        file.with_name(file.name + name).unlink(missing_ok=True)
    _sync(copy)
    copy.rename(file)
    return aside


def _read_only(file: Path) -> str:
    return f"{file.absolute().as_uri()}?mode=ro"


def _must_be_unused(file: Path) -> None:
    """:raises CannotCopy: a connection is open: a portal or a worker runs."""
    try:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
            # Only the one and only connection may take the write-ahead log away.
            (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError:
        mode = "wal"
    except sqlite3.DatabaseError:
        return  # not even a database any more: nobody works with it
    if mode != "delete":
        raise CannotCopy(f"{file} is in use: stop the portal and its workers first")


def _check(file: Path) -> None:
    """:raises CannotCopy: the file is no sound database of a portal of this version or before."""
    try:
        with closing(sqlite3.connect(_read_only(file), uri=True)) as connection:
            (sound,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        raise CannotCopy(f"{file} is no database of a portal") from None
    if sound != "ok":
        raise CannotCopy(f"{file} is damaged")
    known = {one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if version is None or version[0] not in known:
        raise CannotCopy(f"{file} is of a later version of the portal: install that one first")


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
