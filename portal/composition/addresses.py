"""Changing the e-mail address: the parts of it, put together for the composition root."""

from dataclasses import dataclass
from datetime import timedelta

from portal.config.parts import Limits
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Mailer
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


def put_addresses_together(
    means: Means, limits: Limits, writer: LetterWriter, mailer: Mailer
) -> Moved:
    """All of it, over one portal's own parts."""
    lifetime = timedelta(seconds=limits.token_lifetime)
    return Moved(
        changing=ChangingAddress(
            asking=AskingAddress(means, limits),
            proving=ProvingNew(means),
            answering=AnsweringOld(means),
        ),
        handlers={
            code_mail.JOB: code_mail.CodeMail(means, writer, mailer, lifetime),
            JOB: TakingEffect(means),
        },
    )
