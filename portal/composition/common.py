"""What nearly every part of a portal works with: each made once, from the settings."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from portal.access.directory import Directory
from portal.access.lifetimes import Lifetimes
from portal.access.mailed import MailedProofs
from portal.access.sessions import Sessions
from portal.adapters.contract import Registry
from portal.adapters.registry import load_adapters
from portal.adapters.shadow import in_shadow
from portal.composition.from_settings import lifetimes_from, relay_from
from portal.config import Settings
from portal.consent.links import FooterLinks
from portal.consent.record import ConsentRecord, hash_of
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.domain.register_file import read_register, register_text
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Mailer
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.marks import Marks
from portal.rights.held.holdings import Reading
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.mailings.decide import Deciding
from portal.rights.requests.feed import Feed
from portal.rights.requests.receiving import Requests
from portal.store.database import Database
from portal.store.recalls import Recalls
from portal.store.vault import Keyring, Vault
from portal.sync.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Common:
    """The portal's own ground, and on it what most rights and duties share."""

    settings: Settings
    clock: Clock
    zone: tzinfo
    lifetimes: Lifetimes
    site_names: dict[str, str]
    vault: Vault
    links: FooterLinks
    register: Register
    adapters: Registry
    directory: Directory
    database: Database
    outbox: Outbox
    ledger: Ledger
    recalls: Recalls
    writer: LetterWriter
    mailer: Mailer
    sessions: Sessions
    mailed: MailedProofs
    cases: Cases
    recipients: Recipients
    marks: Marks
    others: OtherAddresses
    feed: Feed
    suppressions: Suppressions
    requests: Requests
    reading: Reading
    consents: ConsentRecord
    deciding: Deciding

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> Self:
        """All of it. The database is brought up to date; nothing else is asked or written."""
        keys = Keyring.load(settings.keys_file)
        vault = Vault(keys)
        text = register_text(settings.register_file.read_bytes())
        register = read_register(text, settings.languages)
        zone = ZoneInfo(settings.timezone)
        adapters = in_shadow(load_adapters(settings.adapters, settings.instance), clock, zone)
        database = Database(settings.database)
        database.ping()
        database.migrate()
        lifetimes = lifetimes_from(settings.limits)
        outbox, ledger, recalls = Outbox(vault, clock), Ledger(clock), Recalls(vault, clock)
        directory = Directory(adapters, {site.id: site.adapters for site in settings.sites})
        cases = Cases(database, vault, ledger, clock)
        others = OtherAddresses(database, vault, recalls, clock)
        feed_lasts = timedelta(days=settings.retention.feed_days)
        feed = Feed(database, recalls, directory, feed_lasts, clock)
        suppressions = Suppressions(ledger, clock)
        requests = Requests(database, outbox, ledger, feed, others, clock)
        reading = Reading(directory, register, database, others, settings.role_addresses)
        consents = ConsentRecord(clock, hash_of(text))
        return cls(
            settings=settings,
            clock=clock,
            zone=zone,
            lifetimes=lifetimes,
            site_names={site.id: site.name for site in settings.sites},
            vault=vault,
            links=FooterLinks(keys.links),
            register=register,
            adapters=adapters,
            directory=directory,
            database=database,
            outbox=outbox,
            ledger=ledger,
            recalls=recalls,
            writer=LetterWriter(settings.contact, zone),
            mailer=Mailer(relay_from(settings.mail, settings.public_url)),
            sessions=Sessions(database, vault, ledger, lifetimes, clock),
            mailed=MailedProofs(database, vault, lifetimes, clock),
            cases=cases,
            recipients=Recipients(register, cases),
            marks=Marks(recalls, clock),
            others=others,
            feed=feed,
            suppressions=suppressions,
            requests=requests,
            reading=reading,
            consents=consents,
            deciding=Deciding(database, register, reading, requests, consents, suppressions),
        )
