"""Places in the feed, and cursors: how nothing is skipped, and nothing missed unseen.

Places are given after the commit, by one at a time, to what can be seen by then. The id of a row
would not do: on PostgreSQL a transaction that began earlier may commit later, and its row would
appear behind a cursor that has gone past it.
"""

import secrets

from sqlalchemy import select, text
from sqlalchemy.orm import Session as Db

from portal.store.tables import FeedEntry, Mark

ORDER_LOCK = 7_701_171  # any number; names the lock under which PostgreSQL's entries take turns
LAST = "feed"
"""The mark that holds the place that was given last, to whatever site's entry."""
EPOCH = "feed epoch"
"""The mark of a feed's life: another one after a restore, so that no older cursor fits."""
FLOOR = "feed floor "
"""With the site's id, the mark of the last place that is over."""


class BadCursor(ValueError):
    """It is no cursor of ours."""


class Missed(Exception):
    """Something that came after this cursor is over: ask about everybody."""


def give_places(db: Db) -> None:
    """Give every entry that was committed since its place, behind all that have one."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text(f"SELECT pg_advisory_xact_lock({ORDER_LOCK})"))
    if not is_begun(db):
        begin_anew(db)
    place = number(db, LAST)
    waiting = select(FeedEntry).where(FeedEntry.position.is_(None)).order_by(FeedEntry.id)
    for entry in db.scalars(waiting).all():
        place += 1
        entry.position = place
    set_number(db, LAST, place)


def is_begun(db: Db) -> bool:
    """Has anybody read the feed, ever?"""
    return _epoch(db) is not None


def begin_anew(db: Db) -> None:
    """After a restore nobody knows what is missing: from here on no older cursor fits."""
    db.merge(Mark(name=EPOCH, value=secrets.token_urlsafe(6)))
    db.flush()


def number(db: Db, name: str) -> int:
    """What a mark of the feed's holds; 0 where there is none."""
    return int(db.scalar(select(Mark.value).where(Mark.name == name)) or 0)


def set_number(db: Db, name: str, value: int) -> None:
    """Let a mark of the feed's hold this."""
    db.merge(Mark(name=name, value=str(value)))
    db.flush()


def cursor_at(db: Db, place: int) -> str:
    """The cursor behind a place."""
    return f"{place}-{_epoch(db)}"


def place_of(db: Db, cursor: str, last: int) -> int:
    """The place that a cursor stands behind; ``last`` is the last that was given.

    Raises:
        BadCursor: See there.
        Missed: It is of another life of the feed.
    """
    place, dash, epoch = cursor.partition("-")
    if not (dash and epoch and place.isascii() and place.isdecimal() and len(place) < 19):
        raise BadCursor("it is none of ours")
    if epoch != _epoch(db) or int(place) > last:
        raise Missed("it is of before a restore")
    return int(place)


def _epoch(db: Db) -> str | None:
    return db.scalar(select(Mark.value).where(Mark.name == EPOCH))
