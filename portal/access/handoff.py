"""Handing over: a website tells whom it has signed in, and she goes on here without a mail.

What the website sends is signed, for this portal, for one minute, and counts once. What it gets is
a link, for one minute and for one use, which she opens in a tab. A company's own login shows more
than a mailbox does: such a session may see fields of tier 2, and is a fresh proof for its goal.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from portal.access.directory import Directory
from portal.access.handoff_keys import KeysUnfit, NotSigned, payload_of, read_keys
from portal.access.redeem import Opened
from portal.access.sessions import Sessions
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.clock import Clock
from portal.domain.rights import Goal
from portal.store.database import Database, insert_into, rows_changed
from portal.store.tables import Handoff
from portal.store.vault import CannotUnseal, Vault, new_reference, token_hash

SEALED_FOR = "handoff"
TIER = 2
"""What a login of the company's own opens."""
LASTS = timedelta(seconds=60)
"""At most, between `iat` and `exp`; and so long the link works."""
SKEW = timedelta(seconds=30)
"""So much two clocks may differ."""
JTI = range(16, 129)
"""Characters of what makes an assertion the only one of its kind."""


class Refused(Exception):
    """It counts for nothing. ``code`` says why, for the program; no value is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class HostSite:
    """A website that hands over: who it is, and where its keys are."""

    keys: Path | None
    origins: Sequence[str]
    languages: Sequence[str]


@dataclass(frozen=True, slots=True, repr=False)
class Handed:
    """What the website is given for her."""

    reference: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Arriving:
    """What the page of a reference may show of it."""

    reference: str
    site: str
    goal: Goal
    locale: str


@dataclass(frozen=True, slots=True, repr=False)
class _Claims:
    site: str
    email: Email
    goal: Goal
    locale: str
    jti: str


class HandingOver:
    """Takes assertions, and opens the sessions that they lead to."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        directory: Directory,
        sessions: Sessions,
        sites: Mapping[str, HostSite],
        public_url: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._directory = directory
        self._sessions = sessions
        self._sites = sites
        self._public_url = public_url
        self._clock = clock

    def accept(self, assertion: str) -> Handed:
        """Take one assertion.

        Raises:
            Refused: ``signature`` (or a site without keys), ``claims``, ``audience``, ``issuer``,
                ``expired``, ``replayed``, ``unknown``: no record; ``away``: it could not be asked.
        """
        claims = self._claims(assertion)
        found = self._directory.find(claims.email, claims.site)
        if not found.anything:
            raise Refused("away" if found.away else "unknown")
        now = self._clock()
        handed = Handed(new_reference(), secrets.token_urlsafe(32), now + LASTS)
        # The address as the system has it, as a mail would have gone to it.
        email = Email.parse(found.all()[0].email)
        with self._database.unit("handed over") as unit:
            added = unit.session.scalar(
                insert_into(unit.session, Handoff)
                .values(
                    assertion_hash=token_hash(f"{claims.site}\0{claims.jti}"),
                    reference=handed.reference,
                    token_hash=token_hash(handed.token),
                    site=claims.site,
                    goal=claims.goal,
                    locale=claims.locale,
                    email_sealed=self._vault.seal(email.address, SEALED_FOR),
                    made_at=now,
                    expires_at=handed.expires_at,
                )
                .on_conflict_do_nothing(index_elements=["assertion_hash"])
                .returning(Handoff.reference)
            )
            if added is None:
                raise Refused("replayed")
            unit.commit()
        return handed

    def arriving(self, reference: str) -> Arriving | None:
        """Who is on her way under this reference; None: nobody (any more). Uses nothing up."""
        row = self._row(reference)
        if row is None or row.used_at is not None or self._clock() >= row.expires_at:
            return None
        return Arriving(reference, row.site, Goal(row.goal), row.locale)

    def redeem(self, reference: str, token: str) -> Opened | None:
        """Open her session, once; None: the link works no more, or is another's."""
        now, row = self._clock(), self._row(reference)
        if row is None or row.email_sealed is None:
            return None
        if not hmac.compare_digest(row.token_hash, token_hash(token)):
            return None
        try:
            email = Email.parse(self._vault.unseal(row.email_sealed, SEALED_FOR))
        except CannotUnseal:
            return None
        with self._database.unit("handover redeemed") as unit:
            used = unit.session.execute(
                update(Handoff)
                .where(Handoff.id == row.id, Handoff.used_at.is_(None), Handoff.expires_at > now)
                .values(used_at=now, email_sealed=None)
                .execution_options(synchronize_session=False)
            )
            if rows_changed(used) != 1:
                return None
            opened = self._sessions.open(unit.session, row, email, "tab", tier=TIER)
            unit.commit()
        return Opened(opened, Goal(row.goal), row.locale, TIER)

    def _row(self, reference: str) -> Handoff | None:
        if "\0" in reference:  # which PostgreSQL cannot be asked for
            return None
        with self._database.reading() as db:
            return db.scalar(select(Handoff).where(Handoff.reference == reference))

    # --- what an assertion says ------------------------------------------------------------------

    def _claims(self, assertion: str) -> _Claims:
        """:raises Refused: see `accept`."""
        # The site is read before the signature is checked, to know whose keys to check it with;
        # it counts only if one of these has signed it.
        site_id = _unproven_site(assertion)
        site = self._sites.get(site_id)
        if site is None or site.keys is None:
            raise Refused("signature")
        try:
            told = json.loads(payload_of(assertion, read_keys(site.keys)))
        except (NotSigned, KeysUnfit, ValueError, RecursionError):
            raise Refused("signature") from None
        if not isinstance(told, dict) or told.get("site") != site_id:
            raise Refused("claims")
        if told.get("aud") != self._public_url:
            raise Refused("audience")
        if told.get("iss") not in site.origins:
            raise Refused("issuer")
        self._check_time(told)
        try:
            email, goal = Email.parse(_text(told, "sub")), Goal(_text(told, "goal", Goal.VIEW))
            locale = _text(told, "locale", site.languages[0])
            jti = _text(told, "jti")
        except (InvalidEmail, ValueError):
            raise Refused("claims") from None
        if len(jti) not in JTI or locale not in site.languages or goal is Goal.QUESTION:
            raise Refused("claims")
        return _Claims(site_id, email, goal, locale, jti)

    def _check_time(self, told: Mapping[str, Any]) -> None:
        made, ends = _moment(told, "iat"), _moment(told, "exp")
        if not timedelta() < ends - made <= LASTS:
            raise Refused("claims")
        if not made - SKEW <= self._clock() < ends + SKEW:
            raise Refused("expired")


def _moment(told: Mapping[str, Any], name: str) -> datetime:
    """Seconds since 1970, as RFC 7519 §2 has it."""
    found = told.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 1 << 35:
        raise Refused("claims")
    return datetime.fromtimestamp(found, UTC)


def _text(told: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """:raises ValueError: it is not there, or no text."""
    found = told.get(name, default)
    if not isinstance(found, str):
        raise ValueError("no text")  # noqa: TRY004  what is sent is a value, whatever its type
    return found


def _unproven_site(assertion: str) -> str:
    try:
        _header, payload, _signature = assertion.split(".")
        padded = payload + "=" * (-len(payload) % 4)
        site = json.loads(base64.urlsafe_b64decode(padded))["site"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("signature") from None
    return site if isinstance(site, str) else ""
