"""Where else somebody may be found after a change of address, and whether it is to be trusted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session as Db

from portal.access.left import is_being_left, was_left
from portal.access.subjects import known_subject
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.rights.held.known import ALSO, addresses_in, is_any, with_also
from portal.store.database import Database
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import AddressChange, Delivery, Job, Request, Subject, SubjectAlias
from portal.store.vault import CannotUnseal, Vault
from portal.sync.jobs import Task
from portal.sync.outbox import SEALED_FOR


class OtherAddresses:
    """Knows the other addresses of people who have changed theirs, for as long as that is kept."""

    def __init__(self, database: Database, vault: Vault, recalls: Recalls, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._recalls = recalls
        self._clock = clock

    def of(self, db: Db, subject_id: str) -> list[Email]:
        """Her other addresses: the one before a change, and the one after."""
        found = [
            address
            for one in self._recalls.of(db, Purpose.OTHER_ADDRESS, subject_id)
            for address in one.told["addresses"]
        ]
        kept = self._recalls.of(db, Purpose.ADDRESS_CHANGE, subject_id)
        return [Email.parse(one) for one in (*found, *(one.told["old"] for one in kept))]

    def beside(self, db: Db, subject_id: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A job's payload, with her other addresses beside the one it has."""
        if "email" not in payload:
            return payload
        return with_also(payload, self.of(db, subject_id))

    def without_others(self, task: Task, subject_id: str | None) -> Task:
        """A job about her, without what is somebody else's address by now (`access.left`).

        What is done late, or looked at weeks after, is done to her and not to the next owner of a
        mailbox. A change of address itself is of records, by their keys.
        """
        payload = task.payload
        if "email" not in payload or payload.get("do") == "address":
            return task
        known = addresses_in(payload)
        with self._database.reading() as db:
            part_of = db.scalar(select(Subject.part_of).where(Subject.id == subject_id))
            nobody_elses = {None, subject_id, part_of}
            hers = [one for one in known if known_subject(db, self._vault, one) in nobody_elses]
        if not hers or len(hers) == len(known):
            return task
        also = [one.address for one in hers[1:]]
        return replace(task, payload={**payload, "email": hers[0].address, ALSO: also})

    def left_by_her(self, addresses: Sequence[Email]) -> list[Email]:
        """Which of these she has changed into another one."""
        with self._database.reading() as db:
            return [one for one in addresses if was_left(db, self._vault.aliases(one))]

    def others(self, email: Email) -> list[Email]:
        """Where else whoever had this address may be found now: for a link in older mail."""
        with self._database.reading() as db:
            subject_id = db.scalar(
                select(SubjectAlias.subject_id).where(
                    or_(
                        *(
                            and_(SubjectAlias.key_version == version, SubjectAlias.digest == digest)
                            for version, digest in self._vault.aliases(email)
                        )
                    )
                )
            )
            others = [] if subject_id is None else self.of(db, subject_id)
        return [one for one in others if not one.same_mailbox(email.address)]

    def is_just_changed(self, email: Email) -> bool:
        """Was this address made hers a short while ago, without a word of the old mailbox?

        Or was it hers, and was that taken back? Until the old mailbox can say no more, such an
        address opens nothing that is held (C2): whoever came by a session of hers, and by no more,
        would else be shown everything from the moment that the change took effect.
        """
        now = self._clock()
        digests = [digest for _version, digest in self._vault.aliases(email)]
        doubtful = or_(AddressChange.vouched_at.is_(None), AddressChange.reverted_at.is_not(None))
        with self._database.reading() as db:
            found = db.scalar(
                select(AddressChange.id)
                .where(AddressChange.new_digest.in_(digests), AddressChange.back_until > now)
                .where(doubtful)
                .limit(1)
            )
        return found is not None

    def is_doubtful(self, email: Email, site: str) -> bool:
        """Is it one of an address that was changed a short while ago, which opens nothing?"""
        return self.is_just_changed(email) or self.is_being_left(email, site)

    def is_being_left(self, email: Email, site: str) -> bool:
        """Has she another address since a short while, in every system that this site looks in?

        Until she can take that back no more, whoever reads the mail of the old one has that veto,
        and nothing else: what is found under it by now is no record of hers.
        """
        with self._database.reading() as db:
            return is_being_left(db, self._vault.aliases(email), site, self._clock())

    def tell_jobs(self, db: Db, subject_id: str, addresses: list[Email]) -> None:
        """Let everything of hers that is sealed in a job find her by each of these addresses.

        What is in a worker's hands just now goes on as it is: until it has ended no other job of
        hers is done in that system. Those that are given up are done again by a person some day.

        Only what names her is locked. A job that does not, such as a break's, may be ending in this
        moment and wait for her turn, which is ours: to wait for it would be to wait for each other.
        """
        sealed = select(Job).where(Job.payload_sealed.is_not(None))
        about_her = or_(Job.subject_id == subject_id, Job.key.in_(_rechecks(db, subject_id)))
        naming = [
            job.id for job in db.scalars(sealed.where(about_her)) if self._named(job, addresses)
        ]
        jobs = db.scalars(
            sealed.where(Job.id.in_(naming))
            .order_by(Job.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        for job in jobs:
            if payload := self._named(job, addresses):
                job.payload_sealed = self._vault.seal(with_also(payload, addresses), SEALED_FOR)

    def _named(self, job: Job, addresses: list[Email]) -> Mapping[str, Any] | None:
        """What it carries, if that has one of these addresses; None: it need not be told."""
        try:
            payload: Mapping[str, Any] = self._vault.unseal(job.payload_sealed or b"", SEALED_FOR)
        except CannotUnseal:
            return None  # a person is told of it when it is its turn
        return payload if _names_her(payload, addresses) else None

    def forget(self, db: Db, subject_id: str) -> None:
        """She is erased: her jobs know her addresses, and nothing else needs them."""
        for purpose in (Purpose.OTHER_ADDRESS, Purpose.ADDRESS_CHANGE):
            for one in list(self._recalls.of(db, purpose, subject_id)):
                self._recalls.drop(db, one.id)

    def found_at(
        self,
        db: Db,
        subject_id: str,
        addresses: list[Email],
        adapters: Collection[str],
        until: datetime,
    ) -> None:
        """From now on she may be found there as well; of several changes the last counts.

        The last of ``addresses`` is the one that is hers now, in the systems ``adapters``.
        """
        for one in list(self._recalls.of(db, Purpose.OTHER_ADDRESS, subject_id)):
            self._recalls.drop(db, one.id)
        told = {"addresses": [one.address for one in addresses], "adapters": sorted(adapters)}
        self._recalls.keep(db, Purpose.OTHER_ADDRESS, subject_id, told, until)


def _names_her(payload: Mapping[str, Any], addresses: list[Email]) -> bool:
    if "email" not in payload:
        return False
    return any(is_any(addresses, known.address) for known in addresses_in(payload))


def _rechecks(db: Db, subject_id: str) -> list[str]:
    """The keys of the looks after her erasures, whose jobs are of no subject: see `recheck`."""
    deliveries = db.scalars(
        select(Delivery.id)
        .join(Request, Request.id == Delivery.request_id)
        .where(Request.subject_id == subject_id, Request.right == Right.ERASE)
    )
    return [f"recheck:{one}" for one in deliveries]
