"""``portal mailings``: what people chose about each mailing, in numbers."""

import json
from contextlib import closing
from dataclasses import asdict

import click
from rich.table import Table

from portal import compose
from portal.cli.shared import out, with_settings
from portal.config import Settings


@click.command("mailings")
@click.option(
    "--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="So many days back."
)
@click.option("--all", "in_all", is_flag=True, help="All that is kept, however long ago.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def mailings_command(settings: Settings, days: int, in_all: bool, as_json: bool) -> None:
    """Count who chose less, a break or a stop, per purpose. Names nobody."""
    with closing(compose(settings)) as whole:
        counting = whole.services.desk.counting
        found = counting.in_all() if in_all else counting.of_the_last(days)
    if as_json:
        of = None if in_all else days
        click.echo(json.dumps({"days": of, "purposes": [asdict(one) for one in found]}))
        return
    table = Table("purpose", box=None)
    for name in ("less", "break", "stop", "yes"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(one.purpose, *map(str, (one.less, one.pause, one.stop, one.given)))
    out.print(table)


COMMANDS = (mailings_command,)
