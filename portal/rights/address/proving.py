"""The new mailbox is proven: from here on it waits, and the old mailbox is told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session as Db

from portal.access.mailed import Refusal, find
from portal.access.subjects import take_turns
from portal.rights.address.means import JOB, NEW, Means, code_for, proof_for_old
from portal.store.database import Unit
from portal.store.tables import AddressChange, Proof


@dataclass(frozen=True, slots=True)
class NewPage:
    """What the page of the new mailbox may show."""

    reference: str
    site: str
    locale: str
    due_at: datetime | None
    """When it takes effect; None: the code is asked for. Whose address it is decides nothing of
    what stands here."""
    end: str | None
    """How one that was proven has ended: of `End`."""


class ProvingNew:
    """Takes the code or the link of the mail to the new address.

    That needs no session, so that the mail alone suffices: whose address is changed stands in the
    change, which only her own session can have made.
    """

    def __init__(self, means: Means) -> None:
        self._means = means

    def look(self, reference: str) -> NewPage | None:
        """What is asked for under this reference; None when there is no such."""
        with self._means.database.reading() as db:
            proof = find(db, reference, NEW)
            if proof is None:
                return None
            change = db.get(AddressChange, reference)
        proven = change is not None and change.proven_at is not None
        due_at = change.due_at if change is not None and proven else None
        end = change.end if change is not None and proven else None
        return NewPage(reference, proof.site, proof.locale, due_at, end)

    def by_link(self, reference: str, token: str, nonce: str | None) -> datetime | Refusal:
        """When it takes effect; the link counts in the browser that asked alone."""
        means = self._means
        code = code_for(means)
        with means.database.unit("new address proven") as unit:
            proof = means.mailed.by_link(unit.session, reference, token, nonce, NEW)
            return proof if isinstance(proof, Refusal) else self._prove(unit, proof, code)

    def by_code(self, reference: str, typed: str) -> datetime | Refusal:
        """When it takes effect. Each try is counted before it is checked."""
        means = self._means
        proof = means.mailed.by_code(reference, typed, NEW)
        if isinstance(proof, Refusal):
            return proof
        code = code_for(means)
        with means.database.unit("new address proven") as unit:
            return self._prove(unit, unit.session.merge(proof, load=False), code)

    def _prove(self, unit: Unit, proof: Proof, code: tuple[str, str]) -> datetime | Refusal:
        means, db, now = self._means, unit.session, self._means.clock()
        change = _locked(db, proof.reference)
        if change is None or change.ended_at is not None or change.proven_at is not None:
            return Refusal.NO_LONGER
        if not means.mailed.use_up(db, proof, now):
            return Refusal.NO_LONGER
        due_at = now + means.spans.wait
        sealed = means.addresses(change)
        until = due_at + means.spans.back
        for_old, words = proof_for_old(means, change.site, change.locale, until, *code)
        db.add(for_old)
        change.proven_at, change.due_at = now, due_at
        change.old_reference = for_old.reference
        means.letter(
            unit,
            "address_old",
            sealed.old,
            change,
            {**words, "new": sealed.new.masked, "due": means.told(due_at, change.locale)},
        )
        means.outbox.put(unit, JOB, {"change": change.id}, key=f"{JOB}:{change.id}", due_at=due_at)
        means.note(db, change, "proven")
        unit.commit()
        return due_at


def _locked(db: Db, change_id: str) -> AddressChange | None:
    """The change as it stands now, while what is decided about her takes turns."""
    change = db.get(AddressChange, change_id)
    if change is not None:
        take_turns(db, change.subject_id)
        db.refresh(change)
    return change
