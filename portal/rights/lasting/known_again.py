"""Who a line of the journal is about, in a database of a back-up that may not know her yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from portal.store.tables import Subject, SubjectAlias

Hashes = Sequence[tuple[int, str]]
Left = Sequence[tuple[int, str, str, Sequence[str]]]
"""As `portal.rights.requests.journaling` writes them."""


def known_again(
    db: Db, known: str, hashes: Hashes, left: Left, at: datetime, *, only: bool = False
) -> str:
    """The subject, made again where she is missing, with the hashes by which she is found.

    Args:
        db: The transaction that writes the line's request.
        known: Her id, as the line has it.
        hashes: Of all her addresses when the line was written.
        left: Those of them that she has left.
        at: When the line's request was received (UTC).
        only: By no others is she found: a change of address that was taken back leaves none.
    """
    there = {
        (version, bytes.fromhex(digest)): db.get(SubjectAlias, (version, bytes.fromhex(digest)))
        for version, digest in hashes
    }
    for key, alias in there.items():
        if alias and alias.subject_id != known and alias.left_at and alias.left_at <= at:
            db.delete(alias)  # whoever proved it then was somebody else: see `portal.access.left`
            there[key] = None
    db.flush()
    owners = [one.subject_id for one in there.values() if one]
    subject_id = known if known in owners else next(iter(owners), known)
    if db.get(Subject, subject_id) is None:
        db.add(Subject(id=subject_id, created_at=at))
        db.flush()
    gone = {
        (version, bytes.fromhex(digest)): (datetime.fromisoformat(until), [*sites])
        for version, digest, until, sites in left
    }
    for (version, digest), alias in there.items():
        hers = alias or SubjectAlias(key_version=version, digest=digest, subject_id=subject_id)
        if hers.subject_id == subject_id:
            hers.left_at, hers.left_sites = gone.get((version, digest), (None, []))
            db.add(hers)
    if only:
        others = select(SubjectAlias).where(SubjectAlias.subject_id == subject_id)
        for one in db.scalars(others).all():
            if (one.key_version, one.digest) not in there:
                db.delete(one)
    return subject_id
