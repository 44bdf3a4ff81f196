"""Who a subscriber is to the portal: a random id, found again by keyed hashes of her address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.orm import Session as Db

from portal.access.left import left_as, let_go
from portal.domain.addresses import Email
from portal.store.database import insert_into
from portal.store.tables import Request, Subject, SubjectAlias
from portal.store.vault import Vault, new_subject_id

TURNS = 7_701_170  # any number; names the locks under which PostgreSQL lets one person take turns


MAILBOX_TIER = 1
"""The highest tier of fields that a proof of the mailbox alone opens."""
HISTORY_TIER = 0
"""Of a session in which she sees her own requests and nothing that a CRM holds."""


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """One of several people under one address, as far as a session has shown who she is."""

    mailbox_id: str
    """The subject that the address names."""
    name: str
    """As `portal.rights.held.holdings.name_of` gives it."""
    name_fields: Sequence[str]
    keys: Mapping[str, Sequence[str]]
    """Adapter name → the CRM's own keys of her records; one that was away is not in it."""

    def owns(self, adapter: str, key: str, name: str) -> bool:
        """Is this record hers?"""
        return key in self.keys.get(adapter, ()) or name == self.name


class Mailbox(Protocol):
    """An address, and the site through which its systems are looked into."""

    @property
    def email(self) -> Email: ...

    @property
    def site(self) -> str: ...

    @property
    def tier(self) -> int:
        """The highest tier of fields that may be shown."""

    @property
    def mailbox_id(self) -> str | None:
        """The subject that the address names, as far as that is known."""

    @property
    def opened(self) -> Opened | None:
        """Of several people under the address, the one who has shown who she is."""


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
    opened: Opened | None = None

    @property
    def mailbox_id(self) -> str:
        """The subject that the address names: a link names nobody more closely."""
        return self.subject_id


def known_subject(db: Db, vault: Vault, email: Email) -> str | None:
    """The person behind an address, found by any key version; None: nobody whom we have met."""
    return _known(db, vault.aliases(email))


def known_person(db: Db, vault: Vault, email: Email, name: str) -> str | None:
    """One of several people behind an address; None: nobody of this name whom we have met."""
    return _known(db, vault.person_aliases(email, name))


def parts_of(db: Db, mailbox_id: str) -> Sequence[str]:
    """The people behind an address who have shown who they are."""
    return db.scalars(select(Subject.id).where(Subject.part_of == mailbox_id)).all()


def subject_of(db: Db, vault: Vault, email: Email, now: datetime) -> str:
    """The person behind an address: found by any key version, else made now."""
    return _known_or_made(db, vault.aliases(email), None, now)


def whoever_proved(
    db: Db, vault: Vault, email: Email, site: str, now: datetime
) -> tuple[str, Sequence[str]]:
    """The same for somebody who has just proven the mailbox on a site: her, and who has left it.

    Whose address it was, and is no more, is somebody else: see `portal.access.left`.
    """
    before = let_go(db, vault.aliases(email), site, now)
    return subject_of(db, vault, email, now), before


def person_of(db: Db, vault: Vault, email: Email, name: str, mailbox_id: str, now: datetime) -> str:
    """One of several people behind an address, who has shown who she is: found, else made now.

    She is a subject of her own, so that what she asks for is about her alone.
    """
    subject_id = _known_or_made(db, vault.person_aliases(email, name), mailbox_id, now)
    # After a restored back-up the address may have been named anew.
    db.execute(update(Subject).where(Subject.id == subject_id).values(part_of=mailbox_id))
    return subject_id


def is_shared(db: Db, mailbox_id: str) -> bool:
    """Has somebody under this address been told apart from others, and asked for something?

    It stays so when the records of only one are left: whoever reads the mailbox may be the other.
    """
    asked = select(Request.id).where(Request.subject_id == Subject.id).exists()
    found = select(Subject.id).where(Subject.part_of == mailbox_id, asked)
    return db.scalar(found.limit(1)) is not None


def _known(db: Db, aliases: Sequence[tuple[int, bytes]]) -> str | None:
    return db.scalar(
        select(SubjectAlias.subject_id).where(
            or_(
                *(
                    (SubjectAlias.key_version == version) & (SubjectAlias.digest == digest)
                    for version, digest in aliases
                )
            )
        )
    )


def _known_or_made(
    db: Db, aliases: Sequence[tuple[int, bytes]], part_of: str | None, now: datetime
) -> str:
    known = _known(db, aliases)
    subject_id = known or new_subject_id()
    left = left_as(db, aliases, subject_id)
    if known is None:
        db.add(Subject(id=subject_id, created_at=now, part_of=part_of))
        db.flush()
    version, digest = aliases[-1]
    db.execute(
        insert_into(db, SubjectAlias)
        .values(key_version=version, digest=digest, subject_id=subject_id, **left)
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
