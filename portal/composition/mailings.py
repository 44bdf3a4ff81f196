"""Putting together what stops, starts, pauses and tells of mailings: a part of the composition."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Self

from portal.access.notices import Notices
from portal.consent.links import FooterLinks
from portal.consent.record import ConsentRecord
from portal.domain.clock import Clock
from portal.domain.register import Register
from portal.proof.ledger import Ledger
from portal.rights.held.holdings import Reading
from portal.rights.mailings.decide import Deciding
from portal.rights.mailings.give import Giving
from portal.rights.mailings.often import Often
from portal.rights.mailings.pause import JOB as PAUSE
from portal.rights.mailings.pause import Pausing
from portal.rights.mailings.pause_over import PauseOver
from portal.rights.mailings.signal import Heeding
from portal.rights.mailings.stop import Stopping
from portal.rights.mailings.undo import Undoing
from portal.rights.requests.receiving import Requests
from portal.store.database import Database
from portal.store.recalls import Recalls
from portal.store.vault import Vault
from portal.sync.outbox import Outbox

__all__ = ["PAUSE", "Mailings"]


@dataclass(frozen=True, slots=True)
class Mailings:
    """One service a deed; and the handler of the day on which a break is over."""

    stopping: Stopping
    undoing: Undoing
    giving: Giving
    heeding: Heeding
    often: Often
    pausing: Pausing
    pause_over: PauseOver

    @classmethod
    def put_together(
        cls,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        ledger: Ledger,
        register: Register,
        reading: Reading,
        requests: Requests,
        deciding: Deciding,
        record: ConsentRecord,
        recalls: Recalls,
        links: FooterLinks,
        public_url: str,
        zone: tzinfo,
        clock: Clock,
    ) -> Self:
        """All of them over the same parts."""
        notices = Notices(outbox)
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
            pause_over=PauseOver(
                database,
                vault,
                register,
                reading,
                requests,
                record,
                recalls,
                notices,
                ledger,
                public_url,
                clock,
            ),
        )
