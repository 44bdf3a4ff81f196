"""Putting a portal together from its settings: the one place that sees every part.

It is a list and as long as the portal has parts: each is made once, and nothing is decided here.
Parts that belong together are put together in the modules beside it.
"""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from portal.access.api_keys import ApiKeys
from portal.access.ask import JOB as PROOF_MAIL
from portal.access.ask import Asking
from portal.access.directory import Directory
from portal.access.handoff import HandingOver
from portal.access.mailed import MailedProofs
from portal.access.notices import JOB as NOTICE
from portal.access.notices import NoticeMail, Notices
from portal.access.proof_mail import ProofMail
from portal.access.redeem import Redeeming
from portal.access.sessions import Sessions
from portal.adapters.registry import load_adapters
from portal.adapters.shadow import in_shadow
from portal.composition.addresses import put_addresses_together
from portal.composition.desk import put_desk_together
from portal.composition.erasures import put_erasures_together
from portal.composition.from_settings import (
    host_sites_from,
    lifetimes_from,
    rates_of,
    relay_from,
    retention_from,
    spans_from,
)
from portal.composition.mailings import PAUSE, Mailings
from portal.composition.objections import put_objections_together
from portal.composition.whole import Portal
from portal.config import Settings
from portal.consent.links import FooterLinks
from portal.consent.record import ConsentRecord, hash_of
from portal.domain.clock import Clock, utc_now
from portal.domain.register_file import read_register, register_text
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Mailer
from portal.proof.ledger import Ledger
from portal.rights.address.means import Means
from portal.rights.cases.casebook import Cases
from portal.rights.cases.overdue import Overdue
from portal.rights.cases.recipients import Recipients
from portal.rights.copies.export import Exporting
from portal.rights.copies.keeping import Copies
from portal.rights.copies.telling import Telling
from portal.rights.correcting.choose import Choosing
from portal.rights.correcting.correct import Correcting
from portal.rights.correcting.drafts import Drafts
from portal.rights.deeds.brake import Census
from portal.rights.deeds.marks import Marks
from portal.rights.delivery.deliver import Delivering
from portal.rights.erasing.erase import Erasing
from portal.rights.erasing.later import Planning
from portal.rights.held.holdings import Reading
from portal.rights.held.moves import Moves
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.held.seen import Seals
from portal.rights.held.telling_apart import TellingApart
from portal.rights.mailings.decide import Deciding
from portal.rights.mailings.mailable import Mailable
from portal.rights.requests.ask_us import AskingUs
from portal.rights.requests.feed import Feed
from portal.rights.requests.own import OwnRecords
from portal.rights.requests.progress import Following
from portal.rights.requests.receiving import JOB as DELIVERY
from portal.rights.requests.receiving import Requests
from portal.rights.services import Rights
from portal.store.database import Database
from portal.store.files import LogCut
from portal.store.journal import Journal
from portal.store.recalls import Recalls
from portal.store.vault import Keyring, Vault
from portal.sync.crew import Crew
from portal.sync.gates import Gates
from portal.sync.jobs import Handlers
from portal.sync.outbox import Outbox
from portal.sync.schedule import JOB as SCHEDULE
from portal.sync.schedule import Every, Schedule
from portal.sync.worker import Worker
from portal.upkeep import Upkeep
from portal.web.context import Services
from portal.web.wellknown import policy_since


def compose(settings: Settings, clock: Clock = utc_now) -> Portal:
    """Put a portal together. CRMs and mail server may be away; that shows when they are needed."""
    keys = Keyring.load(settings.keys_file)
    vault, links = Vault(keys), FooterLinks(keys.links)
    text = register_text(settings.register_file.read_bytes())
    register = read_register(text, settings.languages)
    zone = ZoneInfo(settings.timezone)
    adapters = in_shadow(load_adapters(settings.adapters, settings.instance), clock, zone)
    database = Database(settings.database)
    database.ping()
    database.migrate()
    outbox, ledger = Outbox(vault, clock), Ledger(clock)
    lifetimes = lifetimes_from(settings.limits)
    directory = Directory(adapters, {site.id: site.adapters for site in settings.sites})
    sessions = Sessions(database, vault, ledger, lifetimes, clock)
    journal = Journal(settings.journal_file, vault)
    cases, recalls = Cases(database, vault, ledger, clock), Recalls(vault, clock)
    recipients, marks = Recipients(register, cases), Marks(recalls, clock)
    others = OtherAddresses(database, vault, recalls, clock)
    feed_lasts = timedelta(days=settings.retention.feed_days)
    feed = Feed(database, recalls, directory, feed_lasts, clock)
    erased = put_erasures_together(
        database,
        vault,
        outbox,
        ledger,
        register,
        adapters,
        directory,
        journal,
        feed,
        others,
        marks,
        recalls,
        cases,
        recipients,
        zone,
        clock,
    )
    requests = Requests(database, outbox, ledger, feed, others, clock)
    reading = Reading(directory, register, database, others, settings.role_addresses)
    consents = ConsentRecord(clock, hash_of(text))
    deciding = Deciding(database, register, reading, requests, consents, erased.suppressions)
    mailings = Mailings.put_together(
        database,
        vault,
        outbox,
        ledger,
        register,
        reading,
        requests,
        deciding,
        consents,
        recalls,
        links,
        settings.public_url,
        zone,
        clock,
    )
    correcting = Correcting(register, requests, Seals(vault), recipients)
    choosing = Choosing(database, vault, correcting, ledger, clock)
    copies = Copies(database, vault, ledger, others, clock)
    upkeep = Upkeep(database, settings.keys_file, feed, clock)
    overdue = Overdue(database, zone, clock)
    writer = LetterWriter(settings.contact, zone)
    mailer = Mailer(relay_from(settings.mail, settings.public_url))
    site_names = {site.id: site.name for site in settings.sites}
    mailed = MailedProofs(database, vault, lifetimes, clock)
    means = Means(
        database=database,
        vault=vault,
        outbox=outbox,
        ledger=ledger,
        recalls=recalls,
        marks=marks,
        others=others,
        sessions=sessions,
        mailed=mailed,
        notices=Notices(outbox),
        directory=directory,
        reading=reading,
        requests=requests,
        feed=feed,
        register=register,
        cases=cases,
        spans=spans_from(settings.limits),
        site_names=site_names,
        public_url=settings.public_url,
        zone=zone,
        clock=clock,
    )
    moved = put_addresses_together(means, settings.limits, writer, mailer)
    schedule = Schedule(
        database,
        outbox,
        (
            Every("forget", timedelta(hours=1), upkeep.forget),
            Every("sessions", timedelta(hours=1), sessions.forget),
            Every("retention", timedelta(days=1), retention_from(settings, database, clock).sweep),
            Every("keys", timedelta(days=1), upkeep.look_at_keys),
            Every("breaks", timedelta(hours=1), mailings.pausing.forget),
            Every("deadlines", timedelta(hours=1), overdue.watch),
            Every("conflicts", timedelta(hours=1), choosing.lapse),
            Every("addresses", timedelta(hours=1), moved.changing.asking.forget),
            Every("cases", timedelta(days=1), cases.forget),
            Every("census", timedelta(days=1), Census(database, adapters, clock).take),
        ),
        clock,
    )
    notices = NoticeMail(writer, mailer, site_names, clock)
    opposed = put_objections_together(
        database,
        vault,
        outbox,
        register,
        reading,
        requests,
        deciding,
        marks,
        cases,
        recipients,
        settings.limits,
        notices,
        zone,
        clock,
    )
    handlers: Handlers = {
        PROOF_MAIL: ProofMail(
            database,
            vault,
            directory,
            writer,
            mailer,
            public_url=settings.public_url,
            site_names=site_names,
            lifetimes=lifetimes,
            unknown_per_day=settings.limits.mails_unknown_day,
            clock=clock,
        ),
        NOTICE: notices,
        PAUSE: mailings.pause_over,
        DELIVERY: Delivering(database, adapters, ledger, erased.aftermath, marks, clock),
        SCHEDULE: schedule,
        **erased.handlers,
        **opposed.handlers,
        **moved.handlers,
    }
    chores = (
        partial(ledger.seal, database),
        sessions.end_expired,
        copies.expire,
        LogCut(settings.database),
    )
    gates = Gates(rates_of(adapters))
    erased.recovery.look()
    a_worker = partial(
        Worker,
        database,
        vault,
        handlers,
        clock=clock,
        gates=gates,
        may_work=erased.recovery.may_serve,
    )
    worker = a_worker(chores=chores)
    crew = Crew(database, [worker, *(a_worker() for _ in range(settings.workers - 1))])
    outbox.subscribe(crew.wake)
    services = Services(
        settings=settings,
        register=register,
        database=database,
        adapters=adapters,
        asking=Asking(database, vault, outbox, ledger, settings.limits, clock),
        redeeming=Redeeming(database, vault, sessions, mailed, clock),
        api_keys=ApiKeys(database, vault, ledger, settings.limits.api_calls_per_minute, clock),
        handing_over=HandingOver(
            database,
            vault,
            directory,
            sessions,
            host_sites_from(settings),
            settings.public_url,
            clock,
        ),
        sessions=sessions,
        rights=Rights(
            reading=reading,
            correcting=correcting,
            drafts=Drafts(vault, clock),
            choosing=choosing,
            deciding=deciding,
            stopping=mailings.stopping,
            undoing=mailings.undoing,
            giving=mailings.giving,
            heeding=mailings.heeding,
            often=mailings.often,
            pausing=mailings.pausing,
            restricting=opposed.restricting,
            objecting=opposed.objecting,
            erasing=Erasing(requests, sessions, recipients, ledger, clock),
            planning=Planning(
                database,
                register,
                reading,
                requests,
                deciding,
                consents,
                sessions,
                erased.suppressions,
                recipients,
                ledger,
                clock,
            ),
            exporting=Exporting(
                database,
                Telling(register, settings, clock),
                requests,
                consents,
                copies,
                ledger,
            ),
            requests=requests,
            own=OwnRecords(database, clock),
            recipients=recipients,
            following=Following(database, vault, clock),
            feed=feed,
            mailable=Mailable(
                database,
                vault,
                register,
                directory,
                reading,
                consents,
                Moves(vault, recalls, clock),
                clock,
            ),
            cases=cases,
            changing=moved.changing,
            telling_apart=TellingApart(database, vault, sessions, register, reading, clock),
            asking_us=AskingUs(database, vault, requests, cases, settings.limits, clock),
        ),
        links=links,
        policy_since=policy_since(settings),
        desk=put_desk_together(
            database, vault, register, outbox, ledger, adapters, handlers, gates, cases, zone, clock
        ),
        recovery=erased.recovery,
        clock=clock,
    )
    return Portal(
        settings=settings,
        register=register,
        database=database,
        vault=vault,
        adapters=adapters,
        outbox=outbox,
        ledger=ledger,
        gates=gates,
        handlers=handlers,
        overdue=overdue,
        schedule=schedule,
        erased=erased,
        opposed=opposed,
        worker=worker,
        crew=crew,
        services=services,
    )
