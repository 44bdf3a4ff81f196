"""Keys by which programs ask: of one site, for stated uses, made and removed at the command line.

A key has 256 random bits, so a plain digest of it gives nothing away, and nobody guesses one.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.access.limits import MINUTE, Quotas
from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import ApiKey
from portal.store.vault import Vault, token_hash

NAME = re.compile(r"[a-z][a-z0-9._-]{0,47}")
PREFIX = "portal_"
"""By it a program that looks for secrets in texts can know a key of ours."""
LONGEST = 100  # characters of what is looked at as a key
USED_EVERY = timedelta(hours=1)


class Scope(StrEnum):
    """One use that a key is for."""

    CONSENTS_READ = "consents:read"
    FEED_READ = "feed:read"
    LINKS_MINT = "links:mint"


KNOWN = frozenset(one.value for one in Scope)


class BadKeyName(ValueError):
    """Not a name for a key."""


class KeyNameTaken(Exception):
    """There is a key of this name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The program that asks: its key's number, its site, and what it may."""

    id: int
    site: str
    scopes: frozenset[Scope]
    """Of those that it was given, the ones that this version knows: another opens nothing here."""
    has_unknown: bool = False
    """Was it given one that this version does not know, since a later version made the key?"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as the command line lists one."""

    name: str
    site: str
    scopes: Sequence[str]
    added_at: datetime
    used_at: datetime | None

    @property
    def unknown(self) -> Sequence[str]:
        """Its scopes that this version does not know: they open nothing."""
        return [one for one in self.scopes if one not in KNOWN]


Along = Callable[[Db, ApiKey], None]
"""What else belongs into the transaction that removes a key."""


def nothing_else(_db: Db, _key: ApiKey) -> None:
    """The key alone."""


class ApiKeys:
    """Adds, lists, removes and recognises keys.

    Args:
        database: Where they are.
        vault: Makes the digests under which calls are counted.
        ledger: Takes the notes.
        calls_a_minute: How many calls with one key are answered within a minute.
        clock: UTC.
    """

    def __init__(
        self, database: Database, vault: Vault, ledger: Ledger, calls_a_minute: int, clock: Clock
    ) -> None:
        self._database = database
        self._quotas = Quotas(vault)
        self._ledger = ledger
        self._most = calls_a_minute
        self._clock = clock

    def add(self, name: str, site: str, scopes: Sequence[Scope]) -> str:
        """Add a key; the key itself, which nobody can read again.

        Raises:
            BadKeyName: It is no name.
            KeyNameTaken: A key has it.
        """
        if not NAME.fullmatch(name):
            raise BadKeyName(
                "a name has small letters, digits, dots, - and _, and begins with a letter"
            )
        key = PREFIX + secrets.token_urlsafe(32)
        with self._database.unit("api key added") as unit:
            if _named(unit.session, name) is not None:
                raise KeyNameTaken(f"there is a key {name} already")
            row = ApiKey(
                name=name,
                site=site,
                scopes=sorted(set(scopes)),
                key_hash=token_hash(key),
                added_at=self._clock(),
            )
            unit.session.add(row)
            unit.session.flush()
            facts = {"key": row.id, "site": site, "scopes": row.scopes}
            self._ledger.note(unit.session, Event.API_KEY_ADDED, facts=facts)
            unit.commit()
        return key

    def all(self) -> list[Listed]:
        """Every key that can be used, by name."""
        with self._database.reading() as db:
            rows = db.scalars(
                select(ApiKey).where(ApiKey.removed_at.is_(None)).order_by(ApiKey.name)
            )
            return [
                Listed(one.name, one.site, one.scopes, one.added_at, one.used_at) for one in rows
            ]

    def remove(self, name: str, along: Along = nothing_else) -> bool:
        """Remove a key for good; False when there is none of this name.

        Its name may be given to another key; itself it never comes back.
        """
        with self._database.unit("api key removed") as unit:
            row = _named(unit.session, name)
            if row is None:
                return False
            row.removed_at, row.key_hash = self._clock(), None
            unit.session.flush()
            along(unit.session, row)
            facts = {"key": row.id, "site": row.site}
            self._ledger.note(unit.session, Event.API_KEY_REMOVED, facts=facts)
            unit.commit()
        return True

    def caller(self, key: str) -> Caller | None:
        """Who asks with this key; None: it is none (any more)."""
        if not key.startswith(PREFIX) or len(key) > LONGEST:
            return None
        now = self._clock()
        with self._database.reading() as db:
            row = db.scalar(
                select(ApiKey).where(
                    ApiKey.key_hash == token_hash(key), ApiKey.removed_at.is_(None)
                )
            )
        if row is None:
            return None
        if row.used_at is None or now - row.used_at >= USED_EVERY:
            with self._database.unit("api key used") as unit:
                unit.session.execute(update(ApiKey).where(ApiKey.id == row.id).values(used_at=now))
                unit.commit()
        known = KNOWN.intersection(row.scopes)
        scopes = frozenset(Scope(one) for one in known)
        return Caller(row.id, row.site, scopes, has_unknown=len(known) < len(set(row.scopes)))

    def count(self, caller: Caller) -> timedelta | None:
        """Count one call. None: it may be answered; else how long to wait before the next."""
        mine, now = self._quotas.quota(self._most, MINUTE, "api", str(caller.id)), self._clock()
        with self._database.unit("api call counted") as unit:
            if not self._quotas.have_room(unit.session, now, [mine]):
                return self._quotas.room_in(unit.session, now, mine)
            self._quotas.hit(unit.session, now, [mine])
            unit.commit()
        return None

    @staticmethod
    def sites_with(db: Db, scope: Scope) -> frozenset[str]:
        """The sites of which a key is for this use."""
        rows = db.scalars(select(ApiKey).where(ApiKey.removed_at.is_(None)))
        return frozenset(row.site for row in rows if scope in row.scopes)


def _named(db: Db, name: str) -> ApiKey | None:
    return db.scalar(
        select(ApiKey).where(ApiKey.name == name, ApiKey.removed_at.is_(None)).with_for_update()
    )
