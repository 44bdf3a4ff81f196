"""``portal case`` and ``portal release``: what only a person can do or answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import click

from portal.access.releases import LONGEST as LONGEST_RELEASE
from portal.cli.shared import fail, moment, out, with_settings
from portal.config import Settings
from portal.desk.casework import Casework
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import LONGEST, LONGEST_CONTACT, CaseKind, Cases, Outcome
from portal.store.database import Database
from portal.store.vault import Keyring, Vault

DAYS = 7
"""How long a release lasts, when nothing else is said."""
BY = click.option("--operator", "name", required=True, help="Your name, as an operator.")


@contextmanager
def _casework(settings: Settings) -> Iterator[Casework]:
    vault, ledger = Vault(Keyring.load(settings.keys_file)), Ledger(utc_now)
    database = Database(settings.database)
    try:
        database.ping()
        database.migrate()
        cases = Cases(database, vault, ledger, utc_now)
        yield Casework(database, cases, ledger, ZoneInfo(settings.timezone), utc_now)
    finally:
        database.close()


def _number_of(casework: Casework, name: str) -> int:
    number = casework.operator_named(name)
    if number is None:
        fail([f"there is no operator {name}: portal operator list"])
        raise AssertionError  # `fail` has ended the program
    return number


@click.group("case")
def case_group() -> None:
    """What only a person can do or answer, with the legal clock running."""


@case_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
@with_settings
def list_cases(settings: Settings, as_json: bool) -> None:
    """List the open cases, the most urgent first. Nothing of what was written is shown."""
    with _casework(settings) as casework:
        found = casework.all_open()
    if as_json:
        told = [
            {
                "case": one.reference,
                "kind": one.kind,
                "site": one.site,
                "state": one.state,
                "received_at": one.received_at.isoformat(),
                "respond_by": day.isoformat(),
            }
            for one, day in found
        ]
        click.echo(json.dumps(told, indent=2))
        return
    if not found:
        out.print("no case is open")
    for one, day in found:
        out.print(f"{one.reference}: {one.kind}, {one.site}, {one.state}, to be answered by {day}")


@case_group.command("show")
@click.argument("case")
@BY
@with_settings
def show(settings: Settings, case: str, name: str) -> None:
    """Show one case with what was written. That you read it stands in the ledger."""
    with _casework(settings) as casework:
        opened = casework.look(_number_of(casework, name), case)
    if opened is None:
        fail([f"there is no case {case}"])
        return
    told = opened.case
    click.echo(f"{told.reference}: {told.kind}, {told.site}, {told.state}")
    click.echo(f"received {moment(settings, told.received_at)}, answer by {opened.respond_by}")
    if opened.written is None:
        click.echo("what was written is no longer here")
        return
    for label, value in (
        ("to be reached at", opened.written.contact),
        ("about the address", opened.written.address),
        ("message", opened.written.message),
    ):
        if value:
            click.echo(f"{label}: {_plain(value)}")


@case_group.command("close")
@click.argument("case")
@click.option("--outcome", required=True, type=click.Choice([one.value for one in Outcome]))
@BY
@with_settings
def close(settings: Settings, case: str, outcome: str, name: str) -> None:
    """Close a case: how it ended is in the ledger; what was written is emptied 30 days later."""
    with _casework(settings) as casework:
        closed = casework.close(_number_of(casework, name), case, Outcome(outcome))
    if not closed:
        fail([f"there is no open case {case}"])
    out.print(f"✓ {case} is closed: {outcome}")


@case_group.command("add")
@click.option("--kind", required=True, type=click.Choice([one.value for one in CaseKind]))
@click.option(
    "--received", required=True, metavar="DAY", help="The day on which it came, as 2026-11-21."
)
@click.option("--site", required=True, help="The id of the site that it is about.")
@click.option("--contact", required=True, help="Where whoever wrote can be reached.")
@click.option("--address", default="", help="The e-mail address that it is about.")
@click.option("--language", default=None, help="To answer in [default: the site's first].")
@click.option(
    "--message", type=click.File("r", encoding="utf-8"), help="A file with the text; - reads it."
)
@BY
@with_settings
def add(
    settings: Settings,
    kind: str,
    received: str,
    site: str,
    contact: str,
    address: str,
    language: str | None,
    message: TextIO | None,
    name: str,
) -> None:
    """Write down what came by letter or by phone. The clock runs from the day on which it came."""
    text = message.read(LONGEST + 1).strip() if message else ""
    known = {one.id: one for one in settings.sites}
    faults = [
        *([] if site in known else [f"there is no site {site}: {', '.join(known)}"]),
        *([] if len(text) <= LONGEST else [f"the message is longer than {LONGEST} characters"]),
        *(
            f"{what} is longer than {LONGEST_CONTACT} characters"
            for what, value in (("--contact", contact), ("--address", address))
            if len(value) > LONGEST_CONTACT
        ),
        *([] if "\0" not in text + contact + address else ["a text holds a NUL"]),
    ]
    day = _day(received)
    if day is None:
        faults.append(f"--received {received} is no day: write it as 2026-11-21")
    elif day > datetime.now(ZoneInfo(settings.timezone)).date():
        faults.append(f"--received {received} is still to come")
    if faults or day is None:
        fail(faults)
        return
    with _casework(settings) as casework:
        reference = casework.write_down(
            _number_of(casework, name),
            CaseKind(kind),
            site=site,
            locale=language or known[site].languages[0],
            received=day,
            message=text,
            contact=contact,
            address=address,
        )
        due = {one.reference: by for one, by in casework.all_open()}[reference]
    out.print(f"✓ {reference}: to be answered by {due}")


@click.command("release")
@click.argument("case")
@click.option(
    "--days", type=click.IntRange(1, LONGEST_RELEASE.days), default=DAYS, show_default=True
)
@BY
@with_settings
def release(settings: Settings, case: str, days: int, name: str) -> None:
    """Let whoever asked in this case see everything, for some days, on that site.

    Only after you have made sure who it is, by what you know already; never by a copy of an
    identity document.
    """
    with _casework(settings) as casework:
        until = casework.release(_number_of(casework, name), case, days)
    if until is None:
        fail([f"{case} is no open case of somebody who has signed in"])
        return
    out.print(f"✓ released until {moment(settings, until)}; {case} is closed")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Nothing that a terminal would obey: what strangers write is shown, not done."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)


COMMANDS = (case_group, release)
