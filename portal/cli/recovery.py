"""``portal sweep`` and ``portal replay``: so that erased stays erased."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import func, select

from portal import Portal, compose
from portal.adapters.contract import Adapter
from portal.cli.progress import progress
from portal.cli.shared import fail, out, with_settings
from portal.config import Settings
from portal.rights.lasting.asked_since import Replayed
from portal.rights.lasting.reapply import JOB as REAPPLY
from portal.rights.lasting.recovery import State
from portal.rights.lasting.recreate import Recreated
from portal.rights.lasting.sweep import Swept
from portal.store.journal import JournalAway, JournalDamaged
from portal.store.tables import Job

NAMES: dict[str, str] = {
    "records": "records gone through",
    "suppressed": "of people who were erased",
    "reappeared": "back: reported, and to be erased again",
    "erasures": "to be erased again",
    "withdrawals": "consents to be withdrawn again",
    "objections": "objections to be recorded again",
    "restrictions": "to be restricted again, or freed again",
    "waiting": "reported before, and waiting still",
    "opted_in": "back by an opt-in of their own: left alone from now on",
    "gone": "hold nothing more that is to be erased",
    "in_progress": "about to be erased by their first request",
    "already": "as they should be",
    "superseded": "decisions overtaken by later ones of the same person",
    "corrections_lost": "corrections lost: their values are not kept; only the subscriber has them",
    "consents_lost": "consents given since, and lost: only the subscriber can give them again",
}
ALWAYS = frozenset({"records", "reappeared", "erasures", "corrections_lost"})

dry_run_option = click.option("--dry-run", is_flag=True, help="Count only; change nothing.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")


@click.command("sweep")
@click.option("--adapter", "name", help="Only this CRM [default: all].")
@dry_run_option
@json_option
@with_settings
def sweep_command(settings: Settings, name: str | None, dry_run: bool, as_json: bool) -> None:
    """Look through the CRMs for people who were erased and are back, and erase them again."""
    with open_portal(settings) as whole:
        found: list[dict[str, Any]] = []
        for adapter in _chosen(whole, name):
            expected = whole.erased.sweeping.expected(adapter.name)
            with progress(adapter.name, expected) as told:
                swept = whole.erased.sweeping.sweep(adapter, dry_run=dry_run, progress=told)
            found.append(_done(whole, swept, dry_run=dry_run))
        _tell(found, dry_run=dry_run, as_json=as_json)


@click.command("replay")
@click.option(
    "--since",
    help="After a CRM was restored: when its back-up was made, such as "
    "2026-03-01 or 2026-03-01T04:00, in the portal's own time zone.",
)
@click.option("--adapter", "name", help="The CRM that was restored.")
@click.option(
    "--journal",
    is_flag=True,
    help="After the portal was restored: what its journal holds and its database has forgotten.",
)
@click.option(
    "--begin-anew",
    is_flag=True,
    help="With --journal: it is lost or damaged for good; begin a new one.",
)
@dry_run_option
@json_option
@with_settings
def replay_command(
    settings: Settings,
    since: str | None,
    name: str | None,
    journal: bool,
    begin_anew: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """After a restored back-up: do again what people had asked for since."""
    if journal:
        if since or name:
            raise click.UsageError("--journal goes without --since and --adapter")
        with closing(compose(settings)) as whole:
            _replay_journal(whole, begin_anew=begin_anew, dry_run=dry_run, as_json=as_json)
        return
    if since is None or name is None or begin_anew:
        raise click.UsageError("say --since DATE and --adapter NAME, or else --journal")
    moment = _moment(since, settings.timezone)
    with open_portal(settings) as whole:
        (adapter,) = _chosen(whole, name)
        with progress(name, whole.erased.sweeping.expected(name)) as told:
            replayed = whole.erased.replaying.replay(
                adapter, moment, dry_run=dry_run, progress=told
            )
        _tell([_done(whole, replayed, dry_run=dry_run)], dry_run=dry_run, as_json=as_json)


def _replay_journal(whole: Portal, *, begin_anew: bool, dry_run: bool, as_json: bool) -> None:
    recovery = whole.erased.recovery
    try:
        if begin_anew:
            if recovery.look() is State.OPEN:
                fail(["the journal is there and sound: it is not begun anew"])
            lines = recovery.begin_anew()
            _say(as_json, {"begun_anew": lines}, f"a new journal, of {lines} requests, is begun")
            return
        with progress("replay", None) as told:
            done = whole.erased.recreating.replay(dry_run=dry_run, progress=told)
    except JournalAway as error:
        fail([f"the journal {whole.settings.journal_file}: {error}"])
    except JournalDamaged as error:
        fail([f"the journal {whole.settings.journal_file}: {error}"])
    else:
        if not dry_run:
            whole.worker.drain()  # what a run that was cut short has left, too
        found = [_done(whole, one, dry_run=dry_run) for one in done.adapters]
        _tell_journal(whole, done, found, dry_run=dry_run, as_json=as_json)


def _tell_journal(
    whole: Portal,
    done: Recreated,
    found: Sequence[dict[str, Any]],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    state = whole.erased.recovery.look()
    if as_json:
        settled = asdict(done.settled)
        told = {"lines": done.lines, "by_right": done.by_right, **settled, "state": state}
        click.echo(json.dumps({**told, "adapters": found, "dry_run": dry_run}))
    else:
        kinds = ", ".join(f"{count} {right}" for right, count in sorted(done.by_right.items()))
        out.print(f"journal: {done.lines} requests that the database did not know", end="")
        out.print(f" ({kinds})" if kinds else "")
        if done.settled.overtaken:
            out.print(f"open jobs: {done.settled.overtaken} were overtaken since, and are dropped")
        if done.settled.for_a_person:
            out.print(f"open jobs: {done.settled.for_a_person} corrections wait for a person")
        _tell(found, dry_run=dry_run, as_json=False)
        out.print("the portal may serve" if state is State.OPEN else _closed(whole, state))
    if state is not State.OPEN and not dry_run:
        raise SystemExit(1)


# --- what they have in common ------------------------------------------------------------------


@contextmanager
def open_portal(settings: Settings) -> Iterator[Portal]:
    """A portal that may work: not one whose database was restored and not brought up to date."""
    with closing(compose(settings)) as whole:
        state = whole.erased.recovery.look()
        if state is not State.OPEN:
            fail([_closed(whole, state)])
        yield whole


def _closed(whole: Portal, state: State) -> str:
    return f"the portal is closed: {state.told}; {state.what_to_do} ({whole.settings.journal_file})"


def _chosen(whole: Portal, name: str | None) -> list[Adapter]:
    if name is None:
        return [*whole.adapters.values()]
    if name not in whole.adapters:
        raise click.UsageError(f"there is no CRM {name!r}: {', '.join(whole.adapters) or 'none'}")
    return [whole.adapters[name]]


def _moment(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a day, such as 2026-03-01", param_hint="--since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _done(whole: Portal, counts: Swept | Replayed, *, dry_run: bool) -> dict[str, Any]:
    """The counts, after what was put to work has been done, as far as the CRM lets it."""
    found = asdict(counts)
    if not dry_run:
        whole.worker.drain()
        whole.ledger.seal(whole.database)
    with whole.database.reading() as db:
        found["left"] = db.scalar(
            select(func.count())
            .select_from(Job)
            .where(Job.kind == REAPPLY, Job.adapter == counts.adapter, Job.ended_at.is_(None))
        )
    return found


def _tell(found: Sequence[dict[str, Any]], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"adapters": [*found], "dry_run": dry_run}))
        return
    for one in found:
        for name, words in NAMES.items():
            if one.get(name) or (name in ALWAYS and name in one):
                out.print(f"{one['adapter']}: {one[name]} {words}")
        if one["left"]:
            out.print(f"{one['adapter']}: {one['left']} wait for it to answer: the worker goes on")
    if dry_run:
        out.print("nothing was changed: this was a dry run")


def _say(as_json: bool, told: dict[str, Any], words: str) -> None:
    if as_json:
        click.echo(json.dumps(told))
    else:
        out.print(words)


COMMANDS = (sweep_command, replay_command)
