"""Restricting and objecting: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from typing import Self

from portal.access.notices import NoticeMail
from portal.composition.common import Common
from portal.rights.restricting import lifting
from portal.rights.restricting.lifting import Lifting
from portal.rights.restricting.objecting import Objecting
from portal.rights.restricting.restrict import Restricting
from portal.sync.jobs import Handler


@dataclass(frozen=True, slots=True)
class Opposed:
    """What she sets against the use of her data."""

    restricting: Restricting
    objecting: Objecting
    lifting: Lifting
    handlers: dict[str, Handler]

    @classmethod
    def of(cls, common: Common, mail: NoticeMail) -> Self:
        """All of it, over one portal's own parts."""
        database, clock, cases = common.database, common.clock, common.cases
        restricting = Restricting(
            database,
            common.reading,
            common.requests,
            common.marks,
            cases,
            common.recipients,
            clock,
        )
        lifts = Lifting(
            database, common.outbox, common.marks, restricting, mail, common.zone, clock
        )
        objecting = Objecting(
            database,
            common.vault,
            common.register,
            common.requests,
            common.deciding,
            restricting,
            cases,
            common.settings.limits,
            clock,
        )
        return cls(restricting, objecting, lifts, {lifting.JOB: lifts})
