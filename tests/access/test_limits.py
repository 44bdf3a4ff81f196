"""Quotas: so many within a span, counted with what they limit, and forgotten afterwards."""

import pytest
from sqlalchemy import select

from portal.access.limits import DAY, HOUR, Quota, Quotas, network_of
from portal.store.database import Database
from portal.store.tables import QuotaHit
from portal.store.vault import Vault
from tests.storing import FakeClock


@pytest.fixture
def quotas(vault: Vault) -> Quotas:
    return Quotas(vault)


def hit(database: Database, quotas: Quotas, clock: FakeClock, *which: Quota) -> bool:
    with database.unit("test") as unit:
        within = quotas.hit(unit.session, clock(), list(which))
        unit.commit()
    return within


@pytest.mark.slow
def test_so_many_and_no_more_within_the_span_that_moves_along(
    database: Database, quotas: Quotas, clock: FakeClock
) -> None:
    quota = quotas.quota(2, HOUR, "address", "wilma@example.org")

    assert hit(database, quotas, clock, quota)
    clock.advance(minutes=40)
    assert hit(database, quotas, clock, quota)
    assert not hit(database, quotas, clock, quota)
    clock.advance(minutes=20)
    assert hit(database, quotas, clock, quota), "the first is an hour ago"
    assert not hit(database, quotas, clock, quota)


def test_what_is_refused_does_not_count(lite: Database, quotas: Quotas, clock: FakeClock) -> None:
    """Else anybody could keep a person out by going on and on."""
    quota = quotas.quota(1, HOUR, "address", "wilma@example.org")
    assert hit(lite, quotas, clock, quota)
    for _ in range(6):
        clock.advance(minutes=9)
        assert not hit(lite, quotas, clock, quota)

    clock.advance(minutes=6)
    assert hit(lite, quotas, clock, quota)


def test_of_several_quotas_one_that_is_used_up_refuses_and_uses_none_of_the_others(
    lite: Database, quotas: Quotas, clock: FakeClock
) -> None:
    wide, narrow = quotas.quota(2, DAY, "site", "main"), quotas.quota(1, HOUR, "network", "x")
    assert hit(lite, quotas, clock, wide, narrow)
    for _ in range(3):
        assert not hit(lite, quotas, clock, wide, narrow)

    assert hit(lite, quotas, clock, wide)
    assert not hit(lite, quotas, clock, wide)


def test_a_hit_that_is_not_committed_did_not_happen(
    lite: Database, quotas: Quotas, clock: FakeClock
) -> None:
    quota = quotas.quota(1, HOUR, "address", "wilma@example.org")
    with lite.unit("test") as unit:
        assert quotas.hit(unit.session, clock(), [quota])

    assert hit(lite, quotas, clock, quota)


def test_a9_a_refusal_writes_as_many_rows_as_a_hit_and_none_says_of_whom(
    lite: Database, quotas: Quotas, clock: FakeClock
) -> None:
    both = [
        quotas.quota(1, HOUR, "address", "wilma@example.org"),
        quotas.quota(9, DAY, "address", "wilma@example.org"),
    ]
    assert hit(lite, quotas, clock, *both)
    assert not hit(lite, quotas, clock, *both)

    with lite.reading() as session:
        buckets = session.scalars(select(QuotaHit.bucket)).all()
    assert len(buckets) == 4
    assert len({len(bucket) for bucket in buckets}) == 1
    assert not any(b"wilma" in bucket for bucket in buckets)


@pytest.mark.parametrize(
    "other", [(HOUR, "address", "b"), (HOUR, "network", "a"), (DAY, "address", "a")]
)
def test_quotas_on_other_things_or_other_spans_are_counted_apart(
    lite: Database, quotas: Quotas, clock: FakeClock, other: tuple
) -> None:
    assert hit(lite, quotas, clock, quotas.quota(1, HOUR, "address", "a"))

    assert hit(lite, quotas, clock, quotas.quota(1, *other))


def test_hits_are_forgotten_when_no_quota_looks_back_to_them(
    lite: Database, quotas: Quotas, clock: FakeClock
) -> None:
    quota = quotas.quota(1, DAY, "address", "a")
    hit(lite, quotas, clock, quota)
    clock.advance(hours=23)
    with lite.unit("test") as unit:
        quotas.forget(unit.session, clock())
        unit.commit()
    assert not hit(lite, quotas, clock, quota)

    clock.advance(hours=2)
    with lite.unit("test") as unit:
        quotas.forget(unit.session, clock())
        unit.commit()
    with lite.reading() as session:
        assert len(session.scalars(select(QuotaHit)).all()) == 1, "the refused one is younger"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
        ("203.0.113.7:4711", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a10_a_network_is_what_one_visitor_can_change_addresses_within(
    address: str | None, network: str
) -> None:
    assert network_of(address) == network
