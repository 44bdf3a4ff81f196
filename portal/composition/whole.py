"""A portal whose parts are put together: what everybody holds on to who runs one."""

from dataclasses import dataclass, field

from portal.adapters.contract import Registry
from portal.composition.erasures import Erased
from portal.composition.objections import Opposed
from portal.config import Settings
from portal.domain.register import Register
from portal.proof.ledger import Ledger
from portal.rights.cases.overdue import Overdue
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync.crew import Crew
from portal.sync.gates import Gates
from portal.sync.jobs import Handlers
from portal.sync.outbox import Outbox
from portal.sync.schedule import Schedule
from portal.sync.worker import Worker
from portal.web.context import Services


@dataclass(frozen=True)
class Portal:
    """A running portal: what the command line, the demo and the tests hold on to."""

    settings: Settings
    register: Register
    database: Database
    vault: Vault
    adapters: Registry
    outbox: Outbox
    ledger: Ledger
    gates: Gates
    handlers: Handlers
    overdue: Overdue
    schedule: Schedule
    erased: Erased
    opposed: Opposed
    worker: Worker
    crew: Crew
    services: Services = field(repr=False)

    def start(self) -> None:
        """Begin to work in the background."""
        self.schedule.arm()
        self.crew.start()

    def stop(self) -> None:
        """Finish what is in hand."""
        self.crew.stop()

    def close(self) -> None:
        """Stop, and let go of every connection."""
        self.stop()
        for adapter in self.adapters.values():
            adapter.close()
        self.database.close()
