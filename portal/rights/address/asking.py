"""Asking for another address: a code goes to the new one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Db

from portal.access.ask import WITHOUT_MAIL, Asked, TooMany
from portal.access.limits import DAY, HOUR, Quotas
from portal.access.sessions import SignedIn
from portal.access.subjects import take_turns
from portal.config.parts import Limits
from portal.domain.addresses import Email
from portal.domain.rights import Goal, Lane, Right
from portal.rights.address.code_mail import JOB as CODE
from portal.rights.address.means import NEW, End, Means
from portal.rights.held.holdings import Holdings
from portal.rights.requests.planned import OPEN
from portal.store.tables import AddressChange, Delivery, Proof, Request
from portal.store.vault import new_reference, token_hash
from portal.sync.gates import MAIL_SERVER

KEEP = timedelta(days=1)
"""What is over is forgotten after a day, as a sign-in is."""


class Hindrance(StrEnum):
    """Why an address cannot be changed by oneself just now; a person helps."""

    NOTHING_HELD = "nothing_held"
    SEVERAL_PEOPLE = "several_people"
    JUST_CHANGED = "just_changed"
    UNFINISHED = "unfinished"
    """An earlier change has not reached every system yet."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for its moment, or for a word of the old mailbox."""

    new: Email
    due_at: datetime
    vouched: bool


class AskingAddress:
    """Takes the question, and says the same whoever the new address belongs to."""

    def __init__(self, means: Means, limits: Limits) -> None:
        self._means = means
        self._limits = limits
        self._quotas = Quotas(means.vault)

    def hindrance(self, signed_in: SignedIn, held: Holdings) -> Hindrance | None:
        """What stands in the way; None: nothing does."""
        if held.is_doubtful:
            return Hindrance.JUST_CHANGED
        if held.several_people or held.opened is not None:  # others use the mailbox as well
            return Hindrance.SEVERAL_PEOPLE
        if not held.anything:
            return Hindrance.NOTHING_HELD
        with self._means.database.reading() as db:
            return Hindrance.UNFINISHED if is_unfinished(db, signed_in.subject_id) else None

    def pending(self, signed_in: SignedIn) -> Pending | None:
        """Her change whose new mailbox is proven; None: there is none."""
        with self._means.database.reading() as db:
            change = open_change(db, signed_in.subject_id)
        if change is None or change.proven_at is None or change.due_at is None:
            return None
        new = self._means.addresses(change).new
        return Pending(new, change.due_at, change.vouched_at is not None)

    def ask(self, signed_in: SignedIn, new: Email, locale: str) -> Asked:
        """Have a code sent to the new address. An open change of hers gives way to this one.

        Nothing is looked up here: the page is the same for an address that somebody else has. That
        address has a quota of its own, which takes nothing from whoever signs in with it; over it
        no mail follows, and nothing says so.

        Raises:
            TooMany: Over her own quota; said on the page.
        """
        means, limits, quota = self._means, self._limits, self._quotas.quota
        hers = [quota(limits.confirms_per_hour, HOUR, "confirm", signed_in.subject_id)]
        of_the_new = [
            quota(limits.change_mails_hour, HOUR, "change", new.canonical),
            quota(limits.change_mails_day, DAY, "change", new.canonical),
        ]
        asked = Asked(new_reference(), secrets.token_urlsafe(16))
        with means.database.unit("address change asked") as unit:
            db, now = unit.session, means.clock()
            take_turns(db, signed_in.subject_id)
            if not self._quotas.hit(db, now, hers):
                unit.commit()  # the hit counts
                raise TooMany
            mute = not self._quotas.hit(db, now, of_the_new)
            before = open_change(db, signed_in.subject_id)
            if before is not None:
                means.close(db, before, End.REPLACED)
                db.flush()
            change = AddressChange(
                id=asked.reference,
                subject_id=signed_in.subject_id,
                site=signed_in.site,
                locale=locale,
                new_digest=means.vault.alias(new)[1],
                addresses_sealed=means.seal(signed_in.email, new),
                asked_at=now,
            )
            db.add(change)
            db.add(
                Proof(
                    reference=asked.reference,
                    purpose=NEW,
                    site=signed_in.site,
                    goal=Goal.ADDRESS,
                    locale=locale,
                    session_id=signed_in.session_id,
                    address_digest=means.vault.alias(new)[1],
                    nonce_hash=token_hash(asked.nonce),
                    asked_at=now,
                    expires_at=now + WITHOUT_MAIL,
                    code_tries=0,
                )
            )
            told = {"change": change.id, "mute": mute}
            means.outbox.put(unit, CODE, told, lane=Lane.MAIL, adapter=MAIL_SERVER)
            means.note(db, change, "asked")
            unit.commit()
        return asked

    def forget(self) -> None:
        """A chore: let go of what was never proven, and delete what has been over for a day."""
        means, now = self._means, self._means.clock()
        with means.database.unit("address changes forgotten") as unit:
            db = unit.session
            stale = db.scalars(
                select(AddressChange).where(
                    AddressChange.ended_at.is_(None),
                    AddressChange.proven_at.is_(None),
                    AddressChange.asked_at <= now - 2 * WITHOUT_MAIL,
                )
            )
            for change in stale:
                means.close(db, change, End.LAPSED)
                means.note(db, change, "lapsed")
            over = now - KEEP
            effective = AddressChange.end == End.EFFECTIVE
            db.execute(delete(AddressChange).where(effective, AddressChange.back_until <= over))
            db.execute(delete(AddressChange).where(~effective, AddressChange.ended_at <= over))
            unit.commit()


def open_change(db: Db, subject_id: str) -> AddressChange | None:
    """The one that is open, if one is."""
    return db.scalar(
        select(AddressChange)
        .where(AddressChange.subject_id == subject_id, AddressChange.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )


def is_unfinished(db: Db, subject_id: str) -> bool:
    """Is an earlier change of hers still on its way into a system?"""
    found = db.scalar(
        select(Delivery.id)
        .join(Request, Request.id == Delivery.request_id)
        .where(Request.subject_id == subject_id, Request.right == Right.ADDRESS)
        .where(Delivery.state.in_(OPEN))
        .limit(1)
    )
    return found is not None
