"""Who a subscriber is, and how she gets in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.store.tables.base import Table


class Subject(Table):
    """A person, as a random id and nothing else; everything refers to the id."""

    __tablename__ = "subjects"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime]
    part_of: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"), index=True)
    """One of several people under one address: the subject that the address names."""


class SubjectAlias(Table):
    """How a person is found again: the keyed hash of an address, under one version of the key."""

    __tablename__ = "subject_aliases"
    key_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    left_at: Mapped[datetime | None]
    """Of an address that she has changed into another: until when she can take that back. From then
    on whoever proves it is somebody else."""
    left_sites: Mapped[list[str]] = mapped_column(default=list)
    """On which sites: those that see no system but what the change was made in."""


class Proof(Table):
    """One asked-for proof of a mailbox: a sign-in, or the confirmation of one goal.

    ``reference`` names it on pages and in addresses and opens nothing. Until the mail is handed to
    the mail server there is no token, no code and no expiry; for an address that is in no CRM
    there never will be.
    """

    __tablename__ = "proofs"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """``signin`` or ``confirm``."""
    site: Mapped[str] = mapped_column(String(48))
    goal: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"))
    """For ``confirm``: the session that asked."""
    address_digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """Keyed hash of the typed address, so that one sign-in can void the other open proofs."""
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the cookie of the browser that asked."""
    asked_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    code_hash: Mapped[str | None] = mapped_column(String(128))
    code_tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    email_sealed: Mapped[bytes | None]
    """The address as the CRM has it; emptied when used or expired."""
    tier: Mapped[int] = mapped_column(default=1)
    """Of the session that it opens; 0: her requests, and nothing that a CRM holds."""


class Session(Table):
    """A signed-in subscriber, in a tab (named by a cookie) or in a frame (by a bearer token)."""

    __tablename__ = "sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    """``tab`` or ``frame``."""
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    """Whom the address names."""
    person_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    """Which of several people under that address has shown who she is."""
    opened_sealed: Mapped[bytes | None]
    """Which records are hers; emptied when the session ends."""
    site: Mapped[str] = mapped_column(String(48))
    tier: Mapped[int]
    """The highest tier of fields that it may show: 1 by a proof of the mailbox alone, 0 none at all
    but her own requests."""
    locale: Mapped[str] = mapped_column(String(8))
    goal: Mapped[str] = mapped_column(String(16))
    email_sealed: Mapped[bytes | None]
    """What the CRMs are asked by; emptied when the session ends."""
    fresh_for: Mapped[str | None] = mapped_column(String(16))
    """The goal that the mailbox was proven for just now, if it needs a fresh proof."""
    fresh_until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """When it ends at the latest, used or not."""
    ended_at: Mapped[datetime | None]
    heeded_at: Mapped[datetime | None]
    """When what her browser signals (Global Privacy Control) was seen to, once a session."""


class Release(Table):
    """An operator was sure who somebody is: on one site she sees more, until a stated moment."""

    __tablename__ = "releases"
    __table_args__ = (Index(None, "subject_id", "site"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    site: Mapped[str] = mapped_column(String(48))
    tier: Mapped[int]
    case: Mapped[str] = mapped_column(String(16))
    """The reference of the case in which she asked for it."""
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    made_at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class Recall(Table):
    """Something of a subscriber that is kept for one stated purpose until a stated moment.

    What is in flight is wiped once it is confirmed; of what has to outlive that there is nothing
    but these rows. ``/privacy`` lists their purposes.
    """

    __tablename__ = "recalls"
    __table_args__ = (Index(None, "purpose", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """Of `portal.store.recalls.Purpose`."""
    request_id: Mapped[str | None] = mapped_column(ForeignKey("requests.id"))
    sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class QuotaHit(Table):
    """One use of a quota. ``bucket`` is a keyed digest of what is counted."""

    __tablename__ = "quota_hits"
    __table_args__ = (Index(None, "bucket", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    bucket: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]
