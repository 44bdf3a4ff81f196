"""A correction that met another change: she chooses, field by field, and that is a new request.

What she typed waits sealed in the job of the delivery that ended so, for thirty days at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.access.sessions import SignedIn
from portal.adapters.contract import Scalar
from portal.domain.clock import Clock
from portal.domain.rights import DeliveryState
from portal.proof.ledger import Event, Ledger
from portal.rights.correcting.correct import Correcting
from portal.rights.delivery.deliver import ENDED_IN_CONFLICT
from portal.rights.held.seen import Place, Seen, Values
from portal.rights.held.values import from_json
from portal.rights.requests.receiving import delivery_of, job_key
from portal.store.database import Database, Unit, rows_changed
from portal.store.tables import Delivery, Job, Request
from portal.store.vault import CannotUnseal, Vault
from portal.sync.outbox import SEALED_FOR

WAITS = timedelta(days=30)
"""How long what she typed is kept for her choice."""


class Choice(StrEnum):
    """What became of a conflict; the cause of its delivery from then on."""

    CHOSEN = "chosen"
    """She chose hers, for some of it at least: a new request does that."""
    KEPT = "kept"
    """She chose what stood there."""
    LAPSED = "lapsed"
    """She did not choose in time."""


class AlreadyChosen(Exception):
    """Somebody, perhaps she in another window, was faster."""


@dataclass(frozen=True, slots=True, repr=False)
class Waiting:
    """A correction that waits for her choice: what she saw then, and what she wants."""

    request_id: str
    jobs: Sequence[str]
    """Their keys."""
    seen: Seen
    wanted: Values


class Choosing:
    """Finds what waits for a choice, and takes the choice."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        correcting: Correcting,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._correcting = correcting
        self._ledger = ledger
        self._clock = clock

    def waiting(
        self, signed_in: SignedIn, request_id: str, adapters: Mapping[str, object]
    ) -> Waiting | None:
        """What waits in these systems, of one of her requests; None when nothing does."""
        with self._database.reading() as db:
            jobs = db.scalars(
                select(Job)
                .join(Request, Request.id == request_id)
                .where(
                    Request.subject_id == signed_in.subject_id,
                    Job.key.in_(_keys_of(db, request_id)),
                    Job.end == ENDED_IN_CONFLICT,
                    Job.payload_sealed.is_not(None),
                    Job.adapter.in_(list(adapters)),
                )
                .order_by(Job.id)
            ).all()
        places: dict[Place, dict[str, Scalar]] = {}
        wanted: dict[str, Scalar] = {}
        for job in jobs:
            try:
                payload = self._vault.unseal(job.payload_sealed or b"", SEALED_FOR)
            except CannotUnseal:
                continue
            for key, changes in payload["records"].items():
                for field, seen, value in changes:
                    places.setdefault((job.adapter or "", key), {})[field] = from_json(seen)
                    wanted[field] = from_json(value)
        if not places:
            return None
        return Waiting(
            request_id, [job.key for job in jobs], Seen(places), self._correcting.known(wanted)
        )

    def choose(
        self, signed_in: SignedIn, waiting: Waiting, seen: Seen, wanted: Values, locale: str
    ) -> str | None:
        """Take her choice: hers is a new request, whose id this gives; what she typed is wiped.

        Args:
            signed_in: Whose it is.
            waiting: What waits.
            seen: What she sees now.
            wanted: Of what she wants, all that she holds to.
            locale: The language of the page.

        Raises:
            AlreadyChosen: See there; nothing was taken.
        """
        wanted = seen.undone(wanted)
        if wanted:

            def along(unit: Unit, new_id: str) -> None:
                self._settle(unit.session, waiting, Choice.CHOSEN, new_id)

            return self._correcting.save(signed_in, seen, wanted, locale, along)
        with self._database.unit("conflict settled") as unit:
            self._settle(unit.session, waiting, Choice.KEPT)
            unit.commit()
        return None

    def lapse(self) -> None:
        """A chore: wipe what has waited for thirty days."""
        since = self._clock() - WAITS
        with self._database.unit("conflicts lapsed") as unit:
            late = unit.session.scalars(
                select(Job.key).where(*_WAITS, Job.ended_at <= since).limit(500)
            ).all()
            for key in late:
                _wipe(unit.session, key)
                self._mark(unit.session, key, Choice.LAPSED)
            unit.commit()

    def _settle(self, db: Db, waiting: Waiting, choice: Choice, new_id: str | None = None) -> None:
        for key in waiting.jobs:
            if not _wipe(db, key):
                raise AlreadyChosen
            self._mark(db, key, choice, new_id)

    def _mark(self, db: Db, key: str, choice: Choice, new_id: str | None = None) -> None:
        """On the page of the request, of any request that went along with it, and in the ledger."""
        leader = delivery_of(db, key)
        if leader is None:
            return
        same = db.scalars(
            select(Delivery).where((Delivery.id == leader.id) | (Delivery.follows == leader.id))
        )
        for delivery in same:
            if delivery.state != DeliveryState.CONFLICT:
                continue
            by = {"by": new_id} if new_id else {}
            delivery.outcome = {**delivery.outcome, "cause": choice, **by}
            request = db.get(Request, delivery.request_id)
            self._ledger.note(
                db,
                Event.CONFLICT_SETTLED,
                subject_id=request.subject_id if request else None,
                request_id=delivery.request_id,
                facts={"adapter": delivery.adapter, "choice": choice, **by},
            )


_WAITS = (Job.end == ENDED_IN_CONFLICT, Job.payload_sealed.is_not(None))


def _keys_of(db: Db, request_id: str) -> list[str]:
    """Of the jobs that carry this request's deliveries: their own, or the one they follow."""
    own = select(Delivery).where(Delivery.request_id == request_id)
    deliveries = db.scalars(own.where(Delivery.state == DeliveryState.CONFLICT)).all()
    leaders = [db.get(Delivery, one.follows) if one.follows else one for one in deliveries]
    return [job_key(one) for one in leaders if one is not None]


def _wipe(db: Db, key: str) -> bool:
    """False: it was wiped already."""
    done = db.execute(
        update(Job)
        .where(Job.key == key, *_WAITS)
        .values(payload_sealed=None)
        .execution_options(synchronize_session=False)
    )
    return rows_changed(done) == 1
