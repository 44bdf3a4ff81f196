"""What a portal does by itself: at its times, and beside every delivery."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

from portal.composition.addresses import Moved
from portal.composition.common import Common
from portal.composition.from_settings import rates_of, retention_from
from portal.composition.mailings import Mailings
from portal.rights.cases.overdue import Overdue
from portal.rights.copies.keeping import Copies
from portal.rights.correcting.choose import Choosing
from portal.rights.deeds.brake import Census
from portal.rights.lasting.recovery import Recovery
from portal.store.files import LogCut
from portal.sync.crew import Crew
from portal.sync.gates import Gates
from portal.sync.jobs import Handlers
from portal.sync.schedule import Every, Schedule
from portal.sync.worker import Worker
from portal.upkeep import Upkeep


def schedule_of(
    common: Common, mailings: Mailings, moved: Moved, choosing: Choosing, overdue: Overdue
) -> Schedule:
    """What has to be done every hour or every day."""
    database, clock = common.database, common.clock
    upkeep = Upkeep(database, common.settings.keys_file, common.feed, clock)
    retention = retention_from(common.settings, database, clock)
    hour, day = timedelta(hours=1), timedelta(days=1)
    return Schedule(
        database,
        common.outbox,
        (
            Every("forget", hour, upkeep.forget),
            Every("sessions", hour, common.sessions.forget),
            Every("retention", day, retention.sweep),
            Every("keys", day, upkeep.look_at_keys),
            Every("breaks", hour, mailings.pausing.forget),
            Every("deadlines", hour, overdue.watch),
            Every("conflicts", hour, choosing.lapse),
            Every("addresses", hour, moved.changing.asking.forget),
            Every("cases", day, common.cases.forget),
            Every("census", day, Census(database, common.adapters, clock).take),
        ),
        clock,
    )


@dataclass(frozen=True, slots=True)
class Work:
    """The workers of one process, of whom the first has the chores."""

    worker: Worker
    crew: Crew
    gates: Gates

    @classmethod
    def of(cls, common: Common, handlers: Handlers, recovery: Recovery, copies: Copies) -> Self:
        """As many as the settings say. They do nothing before the portal may serve."""
        database, settings = common.database, common.settings
        chores = (
            partial(common.ledger.seal, database),
            common.sessions.end_expired,
            copies.expire,
            LogCut(settings.database),
        )
        gates = Gates(rates_of(common.adapters))
        a_worker = partial(
            Worker,
            database,
            common.vault,
            handlers,
            clock=common.clock,
            gates=gates,
            may_work=recovery.may_serve,
        )
        worker = a_worker(chores=chores)
        crew = Crew(database, [worker, *(a_worker() for _ in range(settings.workers - 1))])
        common.outbox.subscribe(crew.wake)
        return cls(worker, crew, gates)
