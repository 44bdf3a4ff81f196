"""What every part of a change of address works with, and what they have in common."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from babel.dates import format_datetime
from sqlalchemy.orm import Session as Db

from portal.access.directory import Directory
from portal.access.mailed import MailedProofs
from portal.access.notices import Notices
from portal.access.sessions import Sessions
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.register import Kind, Register
from portal.domain.rights import Goal
from portal.proof.ledger import Event, Ledger
from portal.rights.cases.casebook import Cases
from portal.rights.deeds.marks import Marks
from portal.rights.held.holdings import Reading
from portal.rights.held.other_addresses import OtherAddresses
from portal.rights.held.values import DAY
from portal.rights.requests.feed import Feed
from portal.rights.requests.receiving import Requests
from portal.store.database import Database, Unit
from portal.store.recalls import Recalls
from portal.store.tables import AddressChange, Proof
from portal.store.vault import Vault, new_code, new_reference, show_code, token_hash
from portal.sync.outbox import Outbox

NEW = "address"
"""Purpose of the proof that is mailed to the new address."""
OLD = "address_old"
"""Purpose of the proofs that are mailed to the old one."""
SEALED_FOR = "address change"
JOB = "address"
"""The kind of the job that lets a change take effect."""


class End(StrEnum):
    """How a change ended."""

    EFFECTIVE = "effective"
    STOPPED = "stopped"
    """The old mailbox said no."""
    REPLACED = "replaced"
    """She asked for another one instead."""
    LAPSED = "lapsed"
    """The new mailbox was not proven, or nothing was held any more when its time came."""
    TAKEN = "taken"
    """The new address is held already, or is another subscriber's."""
    SEVERAL_PEOPLE = "several_people"
    """Records of different names stand under the old address: a person has to see to it."""
    AWAY = "away"
    """A system that had to be asked stayed away: a person has to see to it."""
    RESTORED = "restored"
    """The portal was restored from a back-up in between: she asks once more."""


@dataclass(frozen=True, slots=True)
class Spans:
    """How long things last."""

    wait: timedelta
    """Until the new address takes effect, if the old mailbox says nothing."""
    back: timedelta
    """Until which the old mailbox can take it back."""
    links: timedelta
    """For which links in older mail find her at the new address."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is sealed of a change while it is open."""

    old: Email
    new: Email


@dataclass(frozen=True, slots=True)
class Means:
    """The parts of a portal that a change of address needs."""

    database: Database
    vault: Vault
    outbox: Outbox
    ledger: Ledger
    recalls: Recalls
    marks: Marks
    others: OtherAddresses
    sessions: Sessions
    mailed: MailedProofs
    notices: Notices
    directory: Directory
    reading: Reading
    requests: Requests
    feed: Feed
    register: Register
    cases: Cases
    spans: Spans
    site_names: Mapping[str, str]
    public_url: str
    zone: tzinfo
    clock: Clock

    @property
    def fields(self) -> list[str]:
        """The fields that say her address once more: those of kind ``email``."""
        return [field.id for field in self.register.fields if field.kind is Kind.EMAIL]

    def addresses(self, change: AddressChange) -> Sealed:
        """The two addresses of a change that is open."""
        told = self.vault.unseal(change.addresses_sealed or b"", SEALED_FOR)
        return Sealed(Email.parse(told["old"]), Email.parse(told["new"]))

    def seal(self, old: Email, new: Email) -> bytes:
        """As `addresses` reads it."""
        return self.vault.seal({"old": old.address, "new": new.address}, SEALED_FOR)

    def moved_sites(self, site: str) -> list[str]:
        """Where a change on this site leaves nothing under the old address."""
        moved = self.directory.adapters_of(site).keys()
        sites = sorted(self.directory.sites)
        return [one for one in sites if self.directory.adapters_of(one).keys() <= moved]

    def told(self, at: datetime, locale: str) -> str:
        """A moment in words, for a letter."""
        local = at.astimezone(self.zone)
        return str(format_datetime(local, f"{DAY} HH:mm", locale=locale, tzinfo=self.zone))

    def note(self, db: Db, change: AddressChange, step: str, **more: str) -> None:
        """In the ledger, by its step."""
        facts = {"step": step, "site": change.site, **more}
        self.ledger.note(db, Event.ADDRESS_CHANGE, subject_id=change.subject_id, facts=facts)

    def letter(
        self, unit: Unit, name: str, to: Email, change: AddressChange, words: Mapping[str, Any]
    ) -> None:
        """Have one mail of this change sent."""
        asked = self.told(change.asked_at, change.locale)
        self.notices.put(
            unit,
            name,
            to=to,
            site=change.site,
            locale=change.locale,
            at=self.clock(),
            words={"asked": asked, **words},
        )

    def void_of(self, db: Db, *addresses: Email) -> None:
        """Let no link or code open anything that was mailed to these before (A15)."""
        digests = [digest for one in addresses for _version, digest in self.vault.aliases(one)]
        self.mailed.void(db, Proof.address_digest.in_(digests))

    def close(self, db: Db, change: AddressChange, end: End) -> None:
        """End a change, in its transaction: nothing of it is sealed any more."""
        change.ended_at, change.end = self.clock(), end
        change.addresses_sealed = None
        if change.proven_at is None:  # what whoever holds the code is answered stays as it was
            self.mailed.void(db, Proof.reference == change.id)


def proof_for_old(
    means: Means, site: str, locale: str, until: datetime, code: str, code_hash: str
) -> tuple[Proof, dict[str, str]]:
    """A proof to mail to the old address, and the words for the letter: its link and its code.

    No browser has asked for it, so its link alone decides: 256 random bits, of which a digest is
    stored. It is used as long as there is something to say, and a sign-in does not void it.
    """
    secret, now = secrets.token_urlsafe(32), means.clock()
    proof = Proof(
        reference=new_reference(),
        purpose=OLD,
        site=site,
        goal=Goal.ADDRESS,
        locale=locale,
        address_digest=secrets.token_bytes(32),
        nonce_hash=token_hash(secrets.token_urlsafe(16)),
        asked_at=now,
        mailed_at=now,
        expires_at=until,
        token_hash=token_hash(secret),
        code_hash=code_hash,
        code_tries=0,
    )
    link = f"{means.public_url}/address/old?t={proof.reference}#{secret}"
    return proof, {"link": link, "code": show_code(code)}


def code_for(means: Means) -> tuple[str, str]:
    """A new code and its slow hash: made before a transaction, which it would hold up."""
    code = new_code()
    return code, means.vault.hash_code(code)
