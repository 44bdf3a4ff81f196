"""What a delivery does in one system, and how it is read back. One function a deed.

A deed may be a repetition after a lost answer, so each reads first, and leaves alone what is done
already.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.access.subjects import Opened
from portal.adapters.contract import (
    Adapter,
    Change,
    Erasure,
    ErasureKind,
    Evidence,
    Record,
    Ref,
)
from portal.domain.addresses import Email
from portal.domain.rights import DeliveryState
from portal.rights.deeds.ended import GONE, NOT_CONFIRMED, Ended, Rehearsal, by_read_back
from portal.rights.deeds.frequency import set_frequency
from portal.rights.deeds.outcomes import again_for, as_outcome
from portal.rights.deeds.putting_back import give
from portal.rights.deeds.readdressing import move
from portal.rights.deeds.restricting import restrict
from portal.rights.held.holdings import name_of
from portal.rights.held.known import addresses_in, is_any, records_under
from portal.rights.held.parts import hers_among, refs_of, whose
from portal.rights.held.values import from_json, same, scalar_of, to_json

Deed = Callable[[Adapter, Mapping[str, Any], str], Ended]
"""(adapter, opened payload, idempotency key) → where it ended."""


# --- payloads: what a deed needs to know, as JSON -------------------------------------------------


def correction(email: Email, records: Mapping[str, Sequence[Change]]) -> dict[str, Any]:
    """Write these changes; by the CRM's own key of each record, as long as it is this mailbox's."""
    return {
        "do": "correct",
        "email": email.address,
        "records": {
            key: [[change.field, to_json(change.seen), to_json(change.value)] for change in changes]
            for key, changes in records.items()
        },
    }


def consent(
    email: Email,
    purpose: str,
    granted: bool,
    evidence: Evidence,
    only: Sequence[str] | None = None,
    hers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Record this decision in every record of the address; or only in those of these keys.

    Or, by ``hers``, in those of one of several people: see `portal.rights.held.parts`.
    """
    those = {} if only is None else {"only": list(only)}
    return {
        **those,
        **(hers or {}),
        "do": "consent",
        "email": email.address,
        "purpose": purpose,
        "granted": granted,
        "evidence": {
            "at": evidence.at.isoformat(),
            "source": evidence.source,
            "wording": evidence.wording,
            "wording_version": evidence.wording_version,
            "locale": evidence.locale,
        },
    }


def erasure(
    email: Email,
    refs: Sequence[Ref] | None,
    name_fields: Sequence[str],
    names: Sequence[str],
    opened: Opened | None = None,
) -> dict[str, Any]:
    """Erase these records; None: those found when the system answers again.

    Of the latter only the same person's: ``names`` are those of the records that were reviewed.
    ``opened``: others use the address as well, and of those nothing is erased, now or later.
    """
    shared = {"who": whose(opened)} if opened else {}
    return {
        **shared,
        "do": "erase",
        "email": email.address,
        "name_fields": list(name_fields),
        "names": list(names),
        "refs": None if refs is None else [ref.key for ref in refs],
    }


def likeness(payload: Mapping[str, Any]) -> str:
    """What a payload asks for, without when and by which words: two with the same are one."""
    asked = {name: value for name, value in payload.items() if name != "evidence"}
    return json.dumps(asked, sort_keys=True)


# --- deeds ----------------------------------------------------------------------------------------


def _correct(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    hers = addresses_in(payload)
    wanted: dict[Ref, list[Change]] = {}
    met: set[str] = set()
    for ref_key, stored in payload["records"].items():
        ref = Ref(adapter.name, ref_key)
        changes = [
            Change(field, from_json(seen), from_json(value)) for field, seen, value in stored
        ]
        record = adapter.read(ref)
        # A record that was erased, or is somebody else's by now, is not written to.
        if record is not None and is_any(hers, record.email):
            met |= _met(record, changes)
            wanted[ref] = _unwritten(record, changes)
    if met:  # of several records none is written before every one of them was looked at
        return Ended(DeliveryState.CONFLICT, {"fields": sorted(met)})
    if not wanted:
        return Ended(DeliveryState.CONFIRMED, {"cause": GONE})
    outcomes, unconfirmed, shadow = [], [], Rehearsal()
    for number, (ref, changes) in enumerate(wanted.items()):
        if not changes:
            continue  # an attempt before, whose answer was lost, has written them
        with shadow:
            outcomes.append(adapter.write(ref, changes, key=f"{key}:{number}"))
            left = _differing(adapter.read(ref), changes)
            unconfirmed += [change.field for change in left]
    return shadow.ended() or by_read_back(outcomes, unconfirmed)


def _met(record: Record, changes: Sequence[Change]) -> set[str]:
    """The fields that are neither as she saw them nor, by an attempt before, as she wants them."""
    return {
        change.field
        for change in changes
        if not any(
            same(scalar_of(record.values.get(change.field)), known)
            for known in (change.seen, change.value)
        )
    }


def _unwritten(record: Record, changes: Sequence[Change]) -> list[Change]:
    """What is left to write, if an attempt before, whose answer was lost, has written some of it.

    A name of its own, since this safeguard is switched off to see that it is missed.
    """
    return _differing(record, changes)


def _differing(record: Record | None, changes: Sequence[Change]) -> list[Change]:
    """What the record does not hold yet."""
    if record is None:
        return list(changes)
    return [
        change
        for change in changes
        if not same(scalar_of(record.values.get(change.field)), change.value)
    ]


def _consent(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    purpose, granted = payload["purpose"], payload["granted"]
    told = payload["evidence"]
    evidence = Evidence(**{**told, "at": datetime.fromisoformat(told["at"])})
    records = hers_among(records_under(adapter, addresses_in(payload)), payload)
    if not records:
        # Nothing to stop is as good as stopped; a consent that nobody can keep was not given.
        end = DeliveryState.FAILED if granted else DeliveryState.CONFIRMED
        return Ended(end, {"cause": GONE})
    outcomes, unconfirmed, shadow = [], [], Rehearsal()
    for number, record in enumerate(records):
        # "No record either way" may still mean that mail is sent: a withdrawal is written then.
        state = record.consents.get(purpose)
        if state is not None and state.granted is granted:
            continue
        with shadow:
            once = f"{key}:{number}"
            outcomes.append(
                give(adapter, record, purpose, evidence, payload, once)
                if granted
                else adapter.set_consent(record.ref, purpose, False, evidence, key=once)
            )
            after = adapter.read(record.ref)
            if after is not None and not _confirms(after, purpose, granted):
                unconfirmed.append(purpose)
    return shadow.ended() or by_read_back(outcomes, unconfirmed)


def _confirms(record: Record, purpose: str, granted: bool) -> bool:
    state = record.consents.get(purpose)
    return state is not None and bool(state.granted) is granted


def _erase(adapter: Adapter, payload: Mapping[str, Any], key: str) -> Ended:
    addresses = addresses_in(payload)
    refs = _to_erase(adapter, payload, addresses)
    if refs is None:
        return Ended(DeliveryState.AWAITING, by_a_person=True)
    done: dict[Ref, Erasure] = {}
    hers, shadow = [], Rehearsal()
    for number, ref in enumerate(refs):
        with shadow:
            if adapter.erased(ref):  # by an attempt before, whose answer was lost
                done[ref] = adapter.erasure_plan(ref)
            elif _is_hers(adapter, ref, addresses):
                hers.append(ref)
                done[ref] = adapter.erase(ref, key=f"{key}:{number}")
    if in_shadow := shadow.ended():
        return in_shadow
    kinds = {erasure.kind for erasure in done.values()}
    outcome = as_outcome([*done.values()])
    if ErasureKind.MANUAL in kinds:
        return Ended(DeliveryState.AWAITING, outcome, by_a_person=True)
    if not all(adapter.erased(ref) for ref in hers):
        if ErasureKind.ASYNC in kinds:
            return Ended(DeliveryState.AWAITING, outcome)
        return Ended(DeliveryState.UNCONFIRMED, {**outcome, "cause": NOT_CONFIRMED})
    if len(done) < len(refs):
        return Ended(DeliveryState.AWAITING, outcome, by_a_person=True)  # somebody else's by now
    kept = bool(outcome["retained"])
    state = DeliveryState.RETAINED if kept else DeliveryState.CONFIRMED
    return Ended(state, outcome, again=again_for(adapter, done))


def _to_erase(
    adapter: Adapter, payload: Mapping[str, Any], addresses: Sequence[Email]
) -> list[Ref] | None:
    """Those that were reviewed, or else those found now; None: a person has to see to it."""
    if adapter.capabilities.erase is None:
        return None
    if payload["refs"] is not None:
        return [Ref(adapter.name, ref_key) for ref_key in payload["refs"]]
    records = records_under(adapter, addresses)
    if "who" in payload:
        return refs_of(records, payload["who"])
    names = {name_of(record, payload["name_fields"]) for record in records}
    if len({*names, *payload["names"]} - {""}) > 1:
        return None  # whose they are, who knows?
    return [record.ref for record in records]


def _is_hers(adapter: Adapter, ref: Ref, addresses: Sequence[Email]) -> bool:
    """Is it still the record of this mailbox, or at least of no other?

    A database may give the number of a deleted row to the next person, and an attempt whose answer
    was lost comes back under that number.
    """
    record = adapter.read(ref)
    return record is None or not record.email or is_any(addresses, record.email)


DEEDS: Mapping[str, Deed] = {
    "address": move,
    "correct": _correct,
    "consent": _consent,
    "restrict": restrict,
    "often": set_frequency,
    "erase": _erase,
}
