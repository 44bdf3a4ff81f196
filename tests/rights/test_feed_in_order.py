"""The feed on both databases: who commits late is told of late, and is not skipped."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import text

from portal.access.api_keys import ApiKeys, Scope
from portal.access.directory import Directory
from portal.access.subjects import Named
from portal.domain.addresses import Email
from portal.domain.rights import Right
from portal.proof.ledger import Ledger
from portal.rights.requests.feed import Feed
from portal.store.database import Database, Unit
from portal.store.recalls import Recalls
from portal.store.tables import Request
from portal.store.vault import Vault, new_reference
from tests.storing import FakeClock, add_subject, clock, database, migrated, vault

__all__ = ["clock", "database", "migrated", "vault"]


@pytest.fixture
def feed(database: Database, vault: Vault, clock: FakeClock) -> Feed:
    ApiKeys(database, vault, Ledger(clock), 100, clock).add("reader", "demo", [Scope.FEED_READ])
    add_subject(database)
    directory = Directory({}, {"demo": ()})
    return Feed(database, Recalls(vault, clock), directory, timedelta(days=30), clock)


def tell(feed: Feed, unit: Unit, clock: FakeClock, email: str) -> None:
    request_id = new_reference()
    unit.session.add(
        Request(
            id=request_id,
            subject_id="s",
            site="demo",
            right=Right.WITHDRAW,
            locale="en",
            received_at=clock(),
            details={},
        )
    )
    unit.session.flush()
    whose = Named("s", Email.parse(email), "demo")
    feed.tell(unit, whose, Right.WITHDRAW, request_id, {"purposes": ["newsletter"]}, None)


def read_all(feed: Feed, cursor: str) -> list[str]:
    seen = []
    while True:
        part = feed.after("demo", cursor, 3)
        seen += [one.email for one in part.entries]
        cursor = part.cursor
        if not part.more:
            return seen


def test_who_commits_late_is_behind_the_cursor_of_whoever_read_before(
    feed: Feed,
    database: Database,
    clock: FakeClock,
) -> None:
    """On PostgreSQL the earlier id is committed last; on SQLite one writes after the other."""
    cursor = feed.now("demo")
    if database.engine.dialect.name == "postgresql":
        with database.unit("test") as slow:
            tell(feed, slow, clock, "slow@example.org")  # has the lower id, and waits
            with database.unit("test") as quick:
                tell(feed, quick, clock, "quick@example.org")
                quick.commit()
            first = feed.after("demo", cursor, 10)
            slow.commit()
    else:
        with database.unit("test") as quick:
            tell(feed, quick, clock, "quick@example.org")
            quick.commit()
        first = feed.after("demo", cursor, 10)
        with database.unit("test") as slow:
            tell(feed, slow, clock, "slow@example.org")
            slow.commit()
    second = feed.after("demo", first.cursor, 10)

    assert [one.email for one in first.entries] == ["quick@example.org"]
    assert [one.email for one in second.entries] == ["slow@example.org"]
    assert read_all(feed, cursor) == ["quick@example.org", "slow@example.org"]


def test_several_who_read_while_several_write_miss_nothing_and_see_nothing_twice(
    feed: Feed,
    database: Database,
    clock: FakeClock,
) -> None:
    start = feed.now("demo")

    def write(number: int) -> str:
        email = f"n{number}@example.org"
        with database.unit("test") as unit:
            tell(feed, unit, clock, email)
            unit.commit()
        return email

    def follow(_number: int) -> list[str]:
        seen, cursor = [], start
        for _ in range(40):
            part = feed.after("demo", cursor, 2)
            seen += [one.email for one in part.entries]
            cursor = part.cursor
        return seen + read_all(feed, cursor) if len(seen) < 20 else seen

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(follow, number) for number in range(2)]
        written = [one.result() for one in [pool.submit(write, number) for number in range(20)]]
        seen = [reader.result() for reader in readers]
    last = read_all(feed, start)

    assert sorted(last) == sorted(written)
    for one in seen:
        assert one == last[: len(one)]


def test_two_systems_that_erase_her_in_the_same_instant_are_told_of_once(
    feed: Feed,
    database: Database,
    clock: FakeClock,
) -> None:
    with database.unit("test") as unit:
        unit.session.add(
            Request(
                id="r",
                subject_id="s",
                site="demo",
                right=Right.ERASE,
                locale="en",
                received_at=clock(),
                details={},
            )
        )
        unit.commit()
    cursor = feed.now("demo")
    both, whose = Barrier(2), Named("s", Email.parse("s@example.org"), "demo")

    def ends(_system: int) -> None:
        if database.engine.dialect.name == "postgresql":
            with database.unit("test") as unit:
                unit.session.execute(text("SELECT 1"))
                both.wait(10)
                feed.tell_begun(unit.session, whose, "r", {})
                with suppress(BrokenBarrierError):
                    both.wait(0.5)  # neither has committed, unless one waits for the other
                unit.commit()
            return
        with database.unit("test") as unit:
            feed.tell_begun(unit.session, whose, "r", {})
            unit.commit()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(ends, number) for number in range(2)]:
            done.result()

    assert read_all(feed, cursor) == ["s@example.org"]
