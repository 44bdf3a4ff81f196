"""``portal backup`` and ``portal restore``: the portal's own database, put away and put back."""

from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy import make_url

from portal.cli.shared import err, fail, out, with_settings
from portal.config import Settings
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.rights.lasting.restored import settle
from portal.store.database import Database
from portal.store.files import CannotCopy, back_up, finish_restore, prepare_restore, sqlite_file


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_settings
def backup_command(settings: Settings, file: Path) -> None:
    """Write a back-up of the portal's own database into a new file, while it works."""
    database = sqlite_file(settings.database)
    if database is None:
        _use(settings, "pg_dump --format=custom --file=" + str(file))
    if not database.exists():
        fail([f"there is no database {database} yet"])
    try:
        back_up(database, file)
    except CannotCopy as error:
        _refuse(error)
    out.print(f"✓ {file} holds the database, for its owner only")
    out.print(f"not in it, and to be kept apart: the keys ({settings.keys_file}), without which it")
    out.print(f"opens nothing, and the erasure journal ({settings.journal_file}), which must never")
    out.print("be set back together with it")


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Put a database that is there aside.")
@with_settings
def restore_command(settings: Settings, file: Path, yes: bool) -> None:
    """Put a back-up of the portal's own database back, while no portal works."""
    database = sqlite_file(settings.database)
    if database is None:
        _use(settings, "pg_restore --clean --if-exists " + str(file))
    try:
        copy = prepare_restore(file, database, overwrite=yes)
        _settle(copy)
        aside = finish_restore(copy, database)
    except CannotCopy as error:
        _refuse(error)
    out.print(f"✓ {database} is as it was in {file}")
    if aside is not None:
        out.print(f"what was there is now {aside}: delete it when all is well")
    out.print("the keys and the erasure journal were left as they are: see now what was forgotten")
    out.print("  portal replay --journal")


def _settle(copy: Path) -> None:
    """What is open in the back-up is not simply gone on with."""
    database = Database(f"sqlite:///{copy}")
    try:
        database.migrate()
        with database.unit("database restored") as unit:
            settle(unit.session, Ledger(utc_now), (), utc_now())
            unit.commit()
    finally:
        database.close()


def _refuse(error: CannotCopy) -> NoReturn:
    fail([str(error)])
    raise SystemExit(1)


def _use(settings: Settings, command: str) -> NoReturn:
    """For PostgreSQL, which has better tools of its own. No password is printed."""
    url = make_url(settings.database)
    where = {"host": url.host, "port": url.port, "username": url.username, "dbname": url.database}
    options = " ".join(f"--{name}={value}" for name, value in where.items() if value)
    err.print("the database is PostgreSQL, which has tools of its own for this:")
    err.print(f"  {command} {options}")
    err.print(
        "Keys and erasure journal are no part of it. After restoring: portal replay --journal"
    )
    raise SystemExit(2)


COMMANDS = (backup_command, restore_command)
