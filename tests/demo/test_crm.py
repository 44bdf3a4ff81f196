"""The demo's own CRM: many made-up people, always the same ones, and a few to show something by."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portal.demo.crm import SHARED_MAILBOX, STANDS_TWICE, create_crm, subscriber_to_be
from portal.domain.addresses import Email

pytestmark = pytest.mark.slow  # all of them together

SUBSCRIBERS = 400


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("crm") / "crm.sqlite"
    create_crm(path, subscribers=SUBSCRIBERS)
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_the_same_seed_makes_the_same_crm_and_another_seed_another_one(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("again", 7), ("other", 8)):
        create_crm(tmp_path / name, subscribers=60, seed=seed)

    assert dump(tmp_path / "one") == dump(tmp_path / "again")
    assert dump(tmp_path / "one") != dump(tmp_path / "other")


def test_it_holds_as_many_subscribers_as_asked_for(tmp_path: Path, crm: sqlite3.Connection) -> None:
    assert crm.execute("SELECT count(*) FROM contacts").fetchone()[0] == SUBSCRIBERS

    create_crm(tmp_path / "one", subscribers=1)
    with closing(sqlite3.connect(tmp_path / "one")) as single:
        (only,) = single.execute("SELECT email FROM contacts").fetchall()
    assert only == (subscriber_to_be(),)


def test_it_never_touches_a_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite"
    path.write_text("mine")

    with pytest.raises(FileExistsError):
        create_crm(path)

    assert path.read_text() == "mine"


def test_a_crm_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without subscribers"):
        create_crm(tmp_path / "crm.sqlite", subscribers=0)


def test_the_subscriber_to_be_has_everything_and_a_digit_too_few(crm: sqlite3.Connection) -> None:
    (marijke,) = crm.execute(
        "SELECT * FROM contacts WHERE email = ?", [subscriber_to_be()]
    ).fetchall()
    mailings = crm.execute(
        "SELECT mailing FROM subscriptions WHERE contact_id = ? AND active", [marijke["id"]]
    ).fetchall()
    orders = crm.execute("SELECT * FROM orders WHERE contact_id = ?", [marijke["id"]]).fetchall()
    notes = crm.execute("SELECT * FROM notes WHERE contact_id = ?", [marijke["id"]]).fetchall()

    held = {name: marijke[name] for name in marijke.keys() if not name.startswith("stop_")}  # noqa: SIM118
    assert None not in held.values(), "all but the links, which the portal puts there"
    assert {row["mailing"] for row in mailings} == {"newsletter", "offers", "workshops"}
    assert len(orders) > 2
    assert notes
    assert sum(sign.isdigit() for sign in marijke["phone"]) == 9


def test_a_couple_shares_a_mailbox_and_a_guest_stands_twice(crm: sqlite3.Connection) -> None:
    names = "SELECT first_name, last_name FROM contacts WHERE email = ?"

    couple = {tuple(row) for row in crm.execute(names, [SHARED_MAILBOX])}
    guest = [tuple(row) for row in crm.execute(names, [STANDS_TWICE])]

    assert len(couple) == 2
    assert len(guest) == 2
    assert len(set(guest)) == 1


def test_people_come_from_four_countries_and_some_left_no_phone_or_wrote_in_capitals(
    crm: sqlite3.Connection,
) -> None:
    languages = {row[0] for row in crm.execute("SELECT DISTINCT language FROM contacts")}
    silent = crm.execute("SELECT count(*) FROM contacts WHERE phone IS NULL").fetchone()[0]
    loud = crm.execute("SELECT count(*) FROM contacts WHERE email <> lower(email)").fetchone()[0]

    assert languages == {"nl", "de", "fr", "en"}
    assert 0 < silent < SUBSCRIBERS / 2
    assert 0 < loud < SUBSCRIBERS / 10


def test_every_address_is_one_the_portal_accepts_at_a_domain_that_nobody_owns(
    crm: sqlite3.Connection,
) -> None:
    for (address,) in crm.execute("SELECT email FROM contacts"):
        domain = Email.parse(address).canonical.rpartition("@")[2]
        assert domain in {"example.com", "example.net", "example.org"} or domain.endswith(
            ".example"
        )


def test_nobody_ordered_before_being_known_and_every_total_is_in_whole_cents(
    crm: sqlite3.Connection,
) -> None:
    strange = crm.execute(
        "SELECT count(*) FROM orders JOIN contacts ON contacts.id = contact_id"
        " WHERE ordered_on < date(created_at) OR round(total, 2) <> total"
    ).fetchone()[0]

    assert strange == 0
