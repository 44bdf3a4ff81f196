"""Which records an erasure is about, sealed in its line of the journal.

What had to be kept in them goes when its time is over, and after the erasure nobody finds them by
an address any more. A portal that was restored from a back-up of before has to be told their keys.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import Delivery, Job, Request
from portal.store.vault import CannotUnseal, Vault
from portal.sync.outbox import SEALED_FOR as JOB_SEALED_FOR

SEALED_FOR = "records of an erasure"


class KeptRecords:
    """Seals them for the journal, and opens what it holds."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._recalls = Recalls(vault, clock)

    def sealed(self, db: Db, erasure: Request) -> str | None:
        """The keys as far as they are known: those that wait to be erased, or are to be once more.

        None: of a system that did not answer when she asked they are not.
        """
        found = {**self._to_be_erased(db, erasure), **self._to_be_erased_again(db, erasure)}
        return self._vault.seal(found, SEALED_FOR).decode() if found else None

    def opened(self, sealed: str) -> Mapping[str, Sequence[str]]:
        """Adapter name → keys.

        :raises CannotUnseal: the key that it was sealed with is gone.
        """
        told: Mapping[str, Sequence[str]] = self._vault.unseal(sealed.encode(), SEALED_FOR)
        return told

    def _to_be_erased(self, db: Db, erasure: Request) -> dict[str, Sequence[str]]:
        found = {}
        for one in db.scalars(select(Delivery).where(Delivery.request_id == erasure.id)):
            doing = db.get(Delivery, one.follows) if one.follows else one
            if doing is None:
                continue
            # As `requests.receiving.job_key` makes it, which knows this module.
            key = f"{doing.request_id}:{doing.id}"
            payload = db.scalar(select(Job.payload_sealed).where(Job.key == key))
            if payload is not None and (refs := self._refs_in(payload)):
                found[one.adapter] = refs
        return found

    def _refs_in(self, payload: bytes) -> Sequence[str]:
        try:
            refs: Sequence[str] | None = self._vault.unseal(payload, JOB_SEALED_FOR).get("refs")
        except CannotUnseal:
            return ()  # a person is told of it when it is its turn
        return refs or ()

    def _to_be_erased_again(self, db: Db, erasure: Request) -> dict[str, Sequence[str]]:
        kept = self._recalls.of(db, Purpose.SECOND_ERASURE, erasure.subject_id)
        return {
            one.told["adapter"]: [*one.told["records"]]
            for one in kept
            if one.request_id == erasure.id
        }
