"""Where a mailing is on, counted with what is on its way and can be read nowhere yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.adapters.contract import Record
from portal.consent.record import ConsentRecord
from portal.consent.sources import NO_OPT_IN
from portal.domain.register import Purpose
from portal.domain.rights import DeliveryState
from portal.rights.deeds.putting_back import as_told
from portal.rights.held.holdings import Holdings
from portal.rights.mailings.decide import BY_EXCEPTION, Standing
from portal.store.tables import Consent, Delivery


def was_on(db: Db, subject_id: str, held: Holdings, standing: Standing) -> dict[str, list[str]]:
    """Adapter name → keys of the records that a stop turns off, as far as the systems answered.

    A "yes" of hers that is on its way counts as arrived, and a "no" as well: what is read does not
    know of it yet.
    """
    found: dict[str, list[str]] = {}
    for name, record in held.each():
        if name not in standing.systems:
            continue
        on_its_way = _on_its_way(db, subject_id, standing.purpose.id, name)
        if is_on(record, standing.purpose) if on_its_way is None else on_its_way:
            found.setdefault(name, []).append(record.ref.key)
    return found


def stood_before(
    held: Holdings, purpose: str, on: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Adapter name → key of a record → the evidence that stands there, of where it reads as on.

    A "yes" that is on its way has none there yet.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, record in held.each():
        state = record.consents.get(purpose)
        if record.ref.key in on.get(name, ()) and state is not None and state.granted:
            found.setdefault(name, {})[record.ref.key] = as_told(state)
    return found


def is_on(record: Record, purpose: Purpose) -> bool:
    """Is it on in this record? Where nothing is said, what rests on no consent goes on."""
    state = record.consents.get(purpose.id)
    if state is None or state.granted is None:
        return purpose.ground in BY_EXCEPTION
    return state.granted


def is_being_stopped(db: Db, subject_id: str, purpose: str, adapter: str) -> bool:
    """Is a stop on its way to this system, by a decision that still stands?"""
    return _on_its_way(db, subject_id, purpose, adapter) is False


def is_under_way(db: Db, subject_id: str, purpose: str, adapter: str) -> bool:
    """Has the latest decision that is for this system not reached it yet?"""
    latest = ConsentRecord.latest_for(db, subject_id, purpose, adapter)
    return latest is not None and _is_open(db, latest, adapter)


def _on_its_way(db: Db, subject_id: str, purpose: str, adapter: str) -> bool | None:
    """Her latest decision, while it has not reached this system; None: what is read there counts.

    What was put back is put back in some records only, so it counts where it can be read.
    """
    latest = ConsentRecord.latest_for(db, subject_id, purpose, adapter)
    if latest is None or (latest.granted and latest.source in NO_OPT_IN):
        return None
    return latest.granted if _is_open(db, latest, adapter) else None


def _is_open(db: Db, decision: Consent, adapter: str) -> bool:
    state = db.scalar(
        select(Delivery.state).where(
            Delivery.request_id == decision.request_id, Delivery.adapter == adapter
        )
    )
    return state is not None and not DeliveryState(state).is_final
