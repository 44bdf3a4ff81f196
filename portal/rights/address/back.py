"""Taking a change back: the old address returns, everywhere."""

from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.orm import Session as Db

from portal.access.left import leave, return_to
from portal.access.subjects import Named
from portal.domain.addresses import Email
from portal.domain.rights import Right
from portal.rights.address.means import Means
from portal.rights.deeds.readdressing import move_records
from portal.store.database import Unit
from portal.store.recalls import Purpose, Recalled
from portal.store.tables import AddressChange, SubjectAlias


def put_back(means: Means, unit: Unit, change: AddressChange) -> None:
    """Put the old address back, within the unit of work that takes the answer.

    Each record gets the address that it had, as it was spelled, if it still has the new one.
    """
    db, now = unit.session, means.clock()
    change.reverted_at = now
    means.note(db, change, "reverted")
    recalled = _recalled(means, db, change)
    means.sessions.end_all(db, change.subject_id)
    if recalled is None:  # she has had everything erased since
        return
    old, new = Email.parse(recalled.told["old"]), Email.parse(recalled.told["new"])
    means.void_of(db, old, new)
    means.others.tell_jobs(db, change.subject_id, [old, new])
    # Her records may stand under the new address for a while yet, in a system that is away; and
    # what was read in this very moment is written down under that one, and done under the old one.
    records, until = recalled.told["records"], change.back_until or now
    means.others.found_at(db, change.subject_id, [new, old], records, until)
    request_id = _request(means, unit, change, records, old, new)
    means.recalls.drop(db, recalled.id)
    _remember(means, db, change, request_id, records, old, new)
    sites = means.moved_sites(change.site)
    return_to(db, means.vault.aliases(old), change.subject_id)
    means.marks.readdress(db, change.subject_id, old, sites)
    if not change.made_alias:  # it had been hers before, and she had left it
        until = change.back_until or now
        leave(db, means.vault.aliases(new), change.subject_id, until, sites)
    else:
        db.execute(
            delete(SubjectAlias).where(
                SubjectAlias.subject_id == change.subject_id,
                SubjectAlias.digest.in_([one for _version, one in means.vault.aliases(new)]),
            )
        )
    for to in (old, new):
        means.letter(unit, "address_back", to, change, {})


def _request(
    means: Means,
    unit: Unit,
    change: AddressChange,
    records: Mapping[str, Mapping[str, str]],
    old: Email,
    new: Email,
) -> str:
    whose = Named(change.subject_id, old, change.site)
    deliveries = {
        adapter: move_records(new, held, means.fields, change.id, back=True)
        for adapter, held in records.items()
    }
    details = {"fields": means.fields, "of": change.request_id or ""}
    request_id = means.requests.write(
        unit, whose, Right.ADDRESS, deliveries, change.locale, details
    )
    means.feed.tell_moved(unit.session, whose, new, request_id, deliveries)
    return request_id


def _remember(
    means: Means,
    db: Db,
    change: AddressChange,
    request_id: str,
    records: Mapping[str, Mapping[str, str]],
    old: Email,
    new: Email,
) -> None:
    """For as long as it may take: which records stand under an address that is hers no longer.

    The very same as of the change itself, the other way round (see `portal.rights.held.moves`).
    """
    told = {
        "old": new.address,
        "new": old.address,
        "records": {name: dict.fromkeys(held, new.address) for name, held in records.items()},
    }
    until = change.back_until or means.clock()
    means.recalls.keep(db, Purpose.ADDRESS_CHANGE, change.subject_id, told, until, request_id)


def _recalled(means: Means, db: Db, change: AddressChange) -> Recalled | None:
    hers = means.recalls.of(db, Purpose.ADDRESS_CHANGE, change.subject_id)
    return next((one for one in hers if one.request_id == change.request_id), None)
