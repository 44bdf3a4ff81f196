"""The ``portal`` command. Exit codes: 0 done, 1 found wrong, 2 misused."""

import importlib
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from portal import Portal, create_app
from portal.adapters.contract import Adapter
from portal.adapters.registry import known_adapters, load_adapters
from portal.adapters.shadow import shadow_of
from portal.checks import Check, missing_file, run_checks
from portal.cli.api_key import api_key_group
from portal.cli.cases import COMMANDS as CASES
from portal.cli.copies import COMMANDS as COPIES
from portal.cli.links import COMMANDS as LINKS
from portal.cli.mailings import COMMANDS as MAILINGS
from portal.cli.operator import operator_group
from portal.cli.recovery import COMMANDS as RECOVERY
from portal.cli.restriction import COMMANDS as RESTRICTION
from portal.cli.shared import err, fail, out, with_settings
from portal.config import ConfigError, Settings, load
from portal.domain.clock import utc_now
from portal.domain.register_file import RegisterError, read_register
from portal.proof.ledger import Ledger
from portal.serving import serve, work
from portal.starting import make_instance
from portal.store.database import Database


class Commands(click.Group):
    """The commands, of which `demo` is loaded when it is asked for: its libraries are an extra."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "demo"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "demo":
            return super().get_command(ctx, cmd_name)
        try:
            command = importlib.import_module("portal.demo.run").demo_command
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("portal"):
                raise
            return _demo_without_its_libraries
        return command if isinstance(command, click.Command) else None


@click.command("demo", context_settings={"ignore_unknown_options": True})
@click.argument("rest", nargs=-1)
def _demo_without_its_libraries(rest: tuple[str, ...]) -> None:  # noqa: ARG001  any options
    """Try the portal on this machine (needs: pip install 'subscriber-portal[demo]')."""
    fail(["the demo's libraries are not installed: pip install 'subscriber-portal[demo]'"])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("subscriber-portal"), prog_name="portal")
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder with portal.toml [default: $PORTAL_INSTANCE, else ./instance].",
)
@click.pass_context
def commands(ctx: click.Context, instance: Path | None) -> None:
    """The customer service page where people see, correct, stop and erase what you hold."""
    ctx.obj = instance


for _command in (
    operator_group,
    api_key_group,
    *RECOVERY,
    *COPIES,
    *LINKS,
    *MAILINGS,
    *CASES,
    *RESTRICTION,
):
    commands.add_command(_command)


def main() -> None:
    """Run the command line."""
    commands(prog_name="portal")


def log_to_stderr() -> None:
    """What the processes have to say, one line each, with the time in UTC."""
    line = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
    line.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(line)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("alembic", "waitress"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@contextmanager
def started(settings: Settings) -> Iterator[Portal]:
    """The whole portal, closed afterwards."""
    app = create_app(settings)
    whole: Portal = app.extensions["portal"]
    try:
        yield whole
    finally:
        whole.close()


@commands.command("run")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@with_settings
def run_command(settings: Settings, host: str, port: int) -> None:
    """Serve the pages, and do the work in the background too."""
    log_to_stderr()
    app = create_app(settings)
    whole: Portal = app.extensions["portal"]
    background = whole if settings.worker else None

    def ready(address: str) -> None:
        beside = "with the worker" if background else "without a worker"
        out.print(f"portal: {settings.public_url} is served at {address}, {beside}")

    try:
        serve(app, settings, background, host=host, port=port, ready=ready)
    except OSError as error:
        fail([f"cannot listen on {host}:{port} ({error.strerror}): is another one running?"])
    finally:
        whole.close()
    out.print("portal: stopped")


@commands.command("worker")
@with_settings
def worker_command(settings: Settings) -> None:
    """Do the work in the background, and serve nothing."""
    log_to_stderr()
    with started(settings) as whole:
        work(whole, ready=lambda: out.print("portal: the worker is at work"))
    out.print("portal: stopped")


@commands.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, for scripts.")
@click.pass_obj
def check_command(instance: Path | None, as_json: bool) -> None:
    """Look at settings, register, keys, database, CRMs, mail: each ok, or what to do."""
    found: list[Check] = []
    for check in _checks(instance):
        found.append(check)
        if not as_json:
            out.print(_told(check))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], ensure_ascii=False, indent=2))
    if not all(check.ok for check in found):
        raise SystemExit(1)


def _checks(instance: Path | None) -> Iterator[Check]:
    try:
        settings = load(instance)
    except ConfigError as error:
        for line in error.errors:
            yield Check("settings", False, line, "correct this, then check again")
        return
    yield from run_checks(settings, lambda: load_adapters(settings.adapters, settings.instance))


def _told(check: Check) -> Text:
    if check.ok:
        sign, style = ("!", "yellow") if check.what_to_do else ("✓", "green")
    else:
        sign, style = "✗", "red"
    told = Text.assemble((f"{sign} ", style), (check.name, "bold"), f": {check.message}")
    if check.what_to_do:
        told.append(f" → {check.what_to_do}")
    return told


@commands.command("init")
@click.pass_obj
def init_command(instance: Path | None) -> None:
    """Make an instance folder: settings, a register to start from, and keys."""
    folder = instance or Path(os.environ.get("PORTAL_INSTANCE") or "instance")
    try:
        for path, made in make_instance(folder):
            out.print(f"{'made' if made else 'left as it is'}: {path}")
    except OSError as error:
        fail([f"{folder} cannot be written ({error.strerror})"])
    out.print(f"Now edit {folder / 'portal.toml'}, and see what is still to do: portal check")


@commands.group("ledger")
def ledger_group() -> None:
    """The tamper-evident log."""


@ledger_group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def ledger_verify(settings: Settings, as_json: bool) -> None:
    """Recompute the whole chain; prints its head, to be kept elsewhere."""
    if missing_file(settings.database):
        fail(["there is no database yet: start `portal run` once"])
    database = Database(settings.database)
    try:
        if not database.is_current():
            fail(["the database has not this version's tables: start `portal run` once"])
        found = Ledger(utc_now).verify(database)
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps(asdict(found)))
    elif found.ok:
        out.print(f"✓ {found.chained} entries are chained, {found.unchained} wait")
        out.print(f"head: {found.head}")
    else:
        err.print(f"✗ broken at link {found.bad_position}: {found.reason}")
    if not found.ok:
        raise SystemExit(1)


@commands.group("adapters", invoke_without_command=True)
@click.pass_context
def adapters_group(ctx: click.Context) -> None:
    """The connected CRMs; without a further word, a list of them."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(adapters_list, as_json=False)


@adapters_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@with_settings
def adapters_list(settings: Settings, as_json: bool) -> None:
    """List the connected CRMs, and the kinds that can be connected."""
    adapters = load_adapters(settings.adapters, settings.instance)
    zone = ZoneInfo(settings.timezone)
    connected = [_described(adapter, zone) for adapter in adapters.values()]
    for adapter in adapters.values():
        adapter.close()
    kinds = sorted(known_adapters())
    if as_json:
        click.echo(json.dumps({"connected": connected, "kinds": kinds}, ensure_ascii=False))
        return
    for one in connected:
        out.print("{name}: {kind}, {label}, erases: {erases}, {proven}".format(**one))
        if one["shadow_until"]:
            out.print(
                f"  in shadow until {one['shadow_until']}: it is read, and nothing is written"
            )
    out.print(f"kinds that can be connected: {', '.join(kinds) or 'none'}")


def _described(adapter: Adapter, zone: ZoneInfo) -> dict[str, str]:
    return {
        "name": adapter.name,
        "kind": adapter.settings.adapter,
        "label": next(iter(adapter.settings.label.values()), ""),
        "erases": adapter.capabilities.erase or "not",
        "proven": "proven" if adapter.proven else "not yet proven against a real server",
        "shadow_until": str(shadow_of(adapter, utc_now(), zone) or ""),
    }


@commands.group("register")
def register_group() -> None:
    """The register: what is held, why, and for how long."""


@register_group.command("check")
@with_settings
def register_check(settings: Settings) -> None:
    """Read the register, and name the line of every mistake."""
    path = settings.register_file
    try:
        register = read_register(path.read_text(encoding="utf-8-sig"), settings.languages)
    except RegisterError as error:
        fail([f"{path.name}: {problem}" for problem in error.problems])
    except (OSError, UnicodeDecodeError):
        fail([f"{path} cannot be read as text"])
    else:
        out.print(
            f"✓ {path}: {len(register.activities)} activities, {len(register.categories)} "
            f"categories, {len(register.fields)} fields, {len(register.purposes)} purposes"
        )
