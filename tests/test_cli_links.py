"""`portal links`: a link for everyone in a CRM, in a file that is gone on with, or for one."""

import csv
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.adapters.contract import Ref, Unreachable
from portal.adapters.sql import SqlAdapter
from portal.cli import commands
from portal.cli import links as links_command
from portal.consent.links import FooterLinks
from portal.store.vault import Keyring
from tests.footers import one_click, subscriptions
from tests.portals import MARIJKE, ORIGIN, Office

THIS = ("--site", "demo", "--mailing", "newsletter")


def links(office: Office, *arguments: str) -> Result:
    found = CliRunner().invoke(
        commands, ["--instance", str(office.settings.instance), "links", *arguments]
    )
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(text.splitlines())]


def addressed(office: Office) -> list[str]:
    """The keys of all records that mail can be sent to."""
    found = office.crm("SELECT id FROM contacts WHERE email LIKE '%@%' ORDER BY id")
    return [str(row["id"]) for row in found]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "links.csv"


def test_everyone_in_the_crm_gets_a_link_that_stops_this_mailing(
    office: Office, file: Path
) -> None:
    found = links(office, *THIS, "--out", str(file))

    assert found.exit_code == 0, found.output
    made = rows(file.read_text("utf-8"))
    assert [row["key"] for row in made] == addressed(office)
    assert f"{len(made)} have a link" in found.output
    assert "keep it" in found.output
    link = next(row["link"] for row in made if row["key"] == "1")
    assert link.startswith(f"{ORIGIN}/u/")
    assert len(link) < 120
    assert one_click(office, link.rpartition("/")[2]).status == 200
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 0


def test_the_file_is_for_its_owner_alone_and_says_nobodys_address(
    office: Office, file: Path
) -> None:
    file.touch(mode=0o644)
    links(office, *THIS, "--out", str(file))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "@" not in file.read_text("utf-8")


def test_a_file_that_was_cut_short_is_gone_on_with(office: Office, file: Path) -> None:
    links(office, *THIS, "--out", str(file))
    whole = file.read_bytes()

    for cut in (0, 5, len(b"key,link\n"), len(whole) // 2, len(whole) - 1, len(whole)):
        file.write_bytes(whole[:cut])
        found = links(office, *THIS, "--out", str(file), "--json")
        assert found.exit_code == 0, found.output
        assert file.read_bytes() == whole
        told = json.loads(found.stdout)
        kept = max(0, whole[:cut].count(b"\n") - 1)
        assert told["links"] == len(addressed(office))
        assert told["new"] == told["links"] - kept


def test_who_is_new_since_is_added(office: Office, file: Path) -> None:
    links(office, *THIS, "--out", str(file))
    office.crm(
        "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
        "VALUES (900, 'new@example.org', 'N', 'N', 'nl', 'x', '2026-01-01')"
    )

    found = json.loads(links(office, *THIS, "--out", str(file), "--json").stdout)
    assert found["new"] == 1
    assert rows(file.read_text("utf-8"))[-1]["key"] == "900"


def test_what_is_no_address_gets_no_link_and_is_counted(office: Office, file: Path) -> None:
    office.crm("UPDATE contacts SET email = 'nobody at home' WHERE id = 2")

    found = links(office, *THIS, "--out", str(file))
    assert found.exit_code == 0
    assert "have none: no mail can be sent" in found.output
    assert "2" not in [row["key"] for row in rows(file.read_text("utf-8"))]


def test_the_file_of_another_mailing_or_of_something_else_is_left_alone(
    office: Office, file: Path
) -> None:
    links(office, *THIS, "--out", str(file))
    before = file.read_bytes()
    for others in (("--site", "demo", "--mailing", "offers"), ("--site", "other", *THIS[2:])):
        found = links(office, *others, "--out", str(file))
        assert found.exit_code == 1
        assert "choose another file" in found.output
    assert file.read_bytes() == before

    for content in (b"a,b\n1,2\n", b"key,link\n1\n", b"\xff\n", b'key,link\n"1\n'):
        file.write_bytes(content)
        assert links(office, *THIS, "--out", str(file)).exit_code == 1
        assert file.read_bytes() == content


def test_a_crm_that_goes_away_half_way_leaves_a_file_to_go_on_with(
    office: Office, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlAdapter.scan

    def breaks(self: SqlAdapter) -> Iterator[tuple[Ref, str]]:
        for number, one in enumerate(real(self)):
            if number == 3:
                raise Unreachable("the CRM does not answer")
            yield one

    with monkeypatch.context() as patch:
        patch.setattr(SqlAdapter, "scan", breaks)
        found = links(office, *THIS, "--out", str(file))
    assert found.exit_code == 1
    assert "does not answer" in found.output
    assert len(rows(file.read_text("utf-8"))) == 3

    assert links(office, *THIS, "--out", str(file)).exit_code == 0
    assert [row["key"] for row in rows(file.read_text("utf-8"))] == addressed(office)


def test_progress_is_told_in_lines_with_the_count_where_it_is_known(
    office: Office, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.portal.erased.sweeping.sweep(
        office.portal.adapters["crm"], dry_run=False, progress=lambda _: None
    )
    monkeypatch.setattr(links_command, "PAGE", 2)
    monkeypatch.setattr(links_command, "LINE_EVERY", 2)

    found = links(office, *THIS, "--out", str(file))

    count = len(addressed(office))
    assert f"2 of {count} have a link" in found.stderr
    assert f"{count} of {count} have a link" in found.stdout


def test_without_a_file_the_lines_go_to_the_output(office: Office) -> None:
    found = links(office, *THIS)

    assert [row["key"] for row in rows(found.stdout)] == addressed(office)


def test_one_address_gets_its_link(office: Office) -> None:
    made = links(office, *THIS, "--email", MARIJKE)
    told = json.loads(links(office, *THIS, "--email", f" {MARIJKE} ", "--json").stdout)

    assert made.exit_code == 0
    assert told == {"link": made.stdout.strip()}
    token = made.stdout.strip().removeprefix(f"{ORIGIN}/u/")
    assert office.portal.services.links.open(token).email.address == MARIJKE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--mailing"),
        (("--mailing", "newsletter"), "--site: one of demo, other"),
        (("--site", "x", "--mailing", "newsletter"), "--site: one of demo, other"),
        (("--site", "demo", "--mailing", "phone"), "newsletter"),
        ((*THIS, "--adapter", "x"), "--adapter: one of crm"),
        ((*THIS, "--email", "x"), "--email"),
        ((*THIS, "--email", MARIJKE, "--out", "x.csv"), "--email goes without"),
        ((*THIS, "--json"), "--json needs"),
        (("--new-key", "--site", "demo"), "goes alone"),
    ],
)
def test_a_misused_command_says_what_is_missing(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    found = links(office, *arguments)

    assert found.exit_code == 2
    assert told in found.output


def test_a_portal_of_before_says_how_to_get_a_key_and_goes_on_without(office: Office) -> None:
    path = office.settings.keys_file
    older = {name: one for name, one in json.loads(path.read_text()).items() if name != "links"}
    path.write_text(json.dumps(older))

    found = links(office, *THIS, "--email", MARIJKE)
    assert found.exit_code == 1
    assert "portal links --new-key" in found.output

    added = links(office, "--new-key")
    assert added.exit_code == 0
    assert "restart the portal" in added.output
    assert links(office, *THIS, "--email", MARIJKE).exit_code == 0


def test_links_of_before_a_new_key_go_on_working(office: Office) -> None:
    before = links(office, *THIS, "--email", MARIJKE).stdout.strip().rpartition("/")[2]

    assert json.loads(links(office, "--new-key", "--json").stdout) == {"link_keys": 2}

    keys = FooterLinks(Keyring.load(office.settings.keys_file).links)
    assert keys.open(before).email.address == MARIJKE
    assert links(office, *THIS, "--email", MARIJKE).stdout.strip().rpartition("/")[2] != before
