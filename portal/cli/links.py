"""``portal links``: footer links, for everyone in a CRM or for one address, and their keys."""

import csv
import json
import sys
from contextlib import closing
from pathlib import Path

import click

from portal import Portal, compose
from portal.adapters.contract import Adapter
from portal.cli.progress import progress
from portal.cli.pushing import push, with_fields
from portal.cli.recovery import open_portal
from portal.cli.shared import err, fail, out, with_settings
from portal.composition.linking import minting_of
from portal.config import Settings
from portal.consent.links import NoLinkKey
from portal.consent.minting import Minted, Minting, OtherFile, opened
from portal.domain.addresses import Email, InvalidEmail
from portal.rights.mailings.decide import STOPPABLE
from portal.store.vault import Keyring

PAGE = 2_000
"""Links after which the file is written out and the progress is told."""
LINE_EVERY = 10_000
"""Links between two plain lines of progress."""


@click.command("links")
@click.option("--site", help="The site's id [default: the only one].")
@click.option("--mailing", help="The id of the purpose in the register that the link stops.")
@click.option("--adapter", "name", help="The CRM to go through [default: the only one].")
@click.option("--email", help="Only the link of this address.")
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write `key,link` lines into this file, for its owner alone; goes on where it was left.",
)
@click.option(
    "--push", "to_push", is_flag=True, help="Put the links into the fields that the CRMs have."
)
@click.option("--dry-run", is_flag=True, help="With --push: count only, write nothing.")
@click.option("--new-key", is_flag=True, help="Add a key; links of older keys go on working.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def links_command(
    settings: Settings,
    site: str | None,
    mailing: str | None,
    name: str | None,
    email: str | None,
    file: Path | None,
    to_push: bool,
    dry_run: bool,
    new_key: bool,
    as_json: bool,
) -> None:
    """Make the links for the foot of your mail, by which people stop it."""
    if to_push or dry_run:
        if email or file or new_key or not to_push:
            raise click.UsageError("--dry-run needs --push, which goes without --email and --out")
        _push(settings, site, mailing, name, dry_run=dry_run, as_json=as_json)
        return
    if new_key:
        if site or mailing or name or email or file:
            raise click.UsageError("--new-key goes alone")
        _add_key(settings, as_json=as_json)
        return
    _make(settings, site, mailing, name, email, file, as_json=as_json)


def _make(
    settings: Settings,
    site: str | None,
    mailing: str | None,
    name: str | None,
    email: str | None,
    file: Path | None,
    *,
    as_json: bool,
) -> None:
    if mailing is None:
        raise click.UsageError("say --mailing: the id of a purpose in the register")
    if email is not None and (name or file):
        raise click.UsageError("--email goes without --adapter and --out")
    if as_json and email is None and file is None:
        raise click.UsageError("--json needs --out or --email")
    with closing(compose(settings)) as whole:
        chosen = _site(settings, site)
        minting = minting_of(whole, chosen, _mailing(whole, mailing))
        try:
            if email is not None:
                _one(minting, email, as_json=as_json)
            else:
                _all(whole, minting, _adapter(whole, chosen, name), file, as_json=as_json)
        except NoLinkKey as error:
            fail([str(error)])


def _push(
    settings: Settings,
    site: str | None,
    mailing: str | None,
    name: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    chosen = _site(settings, site)
    with open_portal(settings) as whole:
        only = None if mailing is None else _mailing(whole, mailing)
        adapters = with_fields(_seen(whole, chosen), name)
        try:
            push(whole, chosen, adapters, _mailings(whole), only, dry_run=dry_run, as_json=as_json)
        except NoLinkKey as error:
            fail([str(error)])


def _add_key(settings: Settings, *, as_json: bool) -> None:
    keys = Keyring.add_link_key(settings.keys_file)
    if as_json:
        click.echo(json.dumps({"link_keys": len(keys.links)}))
        return
    out.print(f"✓ {settings.keys_file} holds {len(keys.links)} key(s) for footer links")
    out.print("now restart the portal, and put the key file into your back-up: without its keys")
    out.print("the links in mail that you have sent do not work any more")


def _one(minting: Minting, text: str, *, as_json: bool) -> None:
    try:
        link = minting.link(Email.parse(text))
    except InvalidEmail:
        raise click.BadParameter("not one e-mail address", param_hint="--email") from None
    click.echo(json.dumps({"link": link}) if as_json else link)


def _all(
    whole: Portal, minting: Minting, adapter: Adapter, file: Path | None, *, as_json: bool
) -> None:
    expected = whole.erased.sweeping.expected(adapter.name)
    if file is None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("key", "link"))
        for row in minting.rows(adapter, set(), Minted()):
            writer.writerow(row)
        return
    try:
        done = minting.done_in(file)
    except OtherFile as error:
        fail([f"{file}: {error}; choose another file"])
        return
    before = len(done)
    minted = Minted(links=before)
    with (
        progress(adapter.name, expected, lambda seen: _so_far(seen, expected), LINE_EVERY) as told,
        opened(file) as target,
    ):
        writer = csv.writer(target, lineterminator="\n")
        for row in minting.rows(adapter, done, minted):
            writer.writerow(row)
            if minted.links % PAGE == 0:
                target.flush()
                told(minted.links)
    if as_json:
        counts = {"links": minted.links, "new": minted.links - before}
        click.echo(json.dumps({**counts, "unreadable": minted.unreadable, "expected": expected}))
        return
    out.print(f"✓ {_so_far(minted.links, expected)}: {file}, for its owner alone")
    if minted.unreadable:
        out.print(f"{minted.unreadable:,} have none: no mail can be sent to what is their address")
    err.print("its keys point at people, and each link stops somebody's mail: keep it, and delete")
    err.print("it once your CRM has it")


def _so_far(seen: int, expected: int | None) -> str:
    """Of what was counted last; there may be more by now."""
    if expected is None or seen > expected:
        return f"{seen:,} have a link"
    return f"{seen:,} of {expected:,} have a link"


def _site(settings: Settings, id: str | None) -> str:
    ids = [site.id for site in settings.sites]
    if id is None and len(ids) == 1:
        return ids[0]
    if id not in ids:
        raise click.UsageError(f"say --site: one of {', '.join(ids)}")
    return id


def _mailings(whole: Portal) -> list[str]:
    """The ids of all that can be stopped."""
    return [one.id for one in whole.register.purposes if one.mailing and one.ground in STOPPABLE]


def _mailing(whole: Portal, id: str) -> str:
    can = _mailings(whole)
    if id not in can:
        told = ", ".join(can) or "none"
        raise click.UsageError(f"there is no mailing {id!r} that can be stopped: {told}")
    return id


def _seen(whole: Portal, site: str) -> list[Adapter]:
    """The systems that a site looks in."""
    names = whole.services.settings.site(site).adapters or tuple(whole.adapters)
    return [whole.adapters[one] for one in names]


def _adapter(whole: Portal, site: str, name: str | None) -> Adapter:
    seen = {one.name: one for one in _seen(whole, site)}
    if name is None and len(seen) == 1:
        return next(iter(seen.values()))
    if name not in seen:
        raise click.UsageError(f"say --adapter: one of {', '.join(seen) or 'none'}")
    return seen[name]


COMMANDS = (links_command,)
