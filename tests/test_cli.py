"""The ``portal`` command says what it did or all that is wrong, and ends with 0, 1 or 2."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from portal.cli import commands
from portal.domain.clock import utc_now
from portal.proof.ledger import Event, Ledger
from portal.store.database import Database
from portal.store.tables import LedgerEntry
from tests.config_example import PORTAL_TOML

PROGRAM = "from portal.cli import main; main()"


def portal(*arguments: str) -> Result:
    """Run the command in this process; a traceback fails the test."""
    found = CliRunner().invoke(commands, arguments)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert "Traceback" not in found.output
    return found


@pytest.fixture(autouse=True)
def no_portal_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's environment says is no part of a test."""
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An instance folder on this machine only, with no CRM yet."""
    assert portal("--instance", str(tmp_path), "init").exit_code == 0
    file = tmp_path / "portal.toml"
    text = file.read_text().replace("https://privacy.example.org", "http://localhost:8080")
    file.write_text(text)
    return tmp_path


def test_help_names_every_command() -> None:
    """The first thing that anybody types."""
    found = portal("--help")
    assert found.exit_code == 0
    for name in (
        "adapters",
        "backup",
        "check",
        "demo",
        "init",
        "ledger",
        "links",
        "register",
        "replay",
        "restore",
        "run",
        "sweep",
        "worker",
    ):
        assert f"  {name}" in found.output


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["run", "--port", "99999"], ["check", "--nonsense"], ["ledger", "x"]],
)
def test_a_misused_command_ends_with_2(arguments: list[str]) -> None:
    """Unknown commands and options are told apart from faults that were found."""
    assert portal(*arguments).exit_code == 2


def test_init_makes_a_folder_and_leaves_what_is_there(tmp_path: Path) -> None:
    """A second time it says that it left everything as it is."""
    folder = tmp_path / "instance"
    first = portal("--instance", str(folder), "init")
    assert first.exit_code == 0
    assert first.output.count("made: ") == 3
    keys = (folder / "keys.json").read_bytes()
    second = portal("--instance", str(folder), "init")
    assert second.exit_code == 0
    assert second.output.count("left as it is: ") == 3
    assert (folder / "keys.json").read_bytes() == keys


def test_init_uses_the_folder_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``PORTAL_INSTANCE`` means the same folder for every command."""
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "there"))
    assert portal("init").exit_code == 0
    assert (tmp_path / "there" / "portal.toml").exists()


def test_init_where_it_may_not_write_ends_with_1(tmp_path: Path) -> None:
    """A file in the place of the folder."""
    (tmp_path / "file").touch()
    found = portal("--instance", str(tmp_path / "file" / "instance"), "init")
    assert found.exit_code == 1
    assert "cannot be written" in found.output


@pytest.mark.parametrize(
    "arguments", [["run"], ["worker"], ["ledger", "verify"], ["adapters"], ["register", "check"]]
)
def test_wrong_settings_are_told_line_by_line(tmp_path: Path, arguments: list[str]) -> None:
    """Whatever is started: all that is wrong, no traceback, no secret, and exit code 1."""
    text = PORTAL_TOML.replace("port = 587", "port = 0").replace('"starttls"', '"ssl"')
    (tmp_path / "portal.toml").write_text(text)
    found = portal("--instance", str(tmp_path), *arguments)
    assert found.exit_code == 1
    assert len(found.output.strip().splitlines()) == 2
    assert "mail.port: must be at least 1" in found.output
    assert "mail.security: must be one of" in found.output
    assert "canary" not in found.output


def test_check_says_what_is_well_and_what_to_do(instance: Path) -> None:
    """One line for each part; 1 while something is still to do; and JSON for scripts."""
    text = (instance / "portal.toml").read_text()
    # Nothing listens on port 1, and no name is looked up beyond this machine.
    text = text.replace('"mail.example.org"\nport = 587', '"localhost"\nport = 1')
    (instance / "portal.toml").write_text(text)
    found = portal("--instance", str(instance), "check")
    assert found.exit_code == 1
    assert "✓ keys: " in found.output
    assert "✗ adapters: no CRM is connected → add a section" in found.output
    assert "✗ mail: localhost:1: the mail server cannot be reached" in found.output
    scripted = portal("--instance", str(instance), "check", "--json")
    assert scripted.exit_code == 1
    lines = json.loads(scripted.output)
    assert [one["name"] for one in lines if not one["ok"]] == ["adapters", "mail"]
    assert not (instance / "portal.sqlite").exists()


def test_check_tells_wrong_settings_as_checks(tmp_path: Path) -> None:
    """There is nothing else to check then, and the JSON has the same shape."""
    found = portal("--instance", str(tmp_path), "check", "--json")
    assert found.exit_code == 1
    assert {one["name"] for one in json.loads(found.output)} == {"settings"}


def test_register_check_names_the_line_of_a_mistake(instance: Path) -> None:
    """The marketer edits one file and runs one command."""
    assert portal("--instance", str(instance), "register", "check").exit_code == 0
    file = instance / "register.toml"
    file.write_text(file.read_text().replace('kind = "name"', 'kind = "nam"'))
    line = file.read_text().splitlines().index('kind = "nam"') + 1
    found = portal("--instance", str(instance), "register", "check")
    assert found.exit_code == 1
    assert f"register.toml: line {line}: fields.1.kind: must be one of" in found.output
    file.unlink()
    assert portal("--instance", str(instance), "register", "check").exit_code == 1


def test_adapters_lists_the_kinds(instance: Path) -> None:
    """The SQL adapter comes with the portal."""
    found = portal("--instance", str(instance), "adapters")
    assert found.exit_code == 0
    assert "sql" in found.output
    scripted = portal("--instance", str(instance), "adapters", "list", "--json")
    assert "sql" in json.loads(scripted.output)["kinds"]


@pytest.mark.parametrize(("day", "in_shadow"), [("2999-12-31", True), ("2020-01-01", False)])
def test_adapters_says_which_one_is_in_shadow_and_until_when(
    instance: Path, day: str, in_shadow: bool
) -> None:
    """And no more once that day has passed."""
    shop = f"""
[adapters.shop]
adapter = "sql"
label = {{ en = "Shop" }}
location = {{ entity = "Example BV", hosting = "NL" }}
url = "sqlite:///shop.sqlite"
table = "customers"
email = "email"
shadow_until = {day}
"""
    with (instance / "portal.toml").open("a") as file:
        file.write(shop)
    told = portal("--instance", str(instance), "adapters", "list").output
    assert (f"in shadow until {day}" in told) is in_shadow
    [one] = json.loads(portal("--instance", str(instance), "adapters", "list", "--json").output)[
        "connected"
    ]
    assert one["shadow_until"] == (day if in_shadow else "")


def test_a_start_without_keys_or_register_says_so(instance: Path) -> None:
    """Files that were made and lost again are named."""
    (instance / "register.toml").unlink()
    found = portal("--instance", str(instance), "run")
    assert found.exit_code == 1
    assert "register.toml" in found.output
    (instance / "keys.json").unlink()
    found = portal("--instance", str(instance), "worker")
    assert found.exit_code == 1
    assert "portal init" in found.output


def test_a_start_with_a_wrong_register_tells_every_line(instance: Path) -> None:
    """`portal run` says the same as `portal register check`."""
    file = instance / "register.toml"
    file.write_text(file.read_text().replace('ground = "consent"', 'ground = "x"'))
    found = portal("--instance", str(instance), "run")
    assert found.exit_code == 1
    assert found.output.count("register: line ") == 2


@pytest.mark.parametrize("command", ["run", "worker"])
def test_a_start_with_a_register_of_another_encoding_says_so(instance: Path, command: str) -> None:
    """As for `portal.toml`: a file saved as Latin-1 is no crash."""
    file = instance / "register.toml"
    file.write_bytes(file.read_bytes() + "# café\n".encode("latin-1"))
    found = portal("--instance", str(instance), command)
    assert found.exit_code == 1
    assert "register: is not UTF-8 text: save it as UTF-8" in found.output


def test_a_start_with_the_database_of_a_later_portal_says_so(instance: Path) -> None:
    """Whoever goes back to an older version is told, and the database stays as it is."""
    database = Database(f"sqlite:///{instance}/portal.sqlite")
    database.migrate()
    with database.unit("test") as unit:
        unit.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        unit.commit()
    found = portal("--instance", str(instance), "run")
    assert found.exit_code == 1
    assert "is of another version of the portal" in found.output
    with database.reading() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    database.close()


def test_a_start_with_a_database_that_cannot_be_brought_up_to_date_says_so(instance: Path) -> None:
    """For instance because it is another program's, with a table of the same name."""
    database = Database(f"sqlite:///{instance}/portal.sqlite")
    with database.unit("test") as unit:
        unit.session.execute(text("CREATE TABLE subjects (name TEXT)"))
        unit.commit()
    database.close()
    found = portal("--instance", str(instance), "run")
    assert found.exit_code == 1
    assert "cannot be brought up to date" in found.output
    assert "CREATE TABLE" not in found.output


@pytest.fixture
def ledger(instance: Path) -> Iterator[Database]:
    """The database of the instance, with three chained entries."""
    database = Database(f"sqlite:///{instance}/portal.sqlite")
    database.migrate()
    writer = Ledger(utc_now)
    with database.unit("test") as unit:
        for _ in range(3):
            writer.note(unit.session, Event.SIGNED_IN)
        unit.commit()
    writer.seal(database)
    yield database
    database.close()


def test_ledger_verify_prints_the_head(instance: Path, ledger: Database) -> None:
    """The head, kept elsewhere, shows later that nothing was cut off."""
    found = portal("--instance", str(instance), "ledger", "verify")
    assert found.exit_code == 0
    assert "3 entries are chained" in found.output
    head = json.loads(portal("--instance", str(instance), "ledger", "verify", "--json").output)
    assert head["head"] in found.output


def test_ledger_verify_finds_a_changed_entry(instance: Path, ledger: Database) -> None:
    """Whoever changes an entry breaks the chain, and the command ends with 1."""
    with ledger.unit("test") as unit:
        entry = unit.session.get(LedgerEntry, 2)
        assert entry is not None
        entry.event = Event.SIGNED_OUT
        unit.commit()
    found = portal("--instance", str(instance), "ledger", "verify")
    assert found.exit_code == 1
    assert "broken at link 2" in found.output


def test_ledger_verify_makes_no_database(instance: Path) -> None:
    """Where there is none, that is said."""
    found = portal("--instance", str(instance), "ledger", "verify")
    assert found.exit_code == 1
    assert not (instance / "portal.sqlite").exists()


@pytest.mark.server
def test_run_serves_until_it_is_told_to_stop(instance: Path) -> None:
    """It says where, answers there, and ends with 0 on SIGTERM."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--instance", str(instance), "run", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert "with the worker" in line, program.communicate(timeout=10)
        place = line.split("http://127.0.0.1:")[1].split(",")[0]
        connection = http.client.HTTPConnection("127.0.0.1", int(place), timeout=10)
        connection.request("GET", "/healthz", headers={"Host": "localhost:8080"})
        assert connection.getresponse().status == 200
        connection.close()
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=20)
        assert "portal: stopped" in output
        assert "Traceback" not in errors
        assert program.returncode == 0
    finally:
        program.kill()
        program.communicate()


@pytest.mark.server
def test_run_on_a_port_in_use_says_so(instance: Path) -> None:
    """The commonest mistake of all has its own sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = portal("--instance", str(instance), "run", "--port", port)
    assert found.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in found.output


@pytest.mark.server
def test_worker_works_until_it_is_told_to_stop(instance: Path) -> None:
    """The worker of its own serves nothing, and ends with 0 on SIGINT."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--instance", str(instance), "worker"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert program.stdout is not None
        assert "at work" in program.stdout.readline()
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=20)
        assert "portal: stopped" in output
        assert "Traceback" not in errors
        assert program.returncode == 0
    finally:
        program.kill()
        program.communicate()
