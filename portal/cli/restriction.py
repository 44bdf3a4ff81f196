"""``portal restriction``: which stand; and lifting one, of which she is told before."""

import json
from contextlib import closing
from zoneinfo import ZoneInfo

import click

from portal import compose
from portal.cli.shared import fail, out, with_settings
from portal.config import Settings
from portal.rights.restricting.lifting import CannotLift

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")


@click.group("restriction")
def restriction_group() -> None:
    """Restrictions of processing (Art. 18 GDPR)."""


@restriction_group.command("list")
@json_option
@with_settings
def list_command(settings: Settings, as_json: bool) -> None:
    """Which stand, and since when."""
    zone = ZoneInfo(settings.timezone)
    with closing(compose(settings)) as whole:
        found = whole.opposed.restricting.all_standing()
    if as_json:
        told = [
            {
                "request": one.request_id,
                "since": one.since.isoformat(),
                "ends": one.until.isoformat() if one.until else None,
            }
            for one in found
        ]
        click.echo(json.dumps({"restrictions": told}))
        return
    for one in found:
        ends = f", ends on {one.until.astimezone(zone):%Y-%m-%d %H:%M}" if one.until else ""
        out.print(f"{one.request_id}: since {one.since.astimezone(zone):%Y-%m-%d %H:%M}{ends}")
    if not found:
        out.print("nothing is restricted")


@restriction_group.command("lift")
@click.argument("request")
@json_option
@with_settings
def lift_command(settings: Settings, request: str, as_json: bool) -> None:
    """Lift the restriction of this request: she is mailed, and three days later it ends."""
    with closing(compose(settings)) as whole:
        try:
            told = whole.opposed.lifting.lift(request)
        except CannotLift as error:
            fail([str(error)])
            return
        zone = ZoneInfo(settings.timezone)
    if as_json:
        click.echo(json.dumps({"request": told.request_id, "ends": told.at.isoformat()}))
        return
    out.print("✓ she is being told by mail; what cannot be delivered is on the desk")
    out.print(f"it ends on {told.at.astimezone(zone):%Y-%m-%d %H:%M}, and not without that mail")


COMMANDS = (restriction_group,)
