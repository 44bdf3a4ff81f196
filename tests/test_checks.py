"""`portal check` looks at everything, says what to do, changes nothing and never crashes."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from portal.adapters.contract import (
    Adapter,
    AdapterSettings,
    Capabilities,
    FieldInfo,
    Location,
    Misconfigured,
    Unreachable,
)
from portal.checks import Check, Connect, held_by, run_checks
from portal.config import ConfigError, Settings, load
from portal.domain.clock import utc_now
from portal.store.database import Database
from portal.store.vault import Keyring
from tests.config_example import PORTAL_TOML, line_of
from tests.domain.register_example import NAME_FIELD, REGISTER
from tests.servers.certificates import Certificates
from tests.servers.mail import MailServer, StartMailServer

pytestmark = pytest.mark.slow  # all of them together

CANARY = "canary-value"


def settings_of_an_adapter(shadow_until: date | None = None) -> AdapterSettings:
    location = Location(entity="Example BV", hosting="NL")
    return AdapterSettings(
        adapter="fake", label={"en": "Shop"}, location=location, shadow_until=shadow_until
    )


class FakeAdapter:
    """Answers like a CRM that holds what the example register says."""

    proven = True

    def __init__(self, **changed: object) -> None:
        self.capabilities = Capabilities(
            writable=frozenset({"phone"}),
            consents=frozenset({"news"}),
            categories=frozenset({"contact"}),
        )
        self.settings = settings_of_an_adapter()
        self.held = ["email", "phone", "orders", "name"]
        self.error: Exception | None = None
        self.closed = False
        self.__dict__.update(changed)

    def ping(self) -> None:
        if self.error is not None:
            raise self.error

    def fields(self) -> list[FieldInfo]:
        mapped = [FieldInfo(f"Customer.{id}", "TEXT", id) for id in self.held]
        return [*mapped, FieldInfo("Customer.Internal", "TEXT", None)]

    def close(self) -> None:
        self.closed = True


def connecting(**adapters: FakeAdapter) -> Connect:
    return lambda: cast("Mapping[str, Adapter]", adapters)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An instance folder in which all is well."""
    (tmp_path / "portal.toml").write_text(PORTAL_TOML)
    (tmp_path / "register.toml").write_text(REGISTER + NAME_FIELD)
    Keyring.create(tmp_path / "keys.json")
    database = Database(f"sqlite:///{tmp_path}/portal.sqlite")
    database.migrate()
    database.close()
    return tmp_path


@pytest.fixture
def overrides(smtp_server: MailServer) -> dict[str, Any]:
    """On this machine only, with a mail server that takes everything."""
    return {
        "public_url": "http://localhost:8080",
        "mail": {
            "server": smtp_server.host,
            "port": smtp_server.port,
            "security": "none",
            "username": None,
            "password": None,
        },
    }


@pytest.fixture
def well(instance: Path, overrides: dict[str, Any]) -> Settings:
    """Settings that name the folder and the server."""
    return load(instance, {}, overrides)


def failed(checks: Iterator[Check] | list[Check]) -> list[Check]:
    found = [check for check in checks if not check.ok]
    assert all(check.what_to_do for check in found)
    assert not [check for check in found if CANARY in f"{check.message} {check.what_to_do}"]
    return found


def test_where_all_is_well_every_line_is_ok(well: Settings, smtp_server: MailServer) -> None:
    """Each part has its line, nothing is to be done, and no mail was sent."""
    adapter = FakeAdapter()
    checks = list(run_checks(well, connecting(shop=adapter)))
    assert [check.name for check in checks] == [
        "settings",
        "keys",
        "database",
        "journal",
        "register",
        "adapter shop",
        "register and adapters",
        "mail",
        "public address",
    ]
    assert [check for check in checks if not check.ok or check.what_to_do] == []
    assert adapter.closed
    assert smtp_server.messages == []


def test_keys_that_are_missing_broken_or_open_to_others_are_told(well: Settings) -> None:
    """Whoever reads the keys reads everything."""
    os.chmod(well.keys_file, 0o640)  # noqa: PTH101
    [check] = failed(run_checks(well, connecting(shop=FakeAdapter())))
    assert (check.name, check.what_to_do) == ("keys", f"chmod 600 {well.keys_file}")
    well.keys_file.write_text(f'{{"sealing": ["{CANARY}"]}}')
    assert [check.name for check in failed(run_checks(well, connecting(shop=FakeAdapter())))] == [
        "keys"
    ]
    well.keys_file.unlink()
    [check] = failed(run_checks(well, connecting(shop=FakeAdapter())))
    assert "portal init" in check.what_to_do


def test_keys_of_before_footer_links_are_well_and_it_is_said_how_to_add_one(
    well: Settings,
) -> None:
    keys = json.loads(well.keys_file.read_text())
    del keys["links"]
    well.keys_file.write_text(json.dumps(keys))

    checks = list(run_checks(well, connecting(shop=FakeAdapter())))
    [told] = [check for check in checks if check.what_to_do]
    assert (told.name, told.ok) == ("keys", True)
    assert "portal links --new-key" in told.what_to_do


def test_a_database_that_is_not_there_yet_is_not_made(
    instance: Path, overrides: dict[str, Any]
) -> None:
    """Looking must not make the file that the first start makes."""
    path = instance / "new.sqlite"
    settings = load(instance, {}, {**overrides, "database": f"sqlite:///{path}"})
    checks = list(run_checks(settings, connecting(shop=FakeAdapter())))
    assert failed(checks) == []
    assert [check.message for check in checks if check.name == "database"] == [
        "SQLite, not there yet: the first start makes it"
    ]
    assert not path.exists()


def test_a_database_without_tables_is_told(instance: Path, overrides: dict[str, Any]) -> None:
    """A file of an older version needs a start of the newer one."""
    (instance / "old.sqlite").touch()
    settings = load(instance, {}, {**overrides, "database": "sqlite:///old.sqlite"})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert check.message == "SQLite, but its tables are of another version"


def test_a_database_that_does_not_answer_is_told_without_its_address(
    instance: Path, overrides: dict[str, Any]
) -> None:
    """The address holds a password."""
    address = f"postgresql+psycopg://portal:{CANARY}@127.0.0.1:1/portal"
    settings = load(instance, {}, {**overrides, "database": address})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert check.message == "PostgreSQL does not answer"


def test_a_file_that_is_no_database_is_told(instance: Path, overrides: dict[str, Any]) -> None:
    """A text file in the place of the database."""
    (instance / "text.sqlite").write_text(CANARY * 100)
    settings = load(instance, {}, {**overrides, "database": "sqlite:///text.sqlite"})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert check.name == "database"


def test_every_mistake_in_the_register_has_its_line(well: Settings) -> None:
    """And what needs a register is left out."""
    text = REGISTER.replace('kind = "phone"', 'kind = "fone"').replace("tier = 1", "tier = 5", 1)
    well.register_file.write_text(text)
    checks = list(run_checks(well, connecting(shop=FakeAdapter())))
    told = [check.message.split(": ")[:3] for check in failed(checks)]
    assert told == [
        ["register.toml", f"line {line_of('tier = 5', text)}", "fields.0.tier"],
        ["register.toml", f"line {line_of('fone', text)}", "fields.1.kind"],
    ]
    assert "register and adapters" not in [check.name for check in checks]


def test_a_register_that_is_missing_is_told(well: Settings) -> None:
    """The starter is one command away."""
    well.register_file.unlink()
    [check] = failed(run_checks(well, connecting(shop=FakeAdapter())))
    assert "portal init" in check.what_to_do


def test_an_adapter_that_does_not_answer_is_told_and_the_others_are_asked(well: Settings) -> None:
    """What nobody holds may be held by the one that is silent, so that is not complained of."""
    silent = FakeAdapter(error=Unreachable("the CRM does not answer"))
    other = FakeAdapter(held=["email"], capabilities=Capabilities(consents=frozenset({"news"})))
    checks = list(run_checks(well, connecting(shop=silent, other=other)))
    [check] = failed(checks)
    assert (check.name, check.message) == ("adapter shop", "the CRM does not answer")
    assert [one.message for one in checks if one.name == "register and adapters"] == [
        "tell the same story"
    ]
    assert silent.closed
    assert other.closed


def test_an_adapter_that_crashes_is_a_failed_check_without_its_message(well: Settings) -> None:
    """A fault's message may hold a value."""
    adapter = FakeAdapter(error=RuntimeError(CANARY))
    [check] = failed(run_checks(well, connecting(shop=adapter)))
    assert check.message == "the check itself failed (RuntimeError)"


def test_an_adapters_own_warnings_are_told(well: Settings) -> None:
    """They are worth a look, and nothing is wrong."""
    adapter = FakeAdapter(warnings=lambda: ["the phone column is shorter than the register's"])
    checks = list(run_checks(well, connecting(shop=adapter)))
    assert failed(checks) == []
    [warning] = [check for check in checks if check.what_to_do]
    assert warning.name == "adapter shop"


def test_an_adapter_in_shadow_is_told_until_its_day_has_passed(well: Settings) -> None:
    """Whoever forgets it would wonder why nothing is ever written."""
    today = utc_now().date()
    for day, in_shadow in ((today + timedelta(days=3), True), (today - timedelta(days=3), False)):
        adapter = FakeAdapter(settings=settings_of_an_adapter(day))
        checks = list(run_checks(well, connecting(shop=adapter)))
        assert failed(checks) == []
        told = [one.message for one in checks if "in shadow" in one.message]
        assert bool(told) is in_shadow
        assert all(str(day) in message for message in told)


def test_what_register_and_adapters_disagree_on_is_told(well: Settings) -> None:
    """Unknown ids are wrong; what no adapter holds is worth a look."""
    adapter = FakeAdapter(held=["email", "fone", "name"])
    adapter.capabilities = replace(
        adapter.capabilities, categories=frozenset({"contact", "shoe_size"})
    )
    checks = list(run_checks(well, connecting(shop=adapter)))
    assert [check.message for check in failed(checks)] == [
        "adapter shop uses the field fone, which is not in the register: did you mean phone?",
        "adapter shop uses the category shoe_size, which is not in the register",
    ]
    assert [check.message for check in checks if check.ok and check.what_to_do] == [
        "the register's field phone is held by no adapter",
        "the register's field orders is held by no adapter",
    ]


def test_adapters_that_cannot_be_built_are_told_line_by_line(well: Settings) -> None:
    """Settings that an adapter refuses are a fault each."""

    def connect() -> Mapping[str, Adapter]:
        raise ConfigError(["adapters.shop.url: is missing", "adapters.shop.table: is missing"])

    assert [check.message for check in failed(run_checks(well, connect))] == [
        "adapters.shop.url: is missing",
        "adapters.shop.table: is missing",
    ]

    def misconfigured() -> Mapping[str, Adapter]:
        raise Misconfigured("there is no adapter sqll")

    assert [check.message for check in failed(run_checks(well, misconfigured))] == [
        "there is no adapter sqll"
    ]


def test_without_any_crm_there_is_nothing_to_show(well: Settings) -> None:
    """A portal with no adapter is not finished."""
    assert [check.message for check in failed(run_checks(well, dict))] == ["no CRM is connected"]


def test_the_mail_server_must_prove_its_name(
    instance: Path,
    overrides: dict[str, Any],
    start_mail_server: StartMailServer,
    certificates: Certificates,
) -> None:
    """A server with a false certificate is told; with the right one and login, all is well."""
    server = start_mail_server(starttls=certificates.trusted, login=("portal", CANARY))
    mail = {
        "server": "localhost",
        "port": server.port,
        "security": "starttls",
        "username": "portal",
        "password": CANARY,
    }
    settings = load(instance, {}, {**overrides, "mail": mail})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert "certificate" in check.message
    trusting = {**mail, "ca_file": certificates.authority}
    settings = load(instance, {}, {**overrides, "mail": trusting})
    assert failed(run_checks(settings, connecting(shop=FakeAdapter()))) == []
    settings = load(instance, {}, {**overrides, "mail": {**trusting, "password": "wrong"}})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert "user name" in check.message
    assert server.messages == []


def test_a_public_address_where_nothing_answers_is_told(
    instance: Path, overrides: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the web server is set up, the check says what is still to do."""

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("http.client.HTTPSConnection.connect", refuse)
    settings = load(instance, {}, {**overrides, "public_url": "https://privacy.example.org"})
    [check] = failed(run_checks(settings, connecting(shop=FakeAdapter())))
    assert check.message == "nothing answers at https://privacy.example.org"


@pytest.mark.parametrize(("status", "ok"), [(200, True), (400, False), (502, False)])
def test_a_public_address_must_lead_to_the_portal(
    instance: Path,
    overrides: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    ok: bool,
) -> None:
    """Another server's error page is not the portal."""
    monkeypatch.setattr("http.client.HTTPSConnection.request", lambda *_: None)
    monkeypatch.setattr(
        "http.client.HTTPSConnection.getresponse", lambda _: SimpleNamespace(status=status)
    )
    settings = load(instance, {}, {**overrides, "public_url": "https://privacy.example.org"})
    assert (failed(run_checks(settings, connecting(shop=FakeAdapter()))) == []) is ok


def test_what_an_adapter_holds_is_taken_from_its_fields_and_capabilities() -> None:
    """Unmapped columns are not held as far as the register goes."""
    held = held_by(cast("Adapter", FakeAdapter()))
    assert held.fields == {"email", "phone", "orders", "name"}
    assert held.writable == {"phone"}
    assert held.purposes == {"news"}
    assert held.categories == {"contact"}


def test_fields_for_links_are_looked_at(well: Settings) -> None:
    """Of a mailing that can be stopped, and long enough for the addresses that people have."""

    class Linking(FakeAdapter):
        def fields(self) -> list[FieldInfo]:
            room = self.__dict__["room"]
            return [*super().fields(), FieldInfo("Customer.Link", "TEXT", None, room, link="news")]

    def found(**changed: object) -> list[Check]:
        crm = Linking(**{"room": 500, **changed})
        links = changed.get("links", frozenset({"news"}))
        crm.capabilities = replace(crm.capabilities, links=cast("frozenset[str]", links))
        return [one for one in run_checks(well, connecting(shop=crm)) if one.name == "links"]

    assert [one.ok for one in found()] == [True]
    assert [one.ok for one in found(room=None)] == [True]
    (short,) = found(room=60)
    assert not short.ok
    assert "holds 60" in short.message
    assert "characters long" in short.what_to_do
    (strange,) = found(links=frozenset({"parcels"}))
    assert "no mailing that can be stopped" in strange.message
    assert not found(links=frozenset())
