"""The operators' desk: the parts of it, put together for the composition root."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial

from portal.adapters.contract import Registry
from portal.adapters.shadow import shadows
from portal.desk.acts import Acts
from portal.desk.casework import Casework
from portal.desk.chosen import Counting
from portal.desk.queue import Queue
from portal.desk.services import Desk
from portal.desk.sessions import OperatorSessions
from portal.desk.signin import SigningIn
from portal.desk.timeline import Timelines
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.proof.ledger import Ledger
from portal.rights.cases.casebook import Cases
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync.gates import Gates
from portal.sync.jobs import Handler
from portal.sync.outbox import Outbox


def put_desk_together(
    database: Database,
    vault: Vault,
    register: Register,
    outbox: Outbox,
    ledger: Ledger,
    adapters: Registry,
    handlers: Mapping[str, Handler],
    gates: Gates,
    cases: Cases,
    zone: tzinfo,
    clock: Clock,
) -> Desk:
    """One service a matter; operators have sessions of their own."""
    sessions = OperatorSessions(database, ledger, clock)
    in_shadow = partial(shadows, adapters, clock, zone)
    return Desk(
        signing_in=SigningIn(database, vault, sessions, clock),
        sessions=sessions,
        queue=Queue(database, tuple(adapters), in_shadow, zone, clock),
        timelines=Timelines(database, ledger, zone, clock),
        acts=Acts(database, ledger, outbox, handlers, gates, clock),
        casework=Casework(database, cases, ledger, zone, clock),
        counting=Counting(database, register, clock),
    )
