"""``portal api-key``: a key is shown once, and removed for good."""

import json
import sqlite3
from pathlib import Path

import pytest

from portal.access.api_keys import ApiKeys
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.vault import Keyring, Vault
from tests.test_cli_operator import instance, portal

__all__ = ["instance"]

pytestmark = pytest.mark.slow  # all of them together


def callers(folder: Path, key: str) -> object:
    database = Database(f"sqlite:///{folder / 'portal.sqlite'}")
    vault = Vault(Keyring.load(folder / "keys.json"))
    try:
        return ApiKeys(database, vault, Ledger(utc_now), 1, utc_now).caller(key)
    finally:
        database.close()


def test_a_key_is_shown_once_listed_without_itself_and_removed(instance: Path) -> None:
    told = portal(
        instance, "api-key", "add", "shop", "--scope", "consents:read", "--scope", "feed:read"
    )
    assert told.exit_code == 0, told.output
    key = told.output.split()[-1]
    assert callers(instance, key)

    listed = json.loads(portal(instance, "api-key", "list", "--json").output)
    assert [(one["name"], one["scopes"]) for one in listed] == [
        ("shop", ["consents:read", "feed:read"])
    ]
    words = portal(instance, "api-key", "list").output
    assert "shop: site" in words
    assert key not in words + json.dumps(listed)

    assert portal(instance, "api-key", "remove", "shop").exit_code == 0
    assert portal(instance, "api-key", "remove", "shop").exit_code == 1
    assert callers(instance, key) is None
    assert "no key yet" in portal(instance, "api-key", "list").output


def test_a_scope_of_a_later_version_is_listed_as_unknown(instance: Path) -> None:
    portal(instance, "api-key", "add", "shop", "--scope", "feed:read")
    with sqlite3.connect(instance / "portal.sqlite") as connection:
        connection.execute('UPDATE api_keys SET scopes = \'["feed:read", "people:paint"]\'')
    connection.close()

    words = portal(instance, "api-key", "list").output
    assert "feed:read, people:paint (unknown to this version: opens nothing), added" in words
    (listed,) = json.loads(portal(instance, "api-key", "list", "--json").output)
    assert listed["unknown_scopes"] == ["people:paint"]


def test_a_script_is_given_the_key_as_json(instance: Path) -> None:
    told = portal(instance, "api-key", "add", "shop", "--scope", "links:mint", "--json")
    assert callers(instance, json.loads(told.output)["key"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("Shop!", "--scope", "links:mint"), 1),
        (("shop",), 2),
        (("shop", "--scope", "everything"), 2),
        (("shop", "--scope", "links:mint", "--site", "nowhere"), 2),
    ],
)
def test_what_is_no_key_is_refused(instance: Path, options: tuple[str, ...], code: int) -> None:
    assert portal(instance, "api-key", "add", *options).exit_code == code


def test_one_name_is_one_key(instance: Path) -> None:
    add = ("api-key", "add", "shop", "--scope", "links:mint")
    assert portal(instance, *add).exit_code == 0
    assert "already" in portal(instance, *add).output
