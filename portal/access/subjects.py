"""Who a subscriber is to the portal: a random id, found again by keyed hashes of her address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session as Db

from portal.domain.addresses import Email
from portal.store.database import insert_into
from portal.store.tables import Subject, SubjectAlias
from portal.store.vault import Vault, new_subject_id

TURNS = 7_701_170  # any number; names the locks under which PostgreSQL lets one person take turns


MAILBOX_TIER = 1
"""The highest tier of fields that a proof of the mailbox alone opens."""


class Mailbox(Protocol):
    """An address, and the site through which its systems are looked into."""

    @property
    def email(self) -> Email: ...

    @property
    def site(self) -> str: ...

    @property
    def tier(self) -> int:
        """The highest tier of fields that may be shown."""


class Whose(Mailbox, Protocol):
    """Whose right is exercised: somebody who is signed in or, to reduce only, a footer link's."""

    @property
    def subject_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Named:
    """A person who is not signed in: named by a link of ours that she was mailed."""

    subject_id: str
    email: Email
    site: str
    tier: int = MAILBOX_TIER


def known_subject(db: Db, vault: Vault, email: Email) -> str | None:
    """The person behind an address, found by any key version; None: nobody whom we have met."""
    return db.scalar(
        select(SubjectAlias.subject_id).where(
            or_(
                *(
                    (SubjectAlias.key_version == version) & (SubjectAlias.digest == digest)
                    for version, digest in vault.aliases(email)
                )
            )
        )
    )


def subject_of(db: Db, vault: Vault, email: Email, now: datetime) -> str:
    """The person behind an address: found by any key version, else made now."""
    known = known_subject(db, vault, email)
    subject_id = known or new_subject_id()
    if known is None:
        db.add(Subject(id=subject_id, created_at=now))
        db.flush()
    version, digest = vault.alias(email)
    db.execute(
        insert_into(db, SubjectAlias)
        .values(key_version=version, digest=digest, subject_id=subject_id)
        .on_conflict_do_nothing()
    )
    # Of two that come first in the same instant the second finds whom the first has made.
    alias = db.get_one(SubjectAlias, (version, digest))
    if alias.subject_id != subject_id and known is None:
        db.execute(delete(Subject).where(Subject.id == subject_id))
    return alias.subject_id


def take_turns(db: Db, subject_id: str) -> None:
    """What is decided for one person in two windows is decided one after the other.

    SQLite has one writer at a time anyway. On PostgreSQL it is no lock of her row: a worker locks a
    job and then the row, whoever decides would lock them the other way round, and both would wait.
    """
    if db.get_bind().dialect.name == "postgresql":
        lock = text(f"SELECT pg_advisory_xact_lock({TURNS}, hashtext(:who))")
        db.execute(lock, {"who": subject_id})
