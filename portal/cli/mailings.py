"""``portal mailings``: what people chose about each mailing, in numbers."""

import json
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

import click
from rich.table import Table

from portal import compose
from portal.cli.shared import out, with_settings
from portal.config import Settings
from portal.desk.chosen import chosen_since
from portal.rights.mailings.decide import STOPPABLE


@click.command("mailings")
@click.option(
    "--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="So many days back."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def mailings_command(settings: Settings, days: int, as_json: bool) -> None:
    """Count who chose less, a break or a stop, per purpose. Names nobody."""
    with closing(compose(settings)) as whole:
        since = whole.services.clock() - timedelta(days=days)
        purposes = [one.id for one in whole.register.purposes if one.ground in STOPPABLE]
        with whole.database.reading() as db:
            found = chosen_since(db, purposes, since)
    if as_json:
        click.echo(json.dumps({"days": days, "purposes": [asdict(one) for one in found]}))
        return
    table = Table("purpose", box=None)
    for name in ("less", "break", "stop", "yes"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(one.purpose, *map(str, (one.less, one.pause, one.stop, one.given)))
    out.print(table)


COMMANDS = (mailings_command,)
