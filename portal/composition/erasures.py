"""Erased stays erased: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from typing import Self

from portal.composition.common import Common
from portal.domain.register import Ground, Kind
from portal.rights.delivery.aftermath import Aftermath
from portal.rights.erasing.second import JOB as SECOND
from portal.rights.erasing.second import SecondErasures
from portal.rights.held.naming import Naming
from portal.rights.lasting import reapply, recheck, replanned
from portal.rights.lasting.reappeared import Reappeared
from portal.rights.lasting.recovery import Recovery
from portal.rights.lasting.recreate import Recreating
from portal.rights.lasting.remembered_again import RememberingAgain
from portal.rights.lasting.replay import Replaying
from portal.rights.lasting.sweep import Sweeping
from portal.rights.requests import journaling
from portal.rights.requests.kept_records import KeptRecords
from portal.rights.requests.planned import PLANNED
from portal.store.journal import Journal
from portal.sync.jobs import Handler


@dataclass(frozen=True, slots=True)
class Erased:
    """What keeps those who were erased away."""

    aftermath: Aftermath
    second: SecondErasures
    sweeping: Sweeping
    replaying: Replaying
    recovery: Recovery
    recreating: Recreating
    handlers: dict[str, Handler]

    @classmethod
    def of(cls, common: Common) -> Self:
        """All of it, over one portal's own parts."""
        database, vault, clock = common.database, common.vault, common.clock
        outbox, ledger, register = common.outbox, common.ledger, common.register
        adapters, directory = common.adapters, common.directory
        suppressions, marks, cases = common.suppressions, common.marks, common.cases
        opt_ins = [one.id for one in register.purposes if one.ground is Ground.CONSENT]
        name_fields = [field.id for field in register.fields if field.kind is Kind.NAME]
        naming = Naming(database, vault, name_fields)
        journal = Journal(common.settings.journal_file, vault)
        recovery = Recovery(database, journal, clock)
        reappeared = Reappeared(outbox, ledger, clock)
        replaying = Replaying(
            database, vault, outbox, directory, suppressions, marks, ledger, clock, opt_ins, naming
        )
        second = SecondErasures(
            database,
            vault,
            outbox,
            adapters,
            directory,
            suppressions,
            common.recalls,
            ledger,
            common.zone,
            clock,
        )
        return cls(
            aftermath=Aftermath(
                outbox,
                suppressions,
                common.feed,
                common.others,
                marks,
                second,
                common.recipients,
                cases,
                clock,
            ),
            second=second,
            sweeping=Sweeping(
                database,
                vault,
                directory,
                suppressions,
                common.others,
                reappeared,
                ledger,
                clock,
                opt_ins,
                naming,
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
                reapply.JOB: reapply.Reapplying(
                    database,
                    adapters,
                    directory,
                    suppressions,
                    common.others,
                    marks,
                    second,
                    ledger,
                    clock,
                    opt_ins,
                ),
                recheck.JOB: recheck.Rechecking(
                    database,
                    adapters,
                    directory,
                    suppressions,
                    common.others,
                    reappeared,
                    clock,
                    opt_ins,
                ),
                SECOND: second,
                journaling.JOB: journaling.Journaling(database, journal, clock),
            },
        )
