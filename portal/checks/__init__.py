"""What `portal check` looks at: one line each, ok or what to do. Nothing is changed or sent."""

import http.client
import os
import ssl
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from portal import relay_from
from portal.adapters.contract import Adapter, AdapterError
from portal.adapters.shadow import shadow_of
from portal.checks.handoff import look_at_handoff_keys
from portal.checks.journal import look_at_journal
from portal.checks.links import look_at_links
from portal.config import ConfigError, Settings
from portal.domain.clock import utc_now
from portal.domain.register import Register
from portal.domain.register_file import RegisterError, read_register
from portal.domain.register_fit import Held, fit
from portal.mail.smtp import Mailer, MailError
from portal.store.database import Database, DatabaseAway
from portal.store.vault import Keyring, KeysUnusable

PUBLIC_TIMEOUT = 5.0
"""Seconds to wait for the portal's own address."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. A good one may still have something worth doing."""

    name: str
    ok: bool
    message: str
    what_to_do: str = ""


Connect = Callable[[], Mapping[str, Adapter]]
"""Builds the adapters; raises `AdapterError` or `ConfigError`, whose messages may be shown."""


def run_checks(settings: Settings, connect: Connect) -> Iterator[Check]:
    """Look at everything that these settings name, slowest last. Closes what it opens."""
    yield Check("settings", True, f"{len(settings.sites)} site(s), {len(settings.adapters)} CRM(s)")
    yield from _guarded("keys", partial(_keys, settings.keys_file))
    yield from _guarded("database", partial(_database, settings.database))
    yield from _guarded("journal", partial(_journal, settings))
    yield from _guarded("hand-over", partial(_handoff, settings))
    register: list[Register] = []
    yield from _guarded("register", partial(_register, settings, register))
    adapters: dict[str, Adapter] = {}
    yield from _guarded("adapters", partial(_connect, connect, adapters))
    answering: dict[str, Adapter] = {}
    zone = ZoneInfo(settings.timezone)
    for name, adapter in adapters.items():
        yield from _guarded(f"adapter {name}", partial(_adapter, name, adapter, zone, answering))
    if register and adapters:
        look = partial(_fit, register[0], answering, len(adapters))
        yield from _guarded("register and adapters", look)
        yield from _guarded("links", partial(_links, settings, register[0], answering))
    for name, adapter in adapters.items():
        yield from _guarded(f"adapter {name}", partial(_close, adapter))
    yield from _guarded("mail", partial(_mail, settings))
    yield from _guarded("public address", partial(_public_address, settings))


def _guarded(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """A check that crashes is a failed check; its message may hold a value and is not shown."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  whatever goes wrong, the other checks are made
        yield Check(
            name,
            False,
            f"the check itself failed ({type(error).__name__})",
            "this is a fault in the portal or an adapter: report it",
        )


def _keys(path: Path) -> Iterator[Check]:
    try:
        keys = Keyring.load(path)
    except KeysUnusable as error:
        yield Check("keys", False, str(error), "`portal init` makes keys where there are none")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        yield Check("keys", False, f"others may read {path} ({mode:o})", f"chmod 600 {path}")
        return
    yield Check("keys", True, f"{path}, for its owner only")
    if not keys.links:
        todo = "`portal links --new-key` adds one; then restart the portal and back the file up"
        yield Check("keys", True, "none for footer links yet: they do not work", todo)


def missing_file(address: str) -> Path | None:
    """The SQLite file of this address, if it is not there: to connect would make it."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    path = Path(url.database or "")
    return None if path.exists() else path


def _database(address: str) -> Iterator[Check]:
    url = make_url(address)
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(url.get_backend_name(), "other")
    path = missing_file(address)
    if path is not None:
        writable = os.access(path.parent, os.W_OK)
        todo = "" if writable else f"make the folder {path.parent} and let the portal write in it"
        yield Check("database", writable, "SQLite, not there yet: the first start makes it", todo)
        return
    try:
        database = Database(address)
    except (SQLAlchemyError, ImportError):
        extra = "pip install 'subscriber-portal[postgresql]'"
        yield Check("database", False, f"there is no driver for {kind}", extra)
        return
    try:
        database.ping()
        current = database.is_current()
    except (DatabaseAway, SQLAlchemyError):
        todo = "is it running, and do [portal] database's host, name and password fit?"
        yield Check("database", False, f"{kind} does not answer", todo)
        return
    finally:
        database.close()
    if current:
        yield Check("database", True, f"{kind}, with this version's tables")
    else:
        todo = "a start of `portal run` brings the tables up to date; make a back-up first"
        yield Check("database", False, f"{kind}, but its tables are of another version", todo)


def _journal(settings: Settings) -> Iterator[Check]:
    try:
        found = [*look_at_journal(settings)]
    except (KeysUnusable, DatabaseAway, SQLAlchemyError, ImportError):
        return  # those have lines of their own
    yield from (Check("journal", *one) for one in found)


def _handoff(settings: Settings) -> Iterator[Check]:
    yield from (Check("hand-over", *one) for one in look_at_handoff_keys(settings))


def _register(settings: Settings, register: list[Register]) -> Iterator[Check]:
    path = settings.register_file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        yield Check(
            "register", False, f"{path} cannot be read as text", "`portal init` makes a starter"
        )
        return
    try:
        found = read_register(text, settings.languages)
    except RegisterError as error:
        for problem in error.problems:
            yield Check("register", False, f"{path.name}: {problem}", f"correct {path}")
        return
    register.append(found)
    yield Check(
        "register",
        True,
        f"{len(found.activities)} activities, {len(found.fields)} fields, "
        f"{len(found.purposes)} purposes",
    )


def _connect(connect: Connect, adapters: dict[str, Adapter]) -> Iterator[Check]:
    try:
        adapters.update(connect())
    except (AdapterError, ConfigError) as error:
        for line in str(error).splitlines():
            yield Check("adapters", False, line, "correct this adapter's section of portal.toml")
        return
    if not adapters:
        todo = "add a section [adapters.NAME] to portal.toml"
        yield Check("adapters", False, "no CRM is connected", todo)


def _adapter(
    name: str, adapter: Adapter, zone: ZoneInfo, answering: dict[str, Adapter]
) -> Iterator[Check]:
    try:
        adapter.ping()
    except AdapterError as error:
        todo = f"check [adapters.{name}] and that its CRM can be reached from here"
        yield Check(f"adapter {name}", False, str(error), todo)
        return
    answering[name] = adapter
    proven = "" if adapter.proven else " (not yet proven against a real server)"
    yield Check(f"adapter {name}", True, f"answers, and fits its settings{proven}")
    if until := shadow_of(adapter, utc_now(), zone):
        message = f"in shadow until {until}: everything is read, nothing is written"
        todo = "see on the desk what would have been done; take shadow_until out to begin sooner"
        yield Check(f"adapter {name}", True, message, todo)
    # Not in the contract: an adapter may know of more that is worth saying.
    for warning in getattr(adapter, "warnings", list)():
        yield Check(f"adapter {name}", True, str(warning), "worth a look")


def _close(adapter: Adapter) -> Iterator[Check]:
    adapter.close()
    yield from ()


def held_by(adapter: Adapter) -> Held:
    """What an adapter says that its CRM holds, to compare with the register."""
    return Held(
        fields=frozenset(info.field for info in adapter.fields() if info.field is not None),
        writable=adapter.capabilities.writable,
        purposes=adapter.capabilities.consents,
        categories=adapter.capabilities.categories,
        frequencies=adapter.capabilities.frequencies,
        links=adapter.capabilities.links,
    )


def _fit(register: Register, answering: Mapping[str, Adapter], connected: int) -> Iterator[Check]:
    name = "register and adapters"
    try:
        found = fit(register, {one: held_by(adapter) for one, adapter in answering.items()})
    except AdapterError as error:
        yield Check(name, False, str(error), "check the adapter that could not be asked")
        return
    for message in found.errors:
        yield Check(name, False, message, "add it to the register, or take it out of the adapter")
    # What no adapter holds may be held by the one that did not answer.
    warnings = found.warnings if len(answering) == connected else ()
    for message in warnings:
        yield Check(name, True, message, "map it in an adapter, or take it out of the register")
    if not found.errors and not warnings:
        yield Check(name, True, "tell the same story")


def _links(
    settings: Settings, register: Register, answering: Mapping[str, Adapter]
) -> Iterator[Check]:
    try:
        found = [*look_at_links(settings, register, answering)]
    except AdapterError:
        return  # it has a line of its own
    yield from (Check("links", *one) for one in found)


def _mail(settings: Settings) -> Iterator[Check]:
    mail = settings.mail
    place = f"{mail.server}:{mail.port}"
    try:
        Mailer(relay_from(mail, settings.public_url)).check()
    except MailError as error:
        yield Check("mail", False, f"{place}: {error}", "check [mail] in portal.toml")
        return
    how = {"starttls": "STARTTLS, certificate verified", "tls": "TLS, certificate verified"}
    yield Check("mail", True, f"{place} answers ({how.get(mail.security, 'without encryption')})")


def _public_address(settings: Settings) -> Iterator[Check]:
    name = "public address"
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    if settings.is_loopback:
        yield Check(name, True, f"{settings.public_url}, for this machine only")
        return
    connection = http.client.HTTPSConnection(
        host, parts.port, timeout=PUBLIC_TIMEOUT, context=ssl.create_default_context()
    )
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError:
        todo = "give your web server a certificate for this name"
        yield Check(name, False, f"the certificate of {host} is not valid for it", todo)
        return
    except (OSError, http.client.HTTPException):
        todo = "start the portal, and check the name's DNS record and your web server"
        yield Check(name, False, f"nothing answers at {settings.public_url}", todo)
        return
    finally:
        connection.close()
    if status == http.client.OK:
        yield Check(name, True, f"{settings.public_url} answers, certificate verified")
    else:
        todo = "let your web server hand this name on to the portal, with its Host header"
        yield Check(name, False, f"{settings.public_url}/healthz answers {status}", todo)
