"""Where footer links may stand in a database, and where they would overwrite something."""

from typing import Any

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, text

from portal.adapters.contract import LinkToSet, Misconfigured, Outcome, Ref, Refused
from portal.consent.links import FooterLinks, Link, length
from portal.domain.addresses import Email
from tests.adapters.sql.shop import ADDRESS, SETTINGS, Shop, adapter, settings

LINK = "https://privacy.example.org/u/abc"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("gone", "no column gone"),
        ("first_name", "first_name holds something else"),
        ("email", "email holds something else"),
        ("language", "language holds something else"),
        ("restricted", "restricted holds something else"),
        ("offers_link", "offers_link holds something else"),
        ("credit", "credit holds something else"),
    ],
)
def test_a_column_that_holds_something_else_is_none_for_a_link(
    sqlite_url: str, column: str, words: str
) -> None:
    Shop(sqlite_url)
    crm = adapter(sqlite_url, links={"offers": "offers_link", "newsletter": column})
    with pytest.raises(Misconfigured, match=words):
        crm.ping()


def test_a_column_that_holds_no_text_is_none_for_a_link(sqlite_url: str) -> None:
    Shop(sqlite_url)
    fields = {"first_name": "first_name"}
    crm = adapter(sqlite_url, fields=fields, joins=None, erase=None, links={"offers": "credit"})
    with pytest.raises(Misconfigured, match="credit is no column of text"):
        crm.ping()


def test_an_erasure_takes_the_links_along_though_no_step_names_them(sqlite_url: str) -> None:
    """The portal wrote them, and each names her address."""
    assert "link" not in str(SETTINGS["erase"])
    last = settings(sqlite_url).erase[-1]
    assert {"news_link", "offers_link"} <= {*last.columns}
    assert settings(sqlite_url).warnings() == settings(sqlite_url, links=None).warnings()
    only_lists = [{"category": "mailings", "action": "delete", "table": "lists"}]
    told = settings(sqlite_url, erase=only_lists).warnings()
    assert "customers.news_link holds a person's data and is in no step of the erasure" in told


def test_neither_version_nor_time_moves_and_a_column_that_may_not_be_null_is_emptied(
    sqlite_url: str,
) -> None:
    shop = Shop(sqlite_url)
    key = shop.add()
    before = shop.row(key)
    crm, ref = adapter(sqlite_url), Ref("crm", str(key))
    for link in (LINK, None):
        wanted = [LinkToSet(ref, ADDRESS, one, link) for one in ("newsletter", "offers")]
        assert crm.set_links(wanted, key="1") == [Outcome.DONE] * 2
        row = shop.row(key)
        assert row["version"] == before["version"] == 1
        assert row["changed"] is None
        assert (row["news_link"], row["offers_link"]) == (link, link or "")
        assert crm.set_links(wanted, key="1") == [Outcome.ALREADY] * 2


@pytest.mark.server
def test_a_time_that_mariadb_moves_on_by_itself_stays_where_it_is(mariadb_url: str) -> None:
    """Where the very version of a record is such a time, a correction would meet a conflict."""
    metadata = MetaData()
    table = Table(
        "readers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(254)),
        Column("city", String(60)),
        Column("stop", String(300)),
        Column(
            "changed",
            DateTime,
            server_default=text("'2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP"),
        ),
    )
    shop = Shop(mariadb_url, metadata)
    shop.run(table.insert().values(id=1, email=ADDRESS, city="Ede"))
    bare: dict[str, Any] = dict.fromkeys(
        ("locale", "joins", "rows", "consents", "restrict", "erase")
    )
    crm = adapter(
        mariadb_url,
        **bare,
        table="readers",
        version="changed",
        changed_at=None,
        fields={"city": "city"},
        links={"newsletter": "stop"},
    )
    ref = Ref("crm", "1")
    before = shop.rows(table)[0]["changed"]
    assert crm.set_links([LinkToSet(ref, ADDRESS, "newsletter", LINK)], key="1") == [Outcome.DONE]
    (row,) = shop.rows(table)
    assert (row["stop"], row["changed"]) == (LINK, before)
    shop.run(table.update().values(stop="by somebody else"))
    assert shop.rows(table)[0]["changed"] > before, "this table would have moved it on"
    crm.close()


def test_of_links_of_which_one_is_too_long_none_is_written(sqlite_url: str) -> None:
    shop = Shop(sqlite_url)
    refs = [Ref("crm", str(shop.add())) for _ in range(2)]
    wanted = [
        LinkToSet(ref, ADDRESS, "newsletter", link)
        for ref, link in zip(refs, (LINK, LINK + "x" * 300), strict=True)
    ]
    with pytest.raises(Refused, match="news_link is longer than 300"):
        adapter(sqlite_url).set_links(wanted, key="1")
    assert shop.row(int(refs[0].key))["news_link"] is None


def test_the_list_of_fields_says_which_hold_a_link(sqlite_url: str) -> None:
    Shop(sqlite_url)
    found = {info.link: info.max_length for info in adapter(sqlite_url).fields() if info.link}
    assert found == {"newsletter": 300, "offers": None}


@pytest.mark.parametrize("local", [1, 2, 3, 64])
def test_the_length_of_a_link_is_known_before_it_is_made(local: int) -> None:
    email = Email.parse("a" * local + "@example.org")
    token = FooterLinks(["k"]).mint(Link("demo", "newsletter", email))
    base = "https://privacy.example.org/u/"
    assert len(base + token) == length(base, "demo", "newsletter", len(email.address))
