"""``portal links --push``: the links into the fields that the CRMs have for them."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from portal import Portal
from portal.adapters.contract import Adapter, AdapterError, that_sets_link
from portal.cli.progress import progress
from portal.cli.shared import err, fail, out
from portal.composition.linking import minting_of, pushing_over
from portal.rights.lasting.pushed import Pushed
from portal.sync.passing import LeftAlone

NAMES = {
    "records": "records gone through",
    "already": "links as they should be",
    "written": "links written",
    "taken_away": "links taken away",
    "suppressed": "records of people who were erased: they get none",
    "unreadable": "records whose address no mail can be sent to: they get none",
    "left": "changed meanwhile: the next run sees to them",
    "refused": "links that their field does not take: is it long enough?",
    "unconfirmed": "read back otherwise than they were written",
}
ALWAYS = frozenset({"records", "already", "written"})


def with_fields(seen: Sequence[Adapter], name: str | None) -> list[Adapter]:
    """The systems to go through: the one that was named, or all that have fields for links."""
    able = [one for one in seen if that_sets_link(one) is not None]
    if name is None and able:
        return able
    found = [one for one in able if one.name == name]
    if not found:
        told = ", ".join(one.name for one in able) or "none"
        raise click.UsageError(f"no such CRM has fields for links (set_link): {told}")
    return found


def push(
    whole: Portal,
    site: str,
    adapters: Sequence[Adapter],
    mailings: Sequence[str],
    only: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Go through these systems, and tell what was done; ends with 1 when something is amiss.

    ``mailings`` are those that can be stopped; ``only`` is the one that was asked for.
    """
    pushing, done, wrong = pushing_over(whole), list[Pushed](), list[str]()
    for adapter in adapters:
        purposes = [one for one in sorted(adapter.capabilities.links) if only in {None, one}]
        if not purposes:
            raise click.UsageError(f"{adapter.name} has no field for the link of {only}")
        strange = [one for one in purposes if one not in mailings]
        if strange:
            wrong.append(f"{adapter.name}: {', '.join(strange)} cannot be stopped: portal check")
            continue
        expected = whole.erased.sweeping.expected(adapter.name)
        mintings = {one: minting_of(whole, site, one) for one in purposes}
        try:
            with progress(adapter.name, expected) as told:
                done.append(
                    pushing.push(
                        adapter, site, mintings, expected=expected, dry_run=dry_run, progress=told
                    )
                )
        except (AdapterError, LeftAlone) as error:  # the others are gone through still
            wrong.append(str(error))
    if not dry_run:
        whole.ledger.seal(whole.database)
    _tell(done, wrong, dry_run=dry_run, as_json=as_json)
    if wrong:
        if not as_json:
            err.print("what was written stays; the next run goes on from there")
        fail(wrong)
    if not all(one.is_whole for one in done):
        raise SystemExit(1)


def _tell(done: Sequence[Pushed], wrong: Sequence[str], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        told = {"adapters": [asdict(one) for one in done], "errors": [*wrong], "dry_run": dry_run}
        click.echo(json.dumps(told))
        return
    for one in done:
        for name, words in NAMES.items():
            if getattr(one, name) or name in ALWAYS:
                out.print(f"{one.adapter}: {getattr(one, name):,} {words}")
        if one.in_shadow:
            out.print(f"{one.adapter} is in shadow: nothing was written, this is what would be")
    if dry_run:
        out.print("nothing was changed: this was a dry run")
