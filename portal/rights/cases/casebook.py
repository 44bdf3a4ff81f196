"""Cases: what only a person can do or answer, with the statutory clock running.

The clock starts when it came in, by whatever door (EDPB Guidelines 01/2022 §5.3). What she wrote is
sealed; it is emptied some weeks after the case is closed, and the rest of the row stays: codes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database, Unit
from portal.store.tables import Case
from portal.store.vault import Vault, new_number

SEALED_FOR = "case"
ACTIVITIES = "activities"
"""In the details of a request: the processing that it objects to, by the register's ids."""
KEPT_AFTER = timedelta(days=30)
"""How long what she wrote outlives the end of its case: until she may have come back to it."""
LONGEST = 4000
"""Characters of a message."""
LONGEST_CONTACT = 320
"""Characters of how she can be reached, and of an address that she had."""


class CaseKind(StrEnum):
    """What a person is to do."""

    QUESTION = "question"
    """Answer a question, or a complaint."""
    NO_MAILBOX = "no_mailbox"
    """Help somebody who cannot open the mailbox that her records stand under."""
    SEVERAL_PEOPLE = "several_people"
    """Find out which of the records under one address are hers (Art. 15(4) GDPR)."""
    ROLE_ADDRESS = "role_address"
    """Find out whose an address is that a whole company reads."""
    CHANGED_ADDRESS = "changed_address"
    """The address was changed a short while ago."""
    ADDRESS_IN_USE = "address_in_use"
    """She wants an address that other records stand under already."""
    OBJECT = "object"
    """Weigh an objection on grounds of her own (Art. 21(1) GDPR)."""
    RESTRICT = "restrict"
    """Restrict the use of her data (Art. 18 GDPR)."""
    RECIPIENT = "recipient"
    """Tell somebody who received her data of an erasure, a correction or a restriction (Art. 19
    GDPR). Of one request there is one for each."""
    RELEASE = "release"
    """Check who she is, so that she sees more than a mailbox alone opens."""
    MISSING = "missing"
    """Look for what the pages do not show."""


class CaseState(StrEnum):
    """How far a case is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a case ended."""

    DONE = "done"
    """What she asked for is done, or her question is answered."""
    REFUSED = "refused"
    """Not done, with the reasons and the ways to complain told to her (Art. 12(4) GDPR)."""
    UNIDENTIFIED = "unidentified"
    """She could not show who she is (Art. 12(2) GDPR)."""
    WITHDRAWN = "withdrawn"
    """She does not want it any more, or asked for the same elsewhere."""


@dataclass(frozen=True, slots=True)
class CaseBrief:
    """One case, without what she wrote."""

    reference: str
    kind: CaseKind
    site: str
    received_at: datetime
    state: CaseState
    outcome: Outcome | None
    request_id: str | None
    subject_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """What she wrote. Lives as long as one page."""

    message: str
    address: str
    """The e-mail address that it is about, where it is not the one that she can be reached at."""
    contact: str


class Cases:
    """Opens cases, and forgets what was written once they are over."""

    def __init__(self, database: Database, vault: Vault, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock

    def open(
        self,
        unit: Unit,
        kind: CaseKind,
        *,
        site: str,
        locale: str,
        subject_id: str | None = None,
        request_id: str | None = None,
        message: str = "",
        contact: str = "",
        address: str = "",
        received_at: datetime | None = None,
        by: int | None = None,
    ) -> str:
        """Open a case within a unit of work of the caller's; its reference.

        Args:
            unit: Where it is written; together with the request that it belongs to.
            kind: What a person is to do.
            site: Where it came in.
            locale: The language to answer in.
            subject_id: Whose it is, if she has shown that.
            request_id: The request that it belongs to.
            message: What she wrote; sealed. No longer than `LONGEST`: that is for the page to see.
            contact: How she can be reached; sealed.
            address: The e-mail address that it is about; sealed.
            received_at: When it came, of a letter or a call (UTC); None: now.
            by: The operator who writes it down for her.
        """
        now = self._clock()
        case = Case(
            reference=new_number(),
            kind=kind,
            site=site,
            subject_id=subject_id,
            request_id=request_id,
            locale=locale,
            received_at=received_at or now,
            written_at=now,
            written_by=by,
            message_sealed=self._vault.seal({"text": message, "address": address}, SEALED_FOR),
            contact_sealed=self._vault.seal(contact, SEALED_FOR),
        )
        unit.session.add(case)
        unit.session.flush()
        operator = {"operator": by} if by else {}
        self._ledger.note(
            unit.session,
            Event.CASE_OPENED,
            subject_id=subject_id,
            request_id=request_id,
            facts={"case": case.reference, "kind": kind, "site": site, **operator},
        )
        return case.reference

    def withdraw(self, unit: Unit, kind: CaseKind, request_ids: Collection[str]) -> None:
        """She does not want it any more: close what is open of these requests.

        An alarm that it rang is cleared by the next look at what is overdue.
        """
        cases = unit.session.scalars(
            select(Case)
            .where(Case.kind == kind, Case.request_id.in_(request_ids))
            .where(Case.closed_at.is_(None))
            .with_for_update()
        )
        for case in cases:
            case.closed_at, case.outcome = self._clock(), Outcome.WITHDRAWN
            self._ledger.note(
                unit.session,
                Event.CASE_CLOSED,
                subject_id=case.subject_id,
                request_id=case.request_id,
                facts={"case": case.reference, "kind": kind, "outcome": Outcome.WITHDRAWN},
            )

    def named(self, reference: str) -> CaseBrief | None:
        """The case of this reference; None: there is none."""
        with self._database.reading() as db:
            case = case_of(db, reference)
            return brief(case) if case else None

    def open_for(self, db: Db, subject_id: str, kind: CaseKind, site: str) -> str | None:
        """The reference of a case of this kind that she has open on that site, if there is one."""
        return db.scalar(
            select(Case.reference)
            .where(Case.subject_id == subject_id, Case.kind == kind, Case.site == site)
            .where(Case.closed_at.is_(None))
            .order_by(Case.id)
            .limit(1)
        )

    def written(self, case: Case) -> Written | None:
        """What she wrote; None: it was emptied.

        :raises CannotUnseal: the key that it was sealed with is gone.
        """
        if case.message_sealed is None or case.contact_sealed is None:
            return None
        told = self._vault.unseal(case.message_sealed, SEALED_FOR)
        contact = self._vault.unseal(case.contact_sealed, SEALED_FOR)
        return Written(told["text"], told["address"], contact)

    def forget(self) -> None:
        """A chore: empty what was written in cases that are over for long enough."""
        before = self._clock() - KEPT_AFTER
        with self._database.unit("cases emptied") as unit:
            unit.session.execute(
                update(Case)
                .where(Case.closed_at <= before, Case.message_sealed.is_not(None))
                .values(message_sealed=None, contact_sealed=None)
            )
            unit.commit()


def case_of(db: Db, reference: str, *, lock: bool = False) -> Case | None:
    """The case of this reference; ``lock``: held until the end of the transaction."""
    if "\0" in reference:  # which PostgreSQL cannot be asked for
        return None
    query = select(Case).where(Case.reference == reference.upper())
    return db.scalar(query.with_for_update() if lock else query)


def brief(case: Case) -> CaseBrief:
    """A case as codes."""
    return CaseBrief(
        reference=case.reference,
        kind=CaseKind(case.kind),
        site=case.site,
        received_at=case.received_at,
        state=state_of(case),
        outcome=Outcome(case.outcome) if case.outcome else None,
        request_id=case.request_id,
        subject_id=case.subject_id,
    )


def state_of(case: Case) -> CaseState:
    """How far it is."""
    if case.closed_at is not None:
        return CaseState.CLOSED
    return CaseState.ANSWERED if case.answered_at is not None else CaseState.OPEN


def case_of_request(db: Db, request_id: str) -> CaseBrief | None:
    """The case that a request belongs to; of several the newest."""
    found = db.scalar(
        select(Case)
        .where(Case.request_id == request_id, Case.kind != CaseKind.RECIPIENT)
        .order_by(Case.id.desc())
        .limit(1)
    )
    return brief(found) if found else None
