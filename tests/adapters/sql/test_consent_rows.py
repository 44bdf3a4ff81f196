"""Consents as rows of a table: with time, source and words, as a list, or as a history."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.adapters.contract import ConsentState, Evidence, Outcome, Ref
from portal.adapters.sql import SqlAdapter
from portal.adapters.testing.crm import EVIDENCE
from tests.adapters.sql.shop import CONSENTS, CUSTOMERS, LISTS, Shop, adapter

pytestmark = pytest.mark.slow  # all of them together

LOCAL = EVIDENCE.at.astimezone(ZoneInfo("Europe/Amsterdam")).replace(tzinfo=None)
"""As the shop's own programs write it: the settings say the zone."""
LATER = Evidence(
    at=EVIDENCE.at + timedelta(hours=1),
    source="portal",
    wording="Other words that are longer.",
    wording_version="3",
    locale="nl",
)


@pytest.fixture
def shop(database_url: str) -> Shop:
    return Shop(database_url)


@pytest.fixture
def crm(database_url: str) -> SqlAdapter:
    return adapter(database_url)


def state(crm: SqlAdapter, ref: Ref, purpose: str) -> ConsentState:
    record = crm.read(ref)
    assert record is not None
    return record.consents[purpose]


def test_a_row_of_a_list_is_the_consent_and_carries_its_time_and_source(
    shop: Shop, crm: SqlAdapter
) -> None:
    key, other = shop.add(), shop.add("piet@example.org")
    ref = Ref("crm", str(key))
    shop.run(LISTS.insert().values(customer_id=other, list="newsletter"))
    shop.run(LISTS.insert().values(customer_id=key, list="catalogue"))

    assert crm.set_consent(ref, "newsletter", True, EVIDENCE, key="1") == Outcome.DONE
    (row,) = shop.rows(LISTS, customer_id=key, list="newsletter")
    assert (row["since"], row["source"]) == (LOCAL, "portal")
    assert state(crm, ref, "newsletter") == ConsentState(True, EVIDENCE.at, "portal", None)

    assert crm.set_consent(ref, "newsletter", False, LATER, key="2") == Outcome.DONE
    assert state(crm, ref, "newsletter") == ConsentState(None)
    assert [row["list"] for row in shop.rows(LISTS, customer_id=key)] == ["catalogue"]
    assert len(shop.rows(LISTS, customer_id=other)) == 1, "somebody else's stays"
    crm.close()


def test_a_history_gets_a_row_for_each_decision_and_none_is_ever_changed(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    ref = Ref("crm", str(key))

    for granted, evidence in ((True, EVIDENCE), (True, EVIDENCE), (False, LATER), (False, LATER)):
        crm.set_consent(ref, "calls", granted, evidence, key="1")

    first, second = shop.rows(CONSENTS, customer_id=key)
    assert (first["state"].strip(), first["at"]) == ("yes", LOCAL)
    assert (second["state"].strip(), second["at"]) == ("no", LOCAL + timedelta(hours=1))
    assert (first["purpose"], first["source"]) == ("calls", "portal")
    # What does not fit is cut: the portal's own record has the whole.
    assert (first["wording"], second["wording"]) == ("Yes, send me", "Other words ")
    assert state(crm, ref, "calls").granted is False
    crm.close()


def test_a_decision_is_the_newest_though_the_crms_clock_runs_ahead(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    ahead = datetime(2027, 1, 1)  # noqa: DTZ001  as the shop's programs write it
    shop.run(CONSENTS.insert().values(customer_id=key, purpose="calls", state="yes", at=ahead))
    ref = Ref("crm", str(key))
    assert state(crm, ref, "calls").granted is True

    crm.set_consent(ref, "calls", False, EVIDENCE, key="1")

    assert state(crm, ref, "calls").granted is False
    assert shop.rows(CONSENTS, customer_id=key)[-1]["at"] == ahead + timedelta(seconds=1)
    crm.close()


def test_a_withdrawal_where_no_row_is_leaves_a_row_that_says_so(
    shop: Shop, crm: SqlAdapter
) -> None:
    """In a history silence is no answer."""
    key = shop.add()
    ref = Ref("crm", str(key))
    assert state(crm, ref, "calls").granted is None

    assert crm.set_consent(ref, "calls", False, EVIDENCE, key="1") == Outcome.DONE

    (row,) = shop.rows(CONSENTS, customer_id=key)
    assert row["state"].strip() == "no"
    crm.close()


def test_several_rows_of_one_purpose_are_all_withdrawn(sqlite_url: str) -> None:
    """As long as one says yes, it is shown as given."""
    shop = Shop(sqlite_url)
    crm = adapter(
        sqlite_url,
        erase=None,
        consents={
            "calls": {
                "table": "consents",
                "on": {"customer_id": "id"},
                "where": {"purpose": "calls"},
                "column": "state",
                "granted": "yes",
                "withdrawn": "no",
                "at": "at",
            }
        },
    )
    key = shop.add()
    for word in ("yes", "no", "yes"):
        shop.run(CONSENTS.insert().values(customer_id=key, purpose="calls", state=word, at=LOCAL))
    shop.run(CONSENTS.insert().values(customer_id=key, purpose="post", state="yes", at=LOCAL))
    ref = Ref("crm", str(key))
    assert state(crm, ref, "calls").granted is True

    crm.set_consent(ref, "calls", False, LATER, key="1")

    rows = shop.rows(CONSENTS, customer_id=key)
    assert [row["state"].strip() for row in rows] == ["no", "no", "no", "yes"]
    assert [row["at"] - LOCAL for row in rows] == [
        timedelta(hours=1),
        timedelta(0),  # it said so already, and keeps its time
        timedelta(hours=1),
        timedelta(0),
    ]
    crm.close()


def test_a_consent_in_a_column_counts_the_version_up_and_one_in_rows_does_not(
    shop: Shop, crm: SqlAdapter
) -> None:
    key = shop.add()
    ref = Ref("crm", str(key))

    crm.set_consent(ref, "newsletter", True, EVIDENCE, key="1")
    assert shop.row(key)["version"] == 1
    crm.set_consent(ref, "offers", True, EVIDENCE, key="2")

    row = shop.row(key)
    assert (row["version"], row["offers"], row["offers_at"]) == (2, True, LOCAL)
    assert len(shop.rows(CUSTOMERS)) == 1
    crm.close()
