"""Changes of address that have not reached every system: where a record stands, and whose it is.

For who asks whether mail may go to an address. From the moment that a change takes effect the old
one is hers no longer, and the new one is; a system may need a while to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.access.subjects import known_subject
from portal.adapters.contract import Ref
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import AddressChange, Delivery
from portal.store.vault import Vault

THERE = frozenset({DeliveryState.CONFIRMED, DeliveryState.CONFLICT})
"""The record has the new address, or one that somebody else gave it."""


@dataclass(frozen=True, slots=True, repr=False)
class UnderWay:
    """What has not reached its system yet, as seen from one address."""

    gone: frozenset[Ref]
    """Records that stand under this address still, though it is hers no longer."""
    coming: Mapping[Ref, Email]
    """Records of hers that stand under another one still, and which."""


class Moves:
    """Finds them."""

    def __init__(self, vault: Vault, recalls: Recalls, clock: Clock) -> None:
        self._vault = vault
        self._recalls = recalls
        self._clock = clock

    def of(self, db: Db, email: Email) -> UnderWay:
        """What is under way of whoever has, had or is to have this address."""
        last: dict[Ref, tuple[Email, Email]] = {}
        for subject_id in self._subjects(db, email):
            for one in list(self._recalls.of(db, Purpose.ADDRESS_CHANGE, subject_id)):
                old, new = Email.parse(one.told["old"]), Email.parse(one.told["new"])
                there = _reached(db, one.request_id)
                for adapter, keys in one.told["records"].items():
                    for key in keys:
                        last.pop(Ref(adapter, key), None)
                        if adapter not in there:
                            last[Ref(adapter, key)] = (old, new)
        here = {ref: old for ref, (old, new) in last.items() if new.same_mailbox(email.address)}
        return UnderWay(frozenset(last.keys() - here.keys()), here)

    def _subjects(self, db: Db, email: Email) -> set[str]:
        """By the address itself, and by one that was taken back: which is no alias of hers."""
        digests = [digest for _version, digest in self._vault.aliases(email)]
        changed = select(AddressChange.subject_id).where(
            AddressChange.new_digest.in_(digests), AddressChange.back_until > self._clock()
        )
        known = known_subject(db, self._vault, email)
        return {*db.scalars(changed), *([known] if known else [])}


def _reached(db: Db, request_id: str | None) -> set[str]:
    rows = db.execute(
        select(Delivery.adapter, Delivery.state).where(Delivery.request_id == request_id)
    )
    return {adapter for adapter, state in rows if state in THERE}
