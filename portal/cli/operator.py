"""``portal operator``: who may sit at the desk. Accounts are made here and nowhere else."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit

import click
import segno

from portal.cli.shared import fail, moment, out, with_settings
from portal.config import Settings
from portal.desk.factors import (
    SHORTEST_PASSWORD,
    WeakPassword,
    checked_password,
    enrolment,
    new_secret,
    show_recovery_code,
    step_of,
)
from portal.desk.operators import BadName, NameTaken, Operators
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.vault import Keyring, Vault

TRIES = 3
"""To copy a code from the phone."""


@click.group("operator")
def operator_group() -> None:
    """Who may sit at the desk: /operator on the portal's own address."""


@contextmanager
def _operators(settings: Settings) -> Iterator[Operators]:
    vault = Vault(Keyring.load(settings.keys_file))
    database = Database(settings.database)
    try:
        database.ping()
        database.migrate()
        yield Operators(database, vault, Ledger(utc_now), utc_now)
    finally:
        database.close()


@operator_group.command("add")
@click.argument("name")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of the input."
)
@click.option("--no-check", is_flag=True, help="Do not ask for a code of the phone (for scripts).")
@with_settings
def add(settings: Settings, name: str, password_stdin: bool, no_check: bool) -> None:
    """Add an operator: a password, a phone as second factor, and recovery codes.

    A lost phone: remove the operator and add her again; what the ledger tells of her stays hers.
    """
    with _operators(settings) as operators:
        try:
            operators.check_name(name)
            password = _password(from_input=password_stdin)
            secret = new_secret()
            _show(enrolment(secret, name, _issuer(settings)))
            if not no_check:
                _prove(secret)
            codes = operators.add(name, password, secret)
        except (BadName, NameTaken, WeakPassword) as error:
            _refuse(str(error))
    out.print(f"✓ {name} may sign in: {settings.public_url}/operator")
    _print_codes(codes)


@operator_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
@with_settings
def list_operators(settings: Settings, as_json: bool) -> None:
    """List the operators."""
    with _operators(settings) as operators:
        accounts = operators.all()
    if as_json:
        listed = [
            {
                "name": one.name,
                "added_at": one.created_at.isoformat(),
                "last_signed_in": one.last_signed_in and one.last_signed_in.isoformat(),
                "recovery_codes_left": one.recovery_codes,
            }
            for one in accounts
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    if not accounts:
        out.print("There is no operator yet: portal operator add NAME")
    for one in accounts:
        last = moment(settings, one.last_signed_in) if one.last_signed_in else "never"
        out.print(
            f"{one.name}: added {moment(settings, one.created_at)}, last signed in {last}, "
            f"{one.recovery_codes} recovery codes left"
        )


@operator_group.command("remove")
@click.argument("name")
@with_settings
def remove(settings: Settings, name: str) -> None:
    """Remove an operator: her sessions end at once, and her secrets are wiped."""
    with _operators(settings) as operators:
        removed = operators.remove(name)
    if not removed:
        _refuse(f"there is no operator {name}")
    out.print(f"✓ {name} is removed")


def _password(*, from_input: bool) -> str:
    if from_input:
        line = sys.stdin.readline()
        return checked_password(line.removesuffix("\n").removesuffix("\r"))
    asked: str = click.prompt(
        f"Password (at least {SHORTEST_PASSWORD} characters)",
        hide_input=True,
        confirmation_prompt=True,
        value_proc=_long_enough,
    )
    return asked


def _long_enough(typed: str) -> str:
    try:
        return checked_password(typed)
    except WeakPassword as error:
        raise click.UsageError(str(error)) from None  # asked again


def _show(address: str) -> None:
    drawn = io.StringIO()
    segno.make(address, error="m").terminal(drawn, compact=True, border=2)
    click.echo("Scan this with the authenticator app of the phone:")
    click.echo(drawn.getvalue())
    click.echo(f"or type it over: {address}")


def _prove(secret: str) -> None:
    """Ask for a code, so that nobody locks herself out by a QR code that was never scanned."""
    for _ in range(TRIES):
        typed: str = click.prompt("The code that the app shows now")
        if step_of(secret, typed, utc_now()) is not None:
            return
        click.echo("That is not the code. Is the clock of the phone right?", err=True)
    _refuse("the app has not the secret yet, so nobody was added")


def _print_codes(codes: Sequence[str]) -> None:
    click.echo("Recovery codes, for the day on which the phone is gone. Each works once. They are")
    click.echo("shown this one time: print them, or keep them in a password manager.")
    click.echo()
    for code in codes:
        click.echo(f"  {show_recovery_code(code)}")


def _issuer(settings: Settings) -> str:
    return f"Portal {urlsplit(settings.public_url).hostname}"


def _refuse(line: str) -> NoReturn:
    fail([line])
    raise AssertionError  # `fail` has ended the program
