"""Of the people behind an address that a walk has met: whose record is this one?

A walk finds people by the keyed hash of an address. Where several use it, the record of each is
known by her name as well, and a record of another name is none of hers.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import select

from portal.adapters.contract import Adapter
from portal.domain.addresses import Email
from portal.rights.held.holdings import name_of
from portal.rights.held.walk import Hit
from portal.store.database import Database
from portal.store.tables import SubjectAlias
from portal.store.vault import Vault


class Known(Protocol):
    """Somebody whom a walk looks for."""

    @property
    def subject_id(self) -> str: ...

    @property
    def is_part(self) -> bool:
        """One of several people under her address."""


T = TypeVar("T", bound=Known)


class Naming:
    """Tells people under one address apart by the names in their records."""

    def __init__(self, database: Database, vault: Vault, name_fields: Sequence[str]) -> None:
        self._database = database
        self._vault = vault
        self._name_fields = name_fields

    def each(self, adapter: Adapter, hits: Iterable[Hit[tuple[T, ...]]]) -> list[Hit[T]]:
        """One hit for each person whose record it is.

        :raises AdapterError: the system could not be asked.
        """
        return [
            Hit(hit.ref, hit.email, one)
            for hit in hits
            for one in hit.known
            if not one.is_part or self._bears(adapter, hit, one.subject_id)
        ]

    def _bears(self, adapter: Adapter, hit: Hit[tuple[T, ...]], subject_id: str) -> bool:
        record = adapter.read(hit.ref)
        if record is None:
            return False
        name = name_of(record, self._name_fields)
        return bool(name) and self._is_named(hit.email, name, subject_id)

    def _is_named(self, email: Email, name: str, subject_id: str) -> bool:
        digests = [digest for _version, digest in self._vault.person_aliases(email, name)]
        hers = SubjectAlias.subject_id == subject_id
        with self._database.reading() as db:
            found = select(SubjectAlias.digest).where(hers, SubjectAlias.digest.in_(digests))
            return db.scalar(found.limit(1)) is not None
