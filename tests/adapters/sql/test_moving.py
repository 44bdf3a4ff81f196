"""Where a database's addresses may be written, and where that would tear something apart."""

import pytest
from pydantic import ValidationError
from sqlalchemy import Column, Integer, MetaData, String, Table

from portal.adapters.contract import Conflict, Outcome, Ref, Refused, Unsupported
from portal.domain.addresses import Email
from portal.rights.deeds.readdressing import move, move_records
from tests.adapters.sql.shop import ADDRESS, Shop, adapter, settings

NEW = "wilma.moved@example.net"


def test_only_where_the_settings_say_so(sqlite_url: str) -> None:
    shop = Shop(sqlite_url)
    crm = adapter(sqlite_url, set_address=None)
    ref = Ref("crm", str(shop.add()))
    assert "set_address" not in crm.capabilities.optional
    with pytest.raises(Unsupported):
        crm.set_address(ref, ADDRESS, NEW, key="1")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"key": "email"}, "email is the key of a subscriber"),
        (
            {"joins": {"addresses": {"on": {"street": "email"}}}},
            "addresses belongs by email, and would lose its subscriber",
        ),
    ],
)
def test_not_where_something_else_hangs_on_the_address(
    changed: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        settings("sqlite:///crm.sqlite", **changed)


def test_it_counts_the_version_up_and_says_when(sqlite_url: str) -> None:
    shop = Shop(sqlite_url)
    key = shop.add()
    crm = adapter(sqlite_url)
    assert crm.set_address(Ref("crm", str(key)), ADDRESS, NEW, key="1") is Outcome.DONE
    row = shop.row(key)
    assert (row["email"], row["version"]) == (NEW, 2)
    assert row["changed"] is not None
    assert crm.set_address(Ref("crm", str(key)), ADDRESS, NEW, key="1") is Outcome.ALREADY
    assert shop.row(key)["version"] == 2
    with pytest.raises(Conflict):
        crm.set_address(Ref("crm", str(key)), ADDRESS, "third@example.org", key="2")


def test_an_address_that_is_too_long_or_there_twice_is_refused(sqlite_url: str) -> None:
    metadata = MetaData()
    table = Table(
        "people",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(30), unique=True),
        Column("copy", String(60)),
    )
    shop = Shop(sqlite_url, metadata)
    shop.run(table.insert().values(id=1, email=ADDRESS, copy=ADDRESS))
    shop.run(table.insert().values(id=2, email=NEW, copy="other@example.org"))
    crm = adapter(
        sqlite_url,
        table="people",
        locale=None,
        version=None,
        changed_at=None,
        fields={"copy": "copy"},
        joins=None,
        rows=None,
        consents=None,
        restrict=None,
        links=None,
        erase=None,
    )
    for address in (NEW, f"{'x' * 40}@example.org"):
        with pytest.raises(Refused):
            crm.set_address(Ref("crm", "1"), ADDRESS, address, key="1")
    assert [row["email"] for row in shop.rows(table)] == [ADDRESS, NEW]

    old, third = Email.parse(ADDRESS), "third@example.org"
    payload = move_records(old, {"1": third, "2": third}, ["copy"], "c", back=False)
    assert move(crm, {**payload, "to": {"1": third}}, "key").state == "confirmed"
    assert [(row["email"], row["copy"]) for row in shop.rows(table)] == [
        (third, third),
        (NEW, "other@example.org"),
    ]
    assert move(crm, {**payload, "to": {"1": third, "2": third}}, "key").state == "conflict"
