"""What stops, starts, pauses and tells of mailings: put together for the composition root."""

from dataclasses import dataclass
from typing import Self

from portal.access.notices import Notices
from portal.composition.common import Common
from portal.rights.held.moves import Moves
from portal.rights.mailings.give import Giving
from portal.rights.mailings.mailable import Mailable
from portal.rights.mailings.often import Often
from portal.rights.mailings.pause import JOB, Pausing
from portal.rights.mailings.pause_over import PauseOver
from portal.rights.mailings.signal import Heeding
from portal.rights.mailings.stop import Stopping
from portal.rights.mailings.undo import Undoing
from portal.sync.jobs import Handler


@dataclass(frozen=True, slots=True)
class Mailings:
    """One service a deed; and the handler of the day on which a break is over."""

    stopping: Stopping
    undoing: Undoing
    giving: Giving
    heeding: Heeding
    often: Often
    pausing: Pausing
    mailable: Mailable
    handlers: dict[str, Handler]

    @classmethod
    def of(cls, common: Common) -> Self:
        """All of them over one portal's own parts."""
        database, vault, outbox = common.database, common.vault, common.outbox
        register, reading, requests = common.register, common.reading, common.requests
        deciding, record, recalls = common.deciding, common.consents, common.recalls
        public_url, zone, clock = common.settings.public_url, common.zone, common.clock
        notices, links = Notices(outbox), common.links
        undoing = Undoing(database, vault, register, reading, requests, record, recalls, clock)
        stopping = Stopping(database, vault, register, reading, deciding, record, undoing, clock)
        return cls(
            stopping=stopping,
            undoing=undoing,
            giving=Giving(reading, deciding, record, notices, links, public_url, zone, clock),
            heeding=Heeding(database, register, reading, stopping, clock),
            often=Often(database, vault, reading, requests, record, clock),
            pausing=Pausing(
                database, vault, outbox, reading, stopping, undoing, recalls, zone, clock
            ),
            mailable=Mailable(
                database,
                vault,
                register,
                common.directory,
                reading,
                record,
                Moves(vault, recalls, clock),
                clock,
            ),
            handlers={
                JOB: PauseOver(
                    database,
                    vault,
                    register,
                    reading,
                    requests,
                    record,
                    recalls,
                    notices,
                    common.ledger,
                    public_url,
                    clock,
                )
            },
        )
