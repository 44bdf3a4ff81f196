"""Changing the e-mail address: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from portal.access.notices import Notices
from portal.composition.common import Common
from portal.composition.from_settings import spans_from
from portal.rights.address import code_mail
from portal.rights.address.answering import AnsweringOld
from portal.rights.address.asking import AskingAddress
from portal.rights.address.effect import TakingEffect
from portal.rights.address.means import JOB, Means
from portal.rights.address.proving import ProvingNew
from portal.rights.address.services import ChangingAddress
from portal.sync.jobs import Handler


@dataclass(frozen=True, slots=True)
class Moved:
    """What lets somebody take another address."""

    changing: ChangingAddress
    handlers: dict[str, Handler]

    @classmethod
    def of(cls, common: Common) -> Self:
        """All of it, over one portal's own parts."""
        means, limits = _means_of(common), common.settings.limits
        lifetime = timedelta(seconds=limits.token_lifetime)
        return cls(
            changing=ChangingAddress(
                asking=AskingAddress(means, limits),
                proving=ProvingNew(means),
                answering=AnsweringOld(means),
            ),
            handlers={
                code_mail.JOB: code_mail.CodeMail(means, common.writer, common.mailer, lifetime),
                JOB: TakingEffect(means),
            },
        )


def _means_of(common: Common) -> Means:
    return Means(
        database=common.database,
        vault=common.vault,
        outbox=common.outbox,
        ledger=common.ledger,
        recalls=common.recalls,
        marks=common.marks,
        others=common.others,
        sessions=common.sessions,
        mailed=common.mailed,
        notices=Notices(common.outbox),
        directory=common.directory,
        reading=common.reading,
        requests=common.requests,
        feed=common.feed,
        register=common.register,
        cases=common.cases,
        spans=spans_from(common.settings.limits),
        site_names=common.site_names,
        public_url=common.settings.public_url,
        zone=common.zone,
        clock=common.clock,
    )
