"""Asking for a way in: the same work and the same answer, whoever asks for whomever."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from portal.access.limits import DAY, HOUR, Quotas
from portal.access.sessions import SignedIn
from portal.config.parts import Limits
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Goal, Lane
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database, Unit
from portal.store.tables import Proof
from portal.store.vault import Vault, new_reference, token_hash
from portal.sync.gates import MAIL_SERVER
from portal.sync.outbox import Outbox

Purpose = Literal["signin", "confirm"]
JOB = "proof_mail"
WITHOUT_MAIL = timedelta(hours=1)
"""A mail that could not go for so long is not sent any more, and its question is over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser that asked is given: a public name, and a secret for its cookie."""

    reference: str
    nonce: str


class TooMany(Exception):
    """A signed-in person has caused as many mails as one may in an hour."""


class Asking:
    """Takes the question; the worker sends the mail.

    Nothing is looked up here: for a known, an unknown, a limited address and with the mail server
    down, the statements, the commits and the answer are the same (ASVS 5.0 §6.3.8).
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outbox: Outbox,
        ledger: Ledger,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._outbox = outbox
        self._ledger = ledger
        self._limits = limits
        self._quotas = Quotas(vault)
        self._clock = clock

    def ask(self, email: Email, *, goal: Goal, site: str, locale: str, network: str) -> Asked:
        """A stranger asks to sign in. Over a quota no mail follows, and nothing says so."""
        limits, quota = self._limits, self._quotas.quota
        quotas = [
            quota(limits.mails_per_address_hour, HOUR, "address", email.canonical),
            quota(limits.mails_per_address_day, DAY, "address", email.canonical),
            quota(limits.asks_per_network_hour, HOUR, "network", network),
            quota(limits.asks_per_site_hour, HOUR, "site", site),
        ]
        with self._database.unit("sign-in asked") as unit:
            within = self._quotas.hit(unit.session, self._clock(), quotas)
            asked = self._write(
                unit, email, purpose="signin", goal=goal, site=site, locale=locale, mute=not within
            )
            unit.commit()
        return asked

    def confirm(self, signed_in: SignedIn, goal: Goal, locale: str) -> Asked:
        """A signed-in person asks to prove the mailbox once more, for one goal.

        Raises:
            TooMany: Over this person's own quota; said on the page, since nobody is a stranger.
        """
        mine = self._quotas.quota(
            self._limits.confirms_per_hour, HOUR, "confirm", signed_in.subject_id
        )
        with self._database.unit("confirmation asked") as unit:
            within = self._quotas.hit(unit.session, self._clock(), [mine])
            if not within:
                unit.commit()  # the hit counts
                raise TooMany
            asked = self._write(
                unit,
                signed_in.email,
                purpose="confirm",
                goal=goal,
                site=signed_in.site,
                locale=locale,
                session_id=signed_in.session_id,
            )
            self._ledger.note(
                unit.session,
                Event.CONFIRMATION_ASKED,
                subject_id=signed_in.subject_id,
                facts={"goal": goal},
            )
            unit.commit()
        return asked

    def _write(
        self,
        unit: Unit,
        email: Email,
        *,
        purpose: Purpose,
        goal: Goal,
        site: str,
        locale: str,
        session_id: int | None = None,
        mute: bool = False,
    ) -> Asked:
        asked = Asked(new_reference(), secrets.token_urlsafe(16))
        unit.session.add(
            Proof(
                reference=asked.reference,
                purpose=purpose,
                site=site,
                goal=goal,
                locale=locale,
                session_id=session_id,
                address_digest=self._vault.alias(email)[1],
                nonce_hash=token_hash(asked.nonce),
                asked_at=self._clock(),
                # Shortened when the mail is handed over; the same for all whose mail never is.
                expires_at=self._clock() + WITHOUT_MAIL,
                code_tries=0,
            )
        )
        payload = {"reference": asked.reference, "to": email.address, "mute": mute}
        self._outbox.put(unit, JOB, payload, lane=Lane.MAIL, adapter=MAIL_SERVER)
        return asked
