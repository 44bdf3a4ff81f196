"""What the settings say, as the parts of the portal take it."""

from datetime import timedelta
from urllib.parse import urlsplit

from portal.access.handoff import HostSite
from portal.access.lifetimes import Lifetimes
from portal.adapters.contract import Registry
from portal.config import Settings
from portal.config.parts import Limits, MailSettings
from portal.domain.clock import Clock
from portal.mail.smtp import Relay
from portal.rights.address.means import Spans
from portal.store.database import Database
from portal.store.retention import Retention
from portal.sync.gates import Rate


def lifetimes_from(limits: Limits) -> Lifetimes:
    """The durations that the settings give in seconds."""
    return Lifetimes(
        signin=timedelta(seconds=limits.token_lifetime),
        confirm=timedelta(seconds=limits.confirm_lifetime),
        fresh_proof=timedelta(seconds=limits.proof_lifetime),
        session_idle=timedelta(seconds=limits.session_idle),
        session_absolute=timedelta(seconds=limits.session_absolute),
        code_tries=limits.code_tries,
    )


def relay_from(mail: MailSettings, public_url: str) -> Relay:
    """The mail server that the settings name."""
    return Relay(
        server=mail.server,
        port=mail.port,
        security=mail.security,
        sender=mail.sender,
        sender_name=mail.sender_name,
        username=mail.username,
        password=mail.password.get_secret_value() if mail.password else None,
        ca_file=str(mail.ca_file) if mail.ca_file else None,
        timeout=mail.timeout,
        message_id_domain=urlsplit(public_url).hostname or "localhost",
    )


def rates_of(adapters: Registry) -> dict[str, Rate]:
    """The adapters that may not be called as they come."""
    return {
        name: Rate(adapter.settings.per_second, adapter.settings.burst)
        for name, adapter in adapters.items()
        if adapter.settings.per_second is not None
    }


def spans_from(limits: Limits) -> Spans:
    """How long a change of address waits and can be taken back."""
    return Spans(
        wait=timedelta(seconds=limits.address_wait),
        back=timedelta(seconds=limits.address_back),
        links=timedelta(seconds=limits.address_links),
    )


def host_sites_from(settings: Settings) -> dict[str, HostSite]:
    """The websites, as those who may hand people over."""
    return {
        site.id: HostSite(
            keys=settings.instance / site.handoff_keys if site.handoff_keys else None,
            origins=(*site.origins, _origin_of(site.return_url)),
            languages=site.languages,
        )
        for site in settings.sites
    }


def _origin_of(page: str) -> str:
    parts = urlsplit(page)
    return f"{parts.scheme}://{parts.netloc}"


def retention_from(settings: Settings, database: Database, clock: Clock) -> Retention:
    """For as long as the settings say."""
    return Retention(database, timedelta(days=settings.retention.requests_days), clock)
