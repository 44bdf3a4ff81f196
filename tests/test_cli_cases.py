"""``portal case`` and ``portal release``: the door for letters and calls, and what lets in."""

import json
import shutil
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from portal.cli import commands
from portal.store.database import Database
from portal.store.tables import Case, Subject
from tests.storing import NOON, migrated

__all__ = ["migrated"]
pytestmark = pytest.mark.slow

LETTER = "I want to see what you hold about me.\x1b[31m"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated: Path) -> Path:
    monkeypatch.setattr("os.environ", {"PATH": "/usr/bin:/bin"})
    assert portal(tmp_path, "init").exit_code == 0
    file = tmp_path / "portal.toml"
    text = file.read_text().replace("https://privacy.example.org", "http://localhost:8080")
    file.write_text(text)
    shutil.copyfile(migrated, tmp_path / "portal.sqlite")
    done = portal(
        tmp_path,
        "operator",
        "add",
        "anna",
        "--password-stdin",
        "--no-check",
        typed="correct horse battery staple\n",
    )
    assert done.exit_code == 0, done.output
    return tmp_path


def portal(instance: Path, *arguments: str, typed: str = "") -> Result:
    found = CliRunner().invoke(commands, ["--instance", str(instance), *arguments], input=typed)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def site_of(instance: Path) -> str:
    text = (instance / "portal.toml").read_text()
    return text.partition("[[sites]]")[2].partition('id = "')[2].partition('"')[0]


def add(instance: Path, received: str = "2026-02-27", **changed: str) -> Result:
    options = {
        "kind": "question",
        "site": site_of(instance),
        "contact": "M. de Vries, Lindelaan 14",
        "operator": "anna",
        **changed,
    }
    told = [part for name, value in options.items() for part in (f"--{name}", value)]
    return portal(
        instance, "case", "add", "--received", received, "--message", "-", *told, typed=LETTER
    )


@time_machine.travel(NOON, tick=False)
def test_a_letter_dated_three_days_ago_gets_the_right_day(instance: Path) -> None:
    found = add(instance)
    assert found.exit_code == 0, found.output
    assert "to be answered by 2026-03-27" in found.output
    (listed,) = json.loads(portal(instance, "case", "list", "--json").output)
    assert (listed["kind"], listed["respond_by"]) == ("question", "2026-03-27")
    assert "Lindelaan" not in portal(instance, "case", "list").output

    shown = portal(instance, "case", "show", listed["case"], "--operator", "anna").output
    assert "I want to see what you hold about me." in shown
    assert "\x1b" not in shown, "nothing that a terminal would obey"

    closed = portal(
        instance, "case", "close", listed["case"], "--outcome", "done", "--operator", "anna"
    )
    assert closed.exit_code == 0
    assert "no case is open" in portal(instance, "case", "list").output


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"received": "yesterday"}, "is no day"),
        ({"received": "2026-03-03"}, "is still to come"),
        ({"site": "nowhere"}, "there is no site nowhere"),
        ({"contact": "x" * 321}, "longer than 320"),
        ({"operator": "nobody"}, "there is no operator nobody"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_written(
    instance: Path, changed: dict[str, str], told: str
) -> None:
    found = add(instance, **changed)

    assert found.exit_code == 1
    assert told in found.output
    assert "no case is open" in portal(instance, "case", "list").output


@time_machine.travel(NOON, tick=False)
def test_release_is_for_a_case_of_somebody_who_has_signed_in(instance: Path) -> None:
    add(instance)
    (listed,) = json.loads(portal(instance, "case", "list", "--json").output)
    refused = portal(instance, "release", listed["case"], "--operator", "anna")
    assert refused.exit_code == 1
    database = Database(f"sqlite:///{instance / 'portal.sqlite'}")
    with database.unit("test") as unit:
        unit.session.add(Subject(id="s", created_at=NOON))
        unit.session.flush()
        unit.session.query(Case).one().subject_id = "s"
        unit.commit()
    database.close()

    done = portal(instance, "release", listed["case"], "--operator", "anna", "--days", "3")

    assert done.exit_code == 0, done.output
    assert "released until 2026-03-05" in done.output
    assert portal(instance, "release", listed["case"], "--operator", "anna").exit_code == 1
    assert portal(instance, "case", "show", "nothing", "--operator", "anna").exit_code == 1
