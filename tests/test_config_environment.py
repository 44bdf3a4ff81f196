"""The environment and secret files go before `portal.toml`, and are named where they are wrong."""

from pathlib import Path

import pytest

from portal.config import load
from tests.config_example import PORTAL_TOML, line_of
from tests.test_config import errors_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance folder with the example in it."""
    (tmp_path / "portal.toml").write_text(PORTAL_TOML, encoding="utf-8")
    return tmp_path


def test_variables_go_before_the_file(folder: Path) -> None:
    """Two underscores lead inwards; numbers and switches are read as such."""
    found = load(
        folder,
        {
            "PORTAL_PUBLIC_URL": "https://other.example.org",
            "PORTAL_REGISTER": "other.toml",
            "PORTAL_PROXY_HOPS": "2",
            "PORTAL_WORKER": "false",
            "PORTAL_MAIL__PASSWORD": "[not a list]",
            "PORTAL_MAIL__PORT": "25",
            "PORTAL_CONTACT__POST": '["Straat 1", "Amsterdam"]',
            "PORTAL_SITES__1__NAME": "Weblog",
            "PORTAL_SITES__0__ORIGINS": '["https://a.example", "https://b.example"]',
            "PORTAL_SITES__0__LANGUAGES__1": "nl",
            "PORTAL_LIMITS__CODE_TRIES": "3",
            "PORTAL_ADAPTERS__SHOP__URL": "postgresql://other",
            "PORTAL_ADAPTERS__SHOP__FIELDS": '{ phone = "tel" }',
            "PORTAL_ADAPTERS__LETTERS__API_KEY": "{no table",
            "HOME": "/root",
        },
    )
    assert found.public_url == "https://other.example.org"
    assert found.register_file == folder / "other.toml"
    assert (found.proxy_hops, found.worker, found.mail.port) == (2, False, 25)
    assert found.mail.password is not None
    assert found.mail.password.get_secret_value() == "[not a list]"
    assert found.contact.post == ("Straat 1", "Amsterdam")
    assert [site.name for site in found.sites] == ["Flower shop", "Weblog"]
    assert found.site("shop").origins == ("https://a.example", "https://b.example")
    assert found.site("shop").languages == ("nl", "nl")
    assert found.limits.code_tries == 3
    assert found.adapters["shop"]["url"] == "postgresql://other"
    assert found.adapters["shop"]["fields"] == {"phone": "tel"}
    assert found.adapters["letters"]["api_key"] == "{no table"


def test_a_whole_installation_can_come_from_the_environment(tmp_path: Path) -> None:
    """A container needs a file, but it may be empty."""
    (tmp_path / "portal.toml").touch()
    found = load(
        tmp_path,
        {
            "PORTAL_PUBLIC_URL": "https://privacy.example.org",
            "PORTAL_CONTACT": '{ name = "Us", phone = "1", post = ["a"], email = "a@example.org" }',
            "PORTAL_MAIL__SERVER": "mail.example.org",
            "PORTAL_MAIL__SENDER": "a@example.org",
            "PORTAL_MAIL__SENDER_NAME": "Us",
            "PORTAL_SITES__0__ID": "shop",
            "PORTAL_SITES__0__NAME": "Shop",
            "PORTAL_SITES__0__RETURN_URL": "https://example.org",
            "PORTAL_ADAPTERS__CRM__ADAPTER": "sql",
        },
    )
    assert found.site("shop").name == "Shop"
    assert dict(found.adapters["crm"]) == {"adapter": "sql"}


def test_options_go_before_variables(folder: Path) -> None:
    """``overrides`` has the last word, in the layout of the file or by the names of settings."""
    found = load(
        folder,
        {"PORTAL_PROXY_HOPS": "2"},
        {"proxy_hops": 3, "register_file": Path("r.toml"), "mail": {"port": 2525}},
    )
    assert (found.proxy_hops, found.mail.port) == (3, 2525)
    assert found.register_file == folder / "r.toml"
    assert found.mail.server == "mail.example.org"


def test_options_alone_need_no_file(tmp_path: Path) -> None:
    """The demo has no file; what it leaves out is told as of any other."""
    errors = errors_of(tmp_path, {}, {"public_url": "http://localhost:8080", "mail": {"port": 1}})
    assert not [error for error in errors if "no such file" in error]
    assert [error for error in errors if error.endswith("mail.server: is missing")]


@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("PUBLIC_ULR", "x", "is not a setting: did you mean PUBLIC_URL?"),
        ("KEYS_FILE", "x", "is not a setting: did you mean KEYS?"),
        ("ZEBRA", "canary", "is not a setting: unset it"),
        ("MAIL__PORT", "canary", "mail.port: must be a whole number"),
        ("MAIL__PROT", "1", "mail.prot: is not a key that is known here: did you mean port?"),
        ("WORKER", "perhaps", "portal.worker: must be true or false"),
        ("SITES__7__NAME", "x", "there is no place for it: number lists from 0 on"),
        ("SITES__X__NAME", "x", "there is no place for it: number lists from 0 on"),
        ("CONTACT__POST", "[canary", 'must be written as in TOML: ["one", "two"]'),
        ("MAIL__PASSWORD__X", "canary", "mail.password: must be text, in quotes"),
        (
            "MAIL__PASSWORD_FILE",
            "gone",
            (
                "mail.password_file: the file cannot be read (No such file or directory): "
                "make it, or correct the path"
            ),
        ),
    ],
)
def test_a_wrong_variable_is_named(folder: Path, variable: str, value: str, error: str) -> None:
    """The error names the variable, and not the line that it went before."""
    assert f"PORTAL_{variable}: {error}" in errors_of(folder, {f"PORTAL_{variable}": value})


def test_what_kubernetes_sets_for_a_service_called_portal_is_not_meant_for_it(folder: Path) -> None:
    """Service links are no settings and no mistakes."""
    links = {
        "PORTAL_SERVICE_HOST": "10.0.0.1",
        "PORTAL_SERVICE_PORT": "80",
        "PORTAL_SERVICE_PORT_HTTP": "80",
        "PORTAL_PORT": "tcp://10.0.0.1:80",
        "PORTAL_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert load(folder, links) == load(folder, {})


@pytest.mark.parametrize("content", ["canary-file", "canary-file\n", "canary-file\r\n"])
def test_secrets_come_from_files_named_by_variables(folder: Path, content: str) -> None:
    """``PORTAL_…_FILE``, as containers hand secrets over; the line end of the file is not meant."""
    secret = folder / "secret"
    secret.write_bytes(content.encode())
    found = load(
        folder,
        {
            "PORTAL_MAIL__PASSWORD_FILE": str(secret),
            "PORTAL_ADAPTERS__SHOP__URL_FILE": "secret",
        },
    )
    assert found.mail.password is not None
    assert found.mail.password.get_secret_value() == "canary-file"
    assert found.adapters["shop"]["url"] == "canary-file"


def test_secrets_come_from_files_named_in_the_file(folder: Path) -> None:
    """``password_file`` instead of ``password``, relative to the instance folder."""
    (folder / "secret").write_text(" spaces stay \n")
    (folder / "address").write_text("sqlite:////srv/portal.sqlite")
    text = PORTAL_TOML.replace('password = "canary-mail"', 'password_file = "secret"')
    text = text.replace('api_key = "canary-key"', 'api_key_file = "secret"\nca_file = "kept.pem"')
    text = text.replace('database = "sqlite:///portal.sqlite"', 'database_file = "address"')
    (folder / "portal.toml").write_text(text)
    found = load(folder, {})
    assert found.mail.password is not None
    assert found.mail.password.get_secret_value() == " spaces stay "
    assert found.adapters["letters"] == {
        "adapter": "sql",
        "api_key": " spaces stay ",
        "ca_file": "kept.pem",
    }
    assert found.database == "sqlite:////srv/portal.sqlite"


def test_a_variable_goes_before_a_secret_file_of_the_file(folder: Path) -> None:
    """Whatever the file says about a secret, by value or by file, a variable goes before it."""
    (folder / "secret").write_text("canary-file")
    text = PORTAL_TOML.replace('password = "canary-mail"', 'password_file = "secret"')
    (folder / "portal.toml").write_text(text)
    found = load(folder, {"PORTAL_MAIL__PASSWORD": "canary-env"})
    assert found.mail.password is not None
    assert found.mail.password.get_secret_value() == "canary-env"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"canary" * 20_000, "the file is too large for a secret"),
        (b"canary\xff", "the file is not UTF-8 text"),
    ],
)
def test_a_secret_file_that_holds_no_secret_is_told(
    folder: Path, content: bytes, reason: str
) -> None:
    """The line of the file is named, what it holds is not."""
    (folder / "secret").write_bytes(content)
    text = PORTAL_TOML.replace('password = "canary-mail"', 'password_file = "secret"')
    (folder / "portal.toml").write_text(text)
    line = line_of("password")
    assert f"portal.toml:{line}: mail.password_file: {reason}" in errors_of(folder)


def test_a_secret_given_twice_is_told(folder: Path) -> None:
    """By value and by file at once: nobody can say which is meant."""
    (folder / "secret").write_text("canary-file")
    text = PORTAL_TOML.replace("[[sites]]", 'password_file = "secret"\n[[sites]]', 1)
    (folder / "portal.toml").write_text(text)
    env = {"PORTAL_DATABASE": "sqlite://", "PORTAL_DATABASE_FILE": "secret"}
    errors = errors_of(folder, env)
    line = line_of("[[sites]]")
    assert f"portal.toml:{line}: mail.password_file: give this or password, not both" in errors
    assert "PORTAL_DATABASE_FILE: give this or PORTAL_DATABASE, not both" in errors


def test_the_name_of_a_secret_file_must_be_text(folder: Path) -> None:
    """``password_file = 3`` is told like any other fault."""
    text = PORTAL_TOML.replace('password = "canary-mail"', "password_file = 3")
    (folder / "portal.toml").write_text(text)
    line = line_of("password")
    reason = "must be the path of a file, in quotes"
    assert f"portal.toml:{line}: mail.password_file: {reason}" in errors_of(folder)
