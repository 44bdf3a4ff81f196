"""Restricting and objecting: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from datetime import tzinfo

from portal.access.notices import NoticeMail
from portal.config.parts import Limits
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.rights.cases.casebook import Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.deeds.marks import Marks
from portal.rights.held.holdings import Reading
from portal.rights.mailings.decide import Deciding
from portal.rights.requests.receiving import Requests
from portal.rights.restricting import lifting
from portal.rights.restricting.lifting import Lifting
from portal.rights.restricting.objecting import Objecting
from portal.rights.restricting.restrict import Restricting
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync.jobs import Handler
from portal.sync.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Opposed:
    """What she sets against the use of her data."""

    restricting: Restricting
    objecting: Objecting
    lifting: Lifting
    handlers: dict[str, Handler]


def put_objections_together(
    database: Database,
    vault: Vault,
    outbox: Outbox,
    register: Register,
    reading: Reading,
    requests: Requests,
    deciding: Deciding,
    marks: Marks,
    cases: Cases,
    recipients: Recipients,
    limits: Limits,
    mail: NoticeMail,
    zone: tzinfo,
    clock: Clock,
) -> Opposed:
    """All of it, over one portal's own parts."""
    restricting = Restricting(database, reading, requests, marks, cases, recipients, clock)
    lifts = Lifting(database, outbox, marks, restricting, mail, zone, clock)
    objecting = Objecting(
        database, vault, register, requests, deciding, restricting, cases, limits, clock
    )
    return Opposed(restricting, objecting, lifts, {lifting.JOB: lifts})
