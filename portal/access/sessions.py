"""Sessions: rows in the database, named by a cookie in a tab and by a bearer token in a frame."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session as Db

from portal.access.left import left_until
from portal.access.lifetimes import Lifetimes
from portal.access.releases import released_tier
from portal.access.subjects import MAILBOX_TIER, Named, Opened, person_of, whoever_proved
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import FRESH_PROOF_GOALS, Goal
from portal.domain.terms import SESSIONS
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import Handoff, Proof, Session
from portal.store.vault import Vault, token_hash

Kind = Literal["tab", "frame"]
SEALED_FOR = "session"
OPENED_FOR = "opened records"
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and how. Every right is exercised by one of these.

    To stop a mailing a footer link is enough (`portal.access.subjects.Whose`).
    """

    session_id: int
    mailbox_id: str
    """The subject that the address names: the same as hers, unless several people use it."""
    subject_id: str
    email: Email
    site: str
    tier: int
    """The highest tier of fields that this session may show."""
    locale: str
    kind: Kind
    goal: Goal
    fresh_for: Goal | None
    fresh_until: datetime | None
    idle_ends_at: datetime
    ends_at: datetime
    opened: Opened | None = None
    """Of several people under the address, the one who has shown who she is."""

    @property
    def as_mailbox(self) -> Named:
        """The address as a whole: what is decided so is decided for all who use it."""
        return Named(self.mailbox_id, self.email, self.site, self.tier)

    def has_fresh_proof_for(self, goal: Goal, now: datetime) -> bool:
        """Was the mailbox proven for just this goal a moment ago, in a tab of its own?"""
        return (
            self.kind == "tab"
            and self.fresh_for is goal
            and self.fresh_until is not None
            and now < self.fresh_until
        )


class Proven(Protocol):
    """What a session is opened with: a mailed proof, or a website's word."""

    @property
    def purpose(self) -> str: ...

    @property
    def site(self) -> str: ...

    @property
    def goal(self) -> str: ...

    @property
    def locale(self) -> str: ...


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self, database: Database, vault: Vault, ledger: Ledger, lifetimes: Lifetimes, clock: Clock
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._lifetimes = lifetimes
        self._clock = clock

    def open(
        self, db: Db, proof: Proven, email: Email, kind: Kind, *, tier: int = MAILBOX_TIER
    ) -> str:
        """Open a session within the transaction that used the proof up; its token.

        A new token each time, so that none from before the sign-in is worth anything.
        """
        now = self._clock()
        goal = Goal(proof.goal)
        fresh = kind == "tab" and goal in FRESH_PROOF_GOALS
        subject_id, before = whoever_proved(db, self._vault, email, proof.site, now)
        ends_at = now + self._lifetimes.session_absolute
        # Whoever goes on after that would be hers still, and no more kept from anything.
        left_at = left_until(db, self._vault.aliases(email), proof.site, now)
        token = secrets.token_urlsafe(32)
        db.add(
            Session(
                token_hash=token_hash(token),
                kind=kind,
                subject_id=subject_id,
                site=proof.site,
                tier=max(tier, released_tier(db, subject_id, proof.site, now)),
                locale=proof.locale,
                goal=goal,
                email_sealed=self._vault.seal(email.address, SEALED_FOR),
                fresh_for=goal if fresh else None,
                fresh_until=now + self._lifetimes.fresh_proof if fresh else None,
                opened_at=now,
                touched_at=now,
                ends_at=min(ends_at, left_at or ends_at),
            )
        )
        facts = {"kind": kind, "goal": goal, "purpose": proof.purpose, "site": proof.site}
        for one in before:
            left = {"step": "let_go", "site": proof.site}
            self._ledger.note(db, Event.ADDRESS_CHANGE, subject_id=one, facts=left)
        self._ledger.note(db, Event.SIGNED_IN, subject_id=subject_id, facts=facts)
        return token

    def current(self, token: str, kind: Kind, *, touch: bool = True) -> SignedIn | None:
        """Who this token names, if its session still runs; touches it at most once a minute.

        ``touch`` is for what a person does: a page that looks again by itself is not in use.
        """
        now = self._clock()
        with self._database.reading() as db:
            row = db.scalar(
                select(Session).where(Session.token_hash == token_hash(token), Session.kind == kind)
            )
        if row is None or not self._runs(row, now):
            return None
        if touch and now - row.touched_at >= TOUCH_EVERY:
            with self._database.unit("session touched") as unit:
                unit.session.execute(
                    update(Session).where(Session.id == row.id).values(touched_at=now)
                )
                unit.commit()
            row.touched_at = now
        return self._signed_in(row)

    def end(self, signed_in: SignedIn) -> None:
        """Sign out."""
        with self._database.unit("signed out") as unit:
            self._end(unit.session, [Session.id == signed_in.session_id])
            self._ledger.note(unit.session, Event.SIGNED_OUT, subject_id=signed_in.subject_id)
            unit.commit()

    def open_person(self, db: Db, signed_in: SignedIn, opened: Opened) -> str:
        """From here on this session is of one of several people; her subject id.

        What the whole address was released for is not hers: she may be the other.
        """
        now = self._clock()
        mailbox_id = signed_in.mailbox_id
        person_id = person_of(db, self._vault, signed_in.email, opened.name, mailbox_id, now)
        told = {
            "name": opened.name,
            "name_fields": list(opened.name_fields),
            "keys": {name: list(keys) for name, keys in opened.keys.items()},
        }
        released = released_tier(db, person_id, signed_in.site, now)
        db.execute(
            update(Session)
            .where(Session.id == signed_in.session_id, Session.ended_at.is_(None))
            .values(
                person_id=person_id,
                opened_sealed=self._vault.seal(told, OPENED_FOR),
                tier=max(MAILBOX_TIER, released),
            )
        )
        facts = {"mailbox": mailbox_id, "site": signed_in.site}
        self._ledger.note(db, Event.PERSON_OPENED, subject_id=person_id, facts=facts)
        return person_id

    def end_others(self, db: Db, signed_in: SignedIn) -> None:
        """End every other session of this address, within a transaction of the caller's."""
        others = [Session.subject_id == signed_in.mailbox_id, Session.id != signed_in.session_id]
        self._end(db, others)

    def end_all(self, db: Db, subject_id: str) -> None:
        """End every session of a subject, within a transaction of the caller's."""
        self._end(db, [Session.subject_id == subject_id])
        self._ledger.note(db, Event.SESSIONS_ENDED, subject_id=subject_id)

    def end_expired(self) -> None:
        """A chore: empty what sessions and proofs that have run out still hold sealed."""
        now = self._clock()
        idle_since = now - self._lifetimes.session_idle
        with self._database.unit("sessions expired") as unit:
            self._end(unit.session, [or_(Session.ends_at <= now, Session.touched_at <= idle_since)])
            unit.session.execute(
                update(Proof)
                .where(Proof.email_sealed.is_not(None), Proof.expires_at <= now)
                .values(email_sealed=None)
            )
            unit.session.execute(
                update(Handoff)
                .where(Handoff.email_sealed.is_not(None), Handoff.expires_at <= now)
                .values(email_sealed=None)
            )
            unit.commit()

    def forget(self) -> None:
        """A chore: delete what has been over for a day, so that nothing says who asked and when."""
        over = self._clock() - SESSIONS
        of_session = select(Proof.id).where(Proof.session_id == Session.id)
        with self._database.unit("sessions forgotten") as unit:
            unit.session.execute(delete(Proof).where(Proof.expires_at <= over))
            unit.session.execute(delete(Handoff).where(Handoff.expires_at <= over))
            unit.session.execute(
                delete(Session).where(Session.ends_at <= over, ~of_session.exists())
            )
            unit.commit()

    def _end(self, db: Db, which: Sequence[ColumnElement[bool]]) -> None:
        db.execute(
            update(Session)
            .where(Session.ended_at.is_(None), *which)
            .values(ended_at=self._clock(), email_sealed=None, opened_sealed=None)
        )

    def _runs(self, row: Session, now: datetime) -> bool:
        return (
            row.ended_at is None
            and row.email_sealed is not None
            and now < row.ends_at
            and now < row.touched_at + self._lifetimes.session_idle
        )

    def _opened(self, row: Session) -> Opened | None:
        if row.opened_sealed is None:
            return None
        told = self._vault.unseal(row.opened_sealed, OPENED_FOR)
        return Opened(row.subject_id, told["name"], told["name_fields"], told["keys"])

    def _signed_in(self, row: Session) -> SignedIn:
        return SignedIn(
            session_id=row.id,
            mailbox_id=row.subject_id,
            subject_id=row.person_id or row.subject_id,
            opened=self._opened(row),
            email=Email.parse(self._vault.unseal(row.email_sealed or b"", SEALED_FOR)),
            site=row.site,
            tier=row.tier,
            locale=row.locale,
            kind="tab" if row.kind == "tab" else "frame",
            goal=Goal(row.goal),
            fresh_for=Goal(row.fresh_for) if row.fresh_for else None,
            fresh_until=row.fresh_until,
            idle_ends_at=min(row.ends_at, row.touched_at + self._lifetimes.session_idle),
            ends_at=row.ends_at,
        )
