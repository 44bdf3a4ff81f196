"""``portal api-key``: the keys by which programs ask. They are made here and nowhere else."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from portal import compose
from portal.access.api_keys import ApiKeys, BadKeyName, KeyNameTaken, Scope
from portal.cli.shared import fail, moment, out, with_settings
from portal.config import Settings
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.vault import Keyring, Vault


@click.group("api-key")
def api_key_group() -> None:
    """The keys by which programs ask at /api/v1."""


@contextmanager
def _keys(settings: Settings) -> Iterator[ApiKeys]:
    vault = Vault(Keyring.load(settings.keys_file))
    database = Database(settings.database)
    try:
        database.ping()
        database.migrate()
        most = settings.limits.api_calls_per_minute
        yield ApiKeys(database, vault, Ledger(utc_now), most, utc_now)
    finally:
        database.close()


@api_key_group.command("add")
@click.argument("name")
@click.option("--site", help="The site's id [default: the only one].")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([one.value for one in Scope]),
    multiple=True,
    required=True,
    help="What it is for; more than one may be given.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def add(
    settings: Settings, name: str, site: str | None, scopes: tuple[str, ...], as_json: bool
) -> None:
    """Add a key. It is shown this one time."""
    ids = [one.id for one in settings.sites]
    chosen = ids[0] if site is None and len(ids) == 1 else site
    if chosen not in ids:
        raise click.UsageError(f"say --site: one of {', '.join(ids)}")
    with _keys(settings) as keys:
        try:
            key = keys.add(name, chosen, [Scope(one) for one in scopes])
        except (BadKeyName, KeyNameTaken) as error:
            fail([str(error)])
            return
    if as_json:
        click.echo(json.dumps({"name": name, "site": chosen, "key": key}))
        return
    out.print(f"✓ {name} may ask for site {chosen}: {', '.join(scopes)}")
    out.print("This key is shown this one time; put it where that program keeps its secrets:")
    click.echo(f"  {key}")


@api_key_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
@with_settings
def list_keys(settings: Settings, as_json: bool) -> None:
    """List the keys, by name; the keys themselves are not kept."""
    with _keys(settings) as keys:
        found = keys.all()
    if as_json:
        listed = [
            {
                "name": one.name,
                "site": one.site,
                "scopes": list(one.scopes),
                "unknown_scopes": list(one.unknown),
                "added_at": one.added_at.isoformat(),
                "last_used": one.used_at and one.used_at.isoformat(),
            }
            for one in found
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    if not found:
        out.print("There is no key yet: portal api-key add NAME --scope …")
    for one in found:
        used = moment(settings, one.used_at) if one.used_at else "never"
        scopes = [
            f"{it} (unknown to this version: opens nothing)" if it in one.unknown else it
            for it in one.scopes
        ]
        out.print(
            f"{one.name}: site {one.site}, {', '.join(scopes)}, "
            f"added {moment(settings, one.added_at)}, last used {used}"
        )


@api_key_group.command("remove")
@click.argument("name")
@with_settings
def remove(settings: Settings, name: str) -> None:
    """Remove a key for good: it does not work from now on, and never comes back."""
    with closing(compose(settings)) as whole:
        removed = whole.services.api_keys.remove(name, whole.services.rights.feed.unread)
    if not removed:
        fail([f"there is no key {name}"])
    out.print(f"✓ {name} is removed")
