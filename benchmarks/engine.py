"""The parts of the portal that deliver, over a database and the slow CRM."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import cast

from sqlalchemy import func, select

from benchmarks.slow_crm import NEW, OLD, SlowCrm
from portal.access.directory import Directory
from portal.access.sessions import SignedIn
from portal.access.subjects import MAILBOX_TIER
from portal.adapters.contract import Adapter, Change
from portal.consent.suppression import Suppressions
from portal.domain.addresses import Email
from portal.domain.clock import utc_now
from portal.domain.rights import Goal, Right
from portal.domain.terms import FEED
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.doing import correction
from portal.rights.deeds.marks import Marks
from portal.rights.delivery.aftermath import Aftermath
from portal.rights.delivery.deliver import Delivering
from portal.rights.erasing.second import SecondErasures
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.requests.feed import Feed
from portal.rights.requests.receiving import JOB, Requests
from portal.store.database import Database
from portal.store.recalls import Recalls
from portal.store.tables import Job, Subject
from portal.store.vault import Keyring, Vault
from portal.sync.outbox import Outbox
from portal.sync.worker import Worker


@dataclass
class Engine:
    """What takes requests and what delivers them."""

    database: Database
    outbox: Outbox
    requests: Requests
    worker: Worker

    def receive(self, person: SignedIn) -> str:
        """Take one correction down, as the page does."""
        changes = {person.subject_id: [Change("phone", OLD, NEW)]}
        deliveries = {"crm": correction(person.email, changes)}
        return self.requests.receive(person, Right.RECTIFY, deliveries, locale="en")

    def is_idle(self) -> bool:
        """Is nothing left to deliver?"""
        with self.database.reading() as db:
            waiting = select(func.count()).select_from(Job).where(Job.ended_at.is_(None))
            return not db.scalar(waiting)


def engine(url: str, keys: Keyring, crm: SlowCrm) -> Engine:
    """An engine over the database at this address."""
    database, vault = Database(url), Vault(keys)
    database.migrate()
    outbox, ledger = Outbox(vault, utc_now), Ledger(utc_now)
    recalls, suppressions = Recalls(vault, utc_now), Suppressions(ledger, utc_now)
    marks, adapters = Marks(recalls, utc_now), {"crm": cast("Adapter", crm)}
    directory = Directory(adapters, {"bench": ()})
    others = OtherAddresses(database, vault, recalls, utc_now)
    feed = Feed(database, recalls, directory, FEED, utc_now)
    second = SecondErasures(
        database,
        vault,
        outbox,
        adapters,
        directory,
        suppressions,
        recalls,
        ledger,
        UTC,
        utc_now,
    )
    recipients, cases = cast("Recipients", None), cast("Cases", None)  # nobody is erased here
    aftermath = Aftermath(
        outbox, suppressions, feed, others, marks, second, recipients, cases, utc_now
    )
    delivering = Delivering(database, adapters, ledger, aftermath, others, marks, utc_now)
    worker = Worker(database, vault, {JOB: delivering}, clock=utc_now)
    requests = Requests(database, outbox, ledger, feed, others, utc_now)
    return Engine(database, outbox, requests, worker)


def people(database: Database, count: int) -> Sequence[SignedIn]:
    """So many subscribers, each signed in."""
    now = utc_now()
    ids = [secrets.token_hex(16) for _ in range(count)]
    with database.unit("subscribers made") as unit:
        unit.session.add_all(Subject(id=id, created_at=now) for id in ids)
        unit.commit()
    later = now + timedelta(hours=1)
    return [
        SignedIn(
            session_id=0,
            mailbox_id=id,
            subject_id=id,
            email=Email.parse(f"{id}@example.org"),
            site="bench",
            tier=MAILBOX_TIER,
            locale="en",
            kind="tab",
            goal=Goal.VIEW,
            fresh_for=None,
            fresh_until=None,
            idle_ends_at=later,
            ends_at=later,
        )
        for id in ids
    ]
