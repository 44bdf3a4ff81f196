"""The feed: what people decided, in the order in which it was written down, for programs to obey.

An entry is written with the request that it tells of, for every site that has a key to read it and
that the decision concerns. Whom it is about is sealed in a recall, and over after some weeks. Who
comes too late for an entry is told so, and asks about everybody: nothing is skipped unseen.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session as Db

from portal.access.api_keys import ApiKeys, Scope
from portal.access.directory import Directory
from portal.access.subjects import Whose
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.rights.requests.feed_places import (
    FLOOR,
    LAST,
    Missed,
    cursor_at,
    give_places,
    is_begun,
    number,
    place_of,
    set_number,
)
from portal.rights.requests.feed_told import ABOUT_PURPOSES, KINDS, OF_ONE, Kind, Part, Told
from portal.store.database import Database, Unit
from portal.store.recalls import Purpose, Recalls
from portal.store.tables import ApiKey, FeedEntry, Recall, Subject


class Feed:
    """Writes the feed and reads it."""

    def __init__(
        self,
        database: Database,
        recalls: Recalls,
        directory: Directory,
        keep: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._recalls = recalls
        self._directory = directory
        self._keep = keep
        self._clock = clock

    # --- writing ---------------------------------------------------------------------------------

    def tell(
        self,
        unit: Unit,
        whose: Whose,
        right: Right,
        request_id: str,
        details: Mapping[str, Any],
        due_at: datetime | None,
    ) -> None:
        """Tell of a request, in the unit of work that takes it down.

        Of one of several people under an address it is told as such, with her records: who reads
        the feed may know the address alone, and would take it for all of them.
        """
        if (kind := KINDS.get(right)) is None:
            return
        if due_at is not None and kind is Kind.ERASURE:
            kind = Kind.ERASURE_WAITS
        purposes = details.get("purposes", ()) if kind in ABOUT_PURPOSES else ()
        keys = whose.opened.keys if whose.opened is not None else {}
        self._write(unit.session, whose, kind, request_id, list(purposes), due_at, keys)

    def tell_begun(
        self, db: Db, whose: Whose, request_id: str, keys: Mapping[str, Sequence[str]]
    ) -> None:
        """Tell once, in the transaction of its first delivery, that an erasure waits no more.

        ``keys`` are those of the records that were erased, by adapter.
        """
        # Two systems may begin in the same instant: whoever comes second finds the entry.
        db.execute(select(Subject.id).where(Subject.id == whose.subject_id).with_for_update())
        before = select(FeedEntry.id).where(
            FeedEntry.request_id == request_id,
            FeedEntry.kind.in_((Kind.ERASURE, OF_ONE + Kind.ERASURE)),
        )
        if db.scalar(before.limit(1)) is None:
            self._write(db, whose, Kind.ERASURE, request_id, [], None, keys)

    def tell_moved(
        self, db: Db, whose: Whose, old: Email, request_id: str, adapters: Collection[str]
    ) -> None:
        """Tell that somebody has another address now, in the transaction in which that is so.

        Sites that look into none of the systems in which she is held hear nothing of it: there the
        old address stays hers.
        """
        told = {"email": old.address, "new_email": whose.email.address}
        for site in self._sites(db):
            if not self._directory.adapters_of(site).keys().isdisjoint(adapters):
                self._add(db, whose, site, Kind.ADDRESS_CHANGED, request_id, [], None, told)
        db.flush()

    def _write(
        self,
        db: Db,
        whose: Whose,
        kind: Kind,
        request_id: str,
        purposes: Sequence[str],
        due_at: datetime | None,
        keys: Mapping[str, Sequence[str]],
    ) -> None:
        of_one = whose.opened is not None or _is_one_of_several(db, whose.subject_id)
        for site in self._sites(db):
            its_own = [one for one in purposes if self._concerns(one, site)]
            if not (its_own or (kind not in ABOUT_PURPOSES and self._meet(whose.site, site))):
                continue
            told: dict[str, Any] = {"email": self._address_at(db, whose, site)}
            if of_one:
                seen = self._directory.adapters_of(site)
                told["refs"] = [
                    f"{name}:{key}" for name in seen for key in sorted(keys.get(name, ()))
                ] + self._known_before(db, request_id, site)
                told["refs"] = list(dict.fromkeys(told["refs"]))
            written = OF_ONE + kind if of_one else kind
            self._add(db, whose, site, written, request_id, its_own, due_at, told)
        db.flush()

    def _address_at(self, db: Db, whose: Whose, site: str) -> str:
        """By which address a site knows her: the new one, where it was told of a change.

        She may still be named by the old one: by a link in older mail, or by what was asked for
        before the change and is done after it.
        """
        seen = self._directory.adapters_of(site).keys()
        for one in self._recalls.of(db, Purpose.OTHER_ADDRESS, whose.subject_id):
            if not seen.isdisjoint(one.told.get("adapters", ())):
                return str(one.told["addresses"][-1])
        return whose.email.address

    def _known_before(self, db: Db, request_id: str, site: str) -> list[str]:
        """The records that an earlier entry about the same request named."""
        waited = select(FeedEntry.recall_id).where(
            FeedEntry.request_id == request_id,
            FeedEntry.site == site,
            FeedEntry.kind == OF_ONE + Kind.ERASURE_WAITS,
        )
        recall_id = db.scalar(waited.limit(1))
        found = self._recalls.get(db, Purpose.FEED, recall_id) if recall_id else None
        return list(found.told["refs"]) if found else []

    def _sites(self, db: Db) -> list[str]:
        """Those of which a program listens."""
        return sorted(ApiKeys.sites_with(db, Scope.FEED_READ) & self._directory.sites)

    def _add(
        self,
        db: Db,
        whose: Whose,
        site: str,
        kind: str,
        request_id: str,
        purposes: Sequence[str],
        due_at: datetime | None,
        told: Mapping[str, Any],
    ) -> None:
        now = self._clock()
        until = now + self._keep
        recall_id = self._recalls.keep(db, Purpose.FEED, whose.subject_id, told, until, request_id)
        db.add(
            FeedEntry(
                site=site,
                kind=kind,
                at=now,
                due_at=due_at,
                purposes=list(purposes),
                request_id=request_id,
                recall_id=recall_id,
            )
        )

    def _concerns(self, purpose: str, site: str) -> bool:
        """Does one of the site's systems hold it, or the portal alone?"""
        holders = [
            name
            for name, adapter in self._directory.adapters.items()
            if purpose in adapter.capabilities.consents
        ]
        return not (holders and self._directory.adapters_of(site).keys().isdisjoint(holders))

    def _meet(self, one: str, other: str) -> bool:
        """Do both sites look into a system?"""
        here, there = self._directory.adapters_of(one), self._directory.adapters_of(other)
        return one == other or not here.keys().isdisjoint(there)

    # --- reading ---------------------------------------------------------------------------------

    def now(self, site: str) -> str:
        """The cursor behind all that there is."""
        self._put_in_order()
        with self._database.reading() as db:
            last = max(number(db, LAST), number(db, FLOOR + site))
            return cursor_at(db, last)

    def after(self, site: str, cursor: str | None, limit: int) -> Part:
        """What came after a cursor, oldest first; without one, all that there still is.

        Raises:
            BadCursor: See there.
            Missed: See there.
        """
        self._put_in_order()
        with self._database.reading() as db:
            # Before the entries: every place up to this one has been given and can be seen.
            last = number(db, LAST)
            position = number(db, FLOOR + site) if cursor is None else place_of(db, cursor, last)
            rows = db.scalars(
                select(FeedEntry)
                .where(FeedEntry.site == site, FeedEntry.position > position)
                .order_by(FeedEntry.position)
                .limit(limit + 1)
            ).all()
            entries = [self._told(db, row) for row in rows[:limit]]
            # After them: what has been swept away meanwhile is noticed.
            if position < number(db, FLOOR + site) or None in entries:
                raise Missed("something is over that came after it")
            more = len(rows) > limit
            read = [row.position or 0 for row in rows[:limit]]
            # Some may have got their place since `last` was read.
            behind = read[-1] if more else max([last, position, *read])
            return Part([one for one in entries if one], cursor_at(db, behind), more=more)

    def _told(self, db: Db, row: FeedEntry) -> Told | None:
        """An entry, opened; None: it is over, or of a kind that only a later version knows."""
        found = self._recalls.get(db, Purpose.FEED, row.recall_id) if row.recall_id else None
        of_one, kind = row.kind.startswith(OF_ONE), row.kind.removeprefix(OF_ONE)
        if found is None or kind not in {one.value for one in Kind}:
            return None
        return Told(
            kind=Kind.ONE_OF_SEVERAL if of_one else Kind(kind),
            at=row.at,
            due_at=row.due_at,
            purposes=row.purposes,
            email=found.told["email"],
            new_email=found.told.get("new_email"),
            what=Kind(kind) if of_one else None,
            refs=found.told.get("refs"),
        )

    def _put_in_order(self) -> None:
        """Give every entry that was committed since its place, after all that have one."""
        with self._database.reading() as db:
            waits = select(FeedEntry.id).where(FeedEntry.position.is_(None)).limit(1)
            if is_begun(db) and db.scalar(waits) is None:
                return
        with self._database.unit("feed put in order") as unit:
            give_places(unit.session)
            unit.commit()

    # --- forgetting ------------------------------------------------------------------------------

    def forget(self, db: Db, now: datetime) -> None:
        """Delete what is over, before its recalls are."""
        give_places(db)
        ids = select(Recall.id).where(Recall.purpose == Purpose.FEED, Recall.until <= now)
        self._delete(db, or_(FeedEntry.recall_id.is_(None), FeedEntry.recall_id.in_(ids)))
        readers = ApiKeys.sites_with(db, Scope.FEED_READ)
        for site in set(db.scalars(select(FeedEntry.site).distinct())) - readers:
            self.close(db, site)

    def unread(self, db: Db, key: ApiKey) -> None:
        """With a key that was removed: close the feed of its site, if it was the last reader."""
        if key.site not in ApiKeys.sites_with(db, Scope.FEED_READ):
            self.close(db, key.site)

    def close(self, db: Db, site: str) -> None:
        """Nobody reads this site's feed any more: forget it, and let no cursor of it fit later.

        What is decided until somebody reads it again is not written down at all.
        """
        give_places(db)
        recalls = db.scalars(
            select(FeedEntry.recall_id).where(
                FeedEntry.site == site, FeedEntry.recall_id.is_not(None)
            )
        ).all()
        db.execute(delete(FeedEntry).where(FeedEntry.site == site))
        db.execute(delete(Recall).where(Recall.id.in_(recalls)))
        last = number(db, LAST) + 1
        set_number(db, LAST, last)
        set_number(db, FLOOR + site, last)

    @staticmethod
    def _delete(db: Db, which: ColumnElement[bool]) -> None:
        last = func.max(FeedEntry.position)
        over = select(FeedEntry.site, last).where(which).group_by(FeedEntry.site)
        for site, place in db.execute(over).all():
            set_number(db, FLOOR + site, max(place or 0, number(db, FLOOR + site)))
        db.execute(delete(FeedEntry).where(which).execution_options(synchronize_session=False))


def _is_one_of_several(db: Db, subject_id: str) -> bool:
    subject = db.get(Subject, subject_id)
    return subject is not None and subject.part_of is not None
