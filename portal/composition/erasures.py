"""Erased stays erased: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from datetime import tzinfo

from portal.access.directory import Directory
from portal.adapters.contract import Registry
from portal.consent.suppression import Suppressions
from portal.domain.clock import Clock
from portal.domain.register import Ground, Kind, Register
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.marks import Marks
from portal.rights.delivery.aftermath import Aftermath
from portal.rights.erasing.second import JOB as SECOND
from portal.rights.erasing.second import SecondErasures
from portal.rights.held.naming import Naming
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.lasting import reapply, recheck, replanned
from portal.rights.lasting.reappeared import Reappeared
from portal.rights.lasting.recovery import Recovery
from portal.rights.lasting.recreate import Recreating
from portal.rights.lasting.remembered_again import RememberingAgain
from portal.rights.lasting.replay import Replaying
from portal.rights.lasting.sweep import Sweeping
from portal.rights.requests import journaling
from portal.rights.requests.feed import Feed
from portal.rights.requests.kept_records import KeptRecords
from portal.rights.requests.planned import PLANNED
from portal.store.database import Database
from portal.store.journal import Journal
from portal.store.recalls import Recalls
from portal.store.vault import Vault
from portal.sync.jobs import Handler
from portal.sync.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Erased:
    """What keeps those who were erased away."""

    suppressions: Suppressions
    aftermath: Aftermath
    second: SecondErasures
    sweeping: Sweeping
    replaying: Replaying
    recovery: Recovery
    recreating: Recreating
    handlers: dict[str, Handler]


def put_erasures_together(
    database: Database,
    vault: Vault,
    outbox: Outbox,
    ledger: Ledger,
    register: Register,
    adapters: Registry,
    directory: Directory,
    journal: Journal,
    feed: Feed,
    others: OtherAddresses,
    marks: Marks,
    recalls: Recalls,
    cases: Cases,
    recipients: Recipients,
    zone: tzinfo,
    clock: Clock,
) -> Erased:
    """All of it, over one portal's own parts."""
    opt_ins = [one.id for one in register.purposes if one.ground is Ground.CONSENT]
    name_fields = [field.id for field in register.fields if field.kind is Kind.NAME]
    naming = Naming(database, vault, name_fields)
    suppressions = Suppressions(ledger, clock)
    reappeared = Reappeared(outbox, ledger, clock)
    replaying = Replaying(
        database, vault, outbox, directory, suppressions, marks, ledger, clock, opt_ins, naming
    )
    second = SecondErasures(
        database, vault, outbox, adapters, directory, suppressions, recalls, ledger, zone, clock
    )
    again = reapply.Reapplying(
        database, adapters, directory, suppressions, marks, second, ledger, clock, opt_ins
    )
    look = recheck.Rechecking(
        database, adapters, directory, suppressions, reappeared, clock, opt_ins
    )
    recovery = Recovery(database, journal, clock)
    return Erased(
        suppressions=suppressions,
        aftermath=Aftermath(
            outbox, suppressions, feed, others, marks, second, recipients, cases, clock
        ),
        second=second,
        sweeping=Sweeping(
            database, vault, directory, suppressions, reappeared, ledger, clock, opt_ins, naming
        ),
        replaying=replaying,
        recovery=recovery,
        recreating=Recreating(
            database,
            journal,
            recovery,
            adapters,
            suppressions,
            replaying,
            RememberingAgain(database, adapters, second, KeptRecords(vault, clock), clock),
            cases,
            outbox,
            ledger,
            clock,
        ),
        handlers={
            PLANNED: replanned.Replanning(database, adapters, suppressions, replaying, clock),
            reapply.JOB: again,
            recheck.JOB: look,
            SECOND: second,
            journaling.JOB: journaling.Journaling(database, journal, clock),
        },
    )
