"""Whoever is in the database is found, however her address got into it."""

import pytest

from portal.adapters.contract import Ref
from portal.domain.addresses import Email
from tests.adapters.sql.shop import ADDRESS, Shop, adapter

pytestmark = pytest.mark.slow  # all of them together


@pytest.mark.parametrize(
    "stored", [ADDRESS, ADDRESS.upper(), f"{ADDRESS} ", f"  {ADDRESS.title()} "]
)
def test_an_address_that_was_imported_with_blanks_is_hers_all_the_same(
    database_url: str, stored: str
) -> None:
    """To tell her that nothing is held would be false."""
    shop, crm = Shop(database_url), adapter(database_url)
    key = shop.add(stored)
    shop.add("piet@example.org")

    assert crm.find(ADDRESS) == [Ref("crm", str(key))]
    record = crm.read(Ref("crm", str(key)))
    assert record is not None
    assert record.email == stored
    assert Email.parse(ADDRESS).same_mailbox(record.email)
    crm.close()


@pytest.mark.parametrize("stored", [None, "", "   ", f"{ADDRESS}, piet@example.org"])
def test_an_address_that_is_none_or_several_is_nobodys(database_url: str, stored: str) -> None:
    shop, crm = Shop(database_url), adapter(database_url)
    shop.add(stored)

    assert crm.find(ADDRESS) == []
    assert crm.find("  ") == []
    crm.close()


def test_a_letter_outside_ascii_is_found_as_it_is_written(database_url: str) -> None:
    shop, crm = Shop(database_url), adapter(database_url)
    key = shop.add("Zoë@example.org")

    assert Ref("crm", str(key)) in crm.find("Zoë@example.org")
    crm.close()
