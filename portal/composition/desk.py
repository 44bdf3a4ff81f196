"""The operators' desk: the parts of it, put together for the composition root."""

from collections.abc import Mapping
from functools import partial

from portal.adapters.shadow import shadows
from portal.composition.common import Common
from portal.desk.acts import Acts
from portal.desk.casework import Casework
from portal.desk.chosen import Counting
from portal.desk.queue import Queue
from portal.desk.services import Desk
from portal.desk.sessions import OperatorSessions
from portal.desk.signin import SigningIn
from portal.desk.timeline import Timelines
from portal.sync.gates import Gates
from portal.sync.jobs import Handler


def put_desk_together(common: Common, handlers: Mapping[str, Handler], gates: Gates) -> Desk:
    """One service a matter; operators have sessions of their own."""
    database, vault, ledger = common.database, common.vault, common.ledger
    adapters, zone, clock = common.adapters, common.zone, common.clock
    sessions = OperatorSessions(database, ledger, clock)
    in_shadow = partial(shadows, adapters, clock, zone)
    return Desk(
        signing_in=SigningIn(database, vault, sessions, clock),
        sessions=sessions,
        queue=Queue(database, tuple(adapters), in_shadow, zone, clock),
        timelines=Timelines(database, ledger, zone, clock),
        acts=Acts(database, ledger, common.outbox, handlers, gates, clock),
        casework=Casework(database, common.cases, ledger, zone, clock),
        counting=Counting(database, common.register, clock),
    )
