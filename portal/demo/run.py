"""`portal demo`: everything on this machine, started together and stopped together."""

import signal
import sys
import tempfile
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from email.headerregistry import Address
from pathlib import Path
from types import FrameType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import click
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from portal import Portal, create_app
from portal.adapters.contract import AdapterError
from portal.composition.linking import fill_links
from portal.config import ConfigError, Settings
from portal.demo.crm import create_crm, subscriber_to_be
from portal.demo.mailbox import Mailbox
from portal.demo.newsletter import Newsletter
from portal.demo.pages import create_demo_pages
from portal.demo.rows import CrmRows, WholeCrm
from portal.demo.serving import HOST, PortInUse, Server
from portal.demo.settings import CONFIG, make_settings, sqlite_url
from portal.demo.website import Embedding, create_website
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.register_file import RegisterError
from portal.store.database import DatabaseAway, DatabaseUnfit
from portal.store.vault import KeysUnusable
from portal.sync.passing import LeftAlone

DONE, WRONG, MISUSED = 0, 1, 2
"""Exit codes."""
FAULTS = (ConfigError, RegisterError, AdapterError, DatabaseAway, DatabaseUnfit, KeysUnusable)
"""What a folder or a database of one's own may have; all of them say what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What can be chosen about a run of the demo."""

    port: int = 8080
    site_port: int = 8081
    data: Path | None = None
    """Where keys and databases go and stay; None: a folder that goes when the demo stops."""
    subscribers: int = 3000
    crm_url: str | None = None
    """Another CRM than the demo's own, as a SQLAlchemy address."""
    config: Path | None = None
    """A folder with another ``portal.toml`` and ``register.toml``."""


class CannotStart(Exception):
    """The demo does not start; the message is one line for whoever started it."""


def run_demo(options: DemoOptions) -> int:
    """Start everything, say where it is, and run until Ctrl-C or SIGTERM; returns the exit code."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 110)
    stop = _stop_signal()
    with ExitStack() as running:
        try:
            _start(options, running, console)
        except PortInUse as error:
            option = "--site-port" if error.port == options.site_port else "--port"
            click.echo(f"Port {error.port} is in use: choose another one with {option}.", err=True)
            return MISUSED
        except (CannotStart, *FAULTS) as error:
            click.echo(str(error), err=True)
            return WRONG
        stop.wait()
        console.print("Stopping …")
    return DONE


def _stop_signal() -> threading.Event:
    stop = threading.Event()

    def asked_to(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked_to)
    return stop


def _start(options: DemoOptions, running: ExitStack, console: Console) -> None:
    """Start everything, in an order that leaves nothing behind when a step fails."""
    doors = _Doors()
    portal_server = Server(doors.portal, options.port, "demo-portal")
    running.callback(portal_server.stop)
    website_server = Server(doors.website, options.site_port, "demo-website")
    running.callback(website_server.stop)
    portal_url = f"http://localhost:{portal_server.port}"
    website_url = f"http://{HOST}:{website_server.port}"

    data = _data_folder(options, running)
    mailbox = running.enter_context(Mailbox())
    own_crm = _own_crm(options, data)
    settings = make_settings(
        data,
        options.config or CONFIG,
        portal_url=portal_url,
        website_url=website_url,
        mail_port=mailbox.port,
        crm_url=own_crm or options.crm_url,
    )
    app = create_app(settings)
    portal: Portal = app.extensions["portal"]
    running.callback(portal.close)
    subscriber = subscriber_to_be() if own_crm else _first_subscriber(portal)
    rows = _rows_of(settings, running)
    newsletter = _newsletter(portal, rows, mailbox) if own_crm else None

    doors.behind_website = create_website(
        Embedding(portal_url, settings.sites[0].id, subscriber)
    ).wsgi_app
    doors.behind_demo = create_demo_pages(
        mailbox, rows, website=website_url, subscriber=subscriber, newsletter=newsletter
    ).wsgi_app
    doors.behind_portal = app.wsgi_app
    portal.start()
    for server in (portal_server, website_server):
        server.start()
        running.callback(server.stop)  # before what stands behind it is closed
    _say(console, portal_url, website_url, subscriber, options.data, newsletter is not None)


class _Doors:
    """The two addresses are held before what answers there exists, and is told about them."""

    behind_portal: WSGIApplication
    behind_demo: WSGIApplication
    behind_website: WSGIApplication

    def portal(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The portal, and beside it, with nothing of it but the address, the demo's own pages."""
        path = environ["PATH_INFO"]
        demo = path == "/demo" or path.startswith("/demo/")
        return (self.behind_demo if demo else self.behind_portal)(environ, start_response)

    def website(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The company's website."""
        return self.behind_website(environ, start_response)


def _data_folder(options: DemoOptions, running: ExitStack) -> Path:
    if options.data is None:
        return Path(running.enter_context(tempfile.TemporaryDirectory(prefix="portal-demo-")))
    try:
        options.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{options.data}: {error.strerror}") from None
    return options.data.absolute()


def _own_crm(options: DemoOptions, data: Path) -> str | None:
    """The address of the demo's own CRM, made where it was not; None when another one is used."""
    if options.crm_url or options.config:
        return None
    path = data / "crm.sqlite"
    if not path.exists():
        create_crm(path, subscribers=options.subscribers)
    return sqlite_url(path)


def _newsletter(portal: Portal, rows: CrmRows, mailbox: Mailbox) -> Newsletter:
    """The nursery's mailing program; the CRM's fields for its links are filled before it starts."""

    def fill() -> None:
        try:
            fill_links(portal, portal.settings.sites[0].id)
        except (
            AdapterError,
            LeftAlone,
        ) as error:  # then as it was last night
            click.echo(f"links: {error}", err=True)

    fill()
    mail = portal.settings.mail
    sender = Address(mail.sender_name or "", addr_spec=mail.sender)
    return Newsletter(rows, fill, mailbox.host, mailbox.port, sender)


def _rows_of(settings: Settings, running: ExitStack) -> CrmRows:
    """A look past the adapter, where the CRM is an SQL database."""
    url = next(iter(settings.adapters.values())).get("url")
    if not isinstance(url, str):
        return lambda _email: []
    crm = WholeCrm(url)
    running.callback(crm.close)
    return crm


def _first_subscriber(portal: Portal) -> str:
    adapter = next(iter(portal.adapters.values()))
    for _, address in adapter.scan():
        try:
            Email.parse(address)
        except InvalidEmail:
            continue
        return address
    raise CannotStart("The CRM holds nobody with an e-mail address.")


def _say(
    console: Console,
    portal_url: str,
    website_url: str,
    subscriber: str,
    data: Path | None,
    newsletter: bool,
) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("Website", f"{website_url}/", "the company's site, with the portal in it")
    table.add_row("Sign in as", f"[bold]{subscriber}[/bold]", "on the website or the portal")
    table.add_row("Mailbox", f"{portal_url}/demo/mail", "all mail, with the code in it")
    if newsletter:
        place = f"{portal_url}/demo/newsletter"
        table.add_row("Newsletter", place, "send one, and stop it by the link at its foot")
    table.add_row("Portal", f"{portal_url}/", "the same without a website around it")
    table.add_row("CRM", f"{portal_url}/demo/crm", "what the database itself holds")
    if data is not None:
        table.add_row("Data", str(data), "stays when the demo stops")
    console.print(
        Panel(table, title="Subscriber Portal: the demo is running", expand=False),
        soft_wrap=False,
    )
    console.print("Stop it with Ctrl-C.")
    console.file.flush()


_FOLDER = click.Path(file_okay=False, path_type=Path)
_PORT = click.IntRange(0, 65535)


@click.command("demo")
@click.option("--port", type=_PORT, default=8080, show_default=True, help="Of the portal.")
@click.option("--site-port", type=_PORT, default=8081, show_default=True, help="Of the website.")
@click.option("--data", type=_FOLDER, help="Keep keys and databases here, for the next time.")
@click.option(
    "--subscribers",
    type=click.IntRange(1, 1_000_000),
    default=3000,
    show_default=True,
    help="How many people the demo's own CRM holds.",
)
@click.option("--crm-url", metavar="URL", help="Another CRM: an SQLAlchemy database address.")
@click.option(
    "--config",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with another portal.toml and register.toml.",
)
@click.pass_context
def demo_command(
    context: click.Context,
    port: int,
    site_port: int,
    data: Path | None,
    subscribers: int,
    crm_url: str | None,
    config: Path | None,
) -> None:
    """Start the portal, a website that embeds it, a CRM and a mailbox, all on this machine."""
    options = DemoOptions(
        port=port,
        site_port=site_port,
        data=data,
        subscribers=subscribers,
        crm_url=crm_url,
        config=config,
    )
    context.exit(run_demo(options))
