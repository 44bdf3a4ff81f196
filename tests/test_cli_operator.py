"""``portal operator``: accounts are made on the machine, and whoever makes one can use it."""

import json
import re
from pathlib import Path

import pyotp
import pytest
import time_machine
from click.testing import CliRunner, Result

from portal.cli import commands
from portal.desk.sessions import OperatorSessions
from portal.desk.signin import Opened, SigningIn
from portal.domain.clock import utc_now
from portal.proof.ledger import Ledger
from portal.store.database import Database
from portal.store.vault import Keyring, Vault
from tests.storing import NOON

pytestmark = pytest.mark.slow  # all of them together

PASSWORD = "correct horse battery staple"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance folder that has never run."""
    monkeypatch.setattr("os.environ", {"PATH": "/usr/bin:/bin"})
    assert portal(tmp_path, "init").exit_code == 0
    file = tmp_path / "portal.toml"
    text = file.read_text().replace("https://privacy.example.org", "http://localhost:8080")
    file.write_text(text)
    return tmp_path


def portal(instance: Path, *arguments: str, typed: str = "") -> Result:
    found = CliRunner().invoke(commands, ["--instance", str(instance), *arguments], input=typed)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def add(instance: Path, name: str = "anna", password: str = PASSWORD) -> Result:
    """As a script does it."""
    options = ("--password-stdin", "--no-check")
    return portal(instance, "operator", "add", name, *options, typed=f"{password}\n")


def secret_in(output: str) -> str:
    found = re.search(r"secret=([A-Z2-7]{32})", output)
    assert found, output
    return found[1]


def test_add_shows_the_secret_as_address_and_qr_code_and_ten_recovery_codes(
    instance: Path,
) -> None:
    found = add(instance)

    assert found.exit_code == 0
    assert "otpauth://totp/Portal%20localhost:anna?" in found.output
    assert found.output.count("█") > 100
    assert len(re.findall(r"^  (?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}$", found.output, re.MULTILINE)) == 10
    assert "http://localhost:8080/operator" in found.output
    assert PASSWORD not in found.output


def test_whoever_was_added_can_sign_in_with_what_was_shown(instance: Path) -> None:
    with time_machine.travel(NOON, tick=False):
        shown = add(instance).output
        recovery_code = re.findall(r"^  ([A-Z2-7-]{29})$", shown, re.MULTILINE)[3]
        database = Database(f"sqlite:///{instance / 'portal.sqlite'}")
        sessions = OperatorSessions(database, Ledger(utc_now), utc_now)
        vault = Vault(Keyring.load(instance / "keys.json"))
        door = SigningIn(database, vault, sessions, utc_now)

        code = pyotp.TOTP(secret_in(shown)).at(NOON)
        by_phone = door.sign_in("anna", PASSWORD, code, "192.0.2.1")
        by_paper = door.sign_in("anna", PASSWORD, recovery_code, "192.0.2.1")
        database.close()

    assert isinstance(by_phone, Opened)
    assert not by_phone.by_recovery_code
    assert isinstance(by_paper, Opened)
    assert by_paper.by_recovery_code


def test_by_hand_the_password_is_typed_twice_unseen_and_the_phone_proves_that_it_has_the_secret(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.cli.operator.new_secret", lambda: "A" * 32)
    with time_machine.travel(NOON, tick=False):
        code = pyotp.TOTP("A" * 32).at(NOON)
        typed = f"too short\n{PASSWORD}\nanother one\n{PASSWORD}\n{PASSWORD}\n000000\n{code}\n"
        found = portal(instance, "operator", "add", "anna", typed=typed)

    assert found.exit_code == 0, found.output
    assert "at least 12 characters" in found.output
    assert "do not match" in found.output
    assert "That is not the code" in found.output
    assert "too short" not in found.output
    assert PASSWORD not in found.output
    assert "✓ anna may sign in" in found.output


def test_a_phone_that_never_got_the_secret_adds_nobody(instance: Path) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n" + "000000\n" * 3
    found = portal(instance, "operator", "add", "anna", typed=typed)

    assert found.exit_code == 1
    assert "Recovery codes" not in found.output
    assert json.loads(portal(instance, "operator", "list", "--json").output) == []


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("anna", "short", "at least 12 characters"),
        ("anna", "", "at least 12 characters"),
        ("anna@example.org", PASSWORD, "small letters"),
    ],
)
def test_what_cannot_be_added_is_said_in_one_line(
    instance: Path, name: str, password: str, words: str
) -> None:
    found = add(instance, name, password)

    assert found.exit_code == 1
    assert words in found.output
    assert "Traceback" not in found.output


def test_a_name_that_is_taken_is_said_before_anything_is_asked(instance: Path) -> None:
    add(instance)
    found = portal(instance, "operator", "add", "anna")

    assert found.exit_code == 1
    assert "there is an operator anna already" in found.output
    assert "Password" not in found.output


def test_list_tells_who_there_is_and_remove_takes_one_away(instance: Path) -> None:
    assert "There is no operator yet" in portal(instance, "operator", "list").output
    add(instance, "mo")
    add(instance)
    listed = portal(instance, "operator", "list").output.splitlines()
    assert [line.partition(":")[0] for line in listed] == ["anna", "mo"]
    assert "last signed in never, 10 recovery codes left" in listed[0]

    assert portal(instance, "operator", "remove", "mo").exit_code == 0
    again = portal(instance, "operator", "remove", "mo")

    assert again.exit_code == 1
    assert "there is no operator mo" in again.output
    names = [
        one["name"] for one in json.loads(portal(instance, "operator", "list", "--json").output)
    ]
    assert names == ["anna"]


def test_without_keys_it_says_what_to_do(instance: Path) -> None:
    (instance / "keys.json").unlink()
    found = add(instance)

    assert found.exit_code == 1
    assert "portal init" in found.output
