"""How subscribers and programs get in: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from typing import Self

from portal.access.api_keys import ApiKeys
from portal.access.ask import JOB, Asking
from portal.access.handoff import HandingOver
from portal.access.proof_mail import ProofMail
from portal.access.redeem import Redeeming
from portal.composition.common import Common
from portal.composition.from_settings import host_sites_from
from portal.sync.jobs import Handler


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Asking, redeeming, a website's own login, and keys of programs."""

    asking: Asking
    redeeming: Redeeming
    handing_over: HandingOver
    api_keys: ApiKeys
    handlers: dict[str, Handler]

    @classmethod
    def of(cls, common: Common) -> Self:
        """All of it, over one portal's own parts."""
        settings, limits = common.settings, common.settings.limits
        database, vault, clock = common.database, common.vault, common.clock
        return cls(
            asking=Asking(database, vault, common.outbox, common.ledger, limits, clock),
            redeeming=Redeeming(database, vault, common.sessions, common.mailed, clock),
            handing_over=HandingOver(
                database,
                vault,
                common.directory,
                common.sessions,
                host_sites_from(settings),
                settings.public_url,
                clock,
            ),
            api_keys=ApiKeys(database, vault, common.ledger, limits.api_calls_per_minute, clock),
            handlers={
                JOB: ProofMail(
                    database,
                    vault,
                    common.directory,
                    common.writer,
                    common.mailer,
                    public_url=settings.public_url,
                    site_names=common.site_names,
                    lifetimes=common.lifetimes,
                    unknown_per_day=limits.mails_unknown_day,
                    clock=clock,
                )
            },
        )
