"""The settings are right as a whole, or everything that is wrong with them is said at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from portal.config import ConfigError, Settings, load
from tests.config_example import PORTAL_TOML, line_of

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(text)`` makes an instance folder with this `portal.toml` and returns it."""

    def write(text: str) -> Path:
        (tmp_path / "portal.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def errors_of(
    instance: Path, env: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(instance, env or {}, overrides)
    for error in caught.value.errors:
        assert "canary" not in error
        assert "\n" not in error
    return caught.value.errors


def test_the_example_is_loaded_in_full(write: Write) -> None:
    """Everything that the file says is in the settings; what it leaves out has its default."""
    folder = write(PORTAL_TOML)
    found = load(folder, {})
    assert found.public_url == "https://privacy.example.org"
    assert found.proxy_hops == 1
    assert found.contact.post == ("Postbus 1", "1000 AA Amsterdam")
    assert found.mail.password is not None
    assert found.mail.password.get_secret_value() == "canary-mail"
    assert found.authority_of("shop") == found.authority
    assert found.authority is not None
    assert found.authority.post == ("Postbus 93374", "2509 AJ Den Haag")
    assert (found.authority_of("blog") or found.authority).name == "APD"
    assert found.site("shop").origins == ("https://www.example.org", "http://localhost:8081")
    assert found.site("blog").languages == ("nl", "en")
    assert found.limits.session_idle == 600
    assert found.limits.token_lifetime == 600
    assert list(found.adapters) == ["shop", "letters"]
    assert found.adapters["shop"]["label"] == {"nl": "Klantenbestand", "en": "Customer file"}


def test_relative_paths_are_relative_to_the_instance_folder(write: Write) -> None:
    """Wherever the portal is started, it finds the same files."""
    folder = write(PORTAL_TOML)
    found = load(folder, {}, {"mail": {"ca_file": "ca.pem"}})
    assert found.instance == folder
    assert found.register_file == folder / "register.toml"
    assert found.keys_file == folder / "keys.json"
    assert found.database == f"sqlite:///{folder}/portal.sqlite"
    assert found.mail.ca_file == folder / "ca.pem"


def test_defaults_of_paths_are_relative_to_the_instance_folder_too(write: Write) -> None:
    """A file that names neither database, register nor keys has them in its folder."""
    text = PORTAL_TOML
    for key in ("database", "register", "keys"):
        text = text.replace(next(one for one in text.splitlines() if one.startswith(key)), "")
    folder = write(text)
    found = load(folder, {})
    assert found.database == f"sqlite:///{folder}/portal.sqlite"
    assert (found.register_file, found.keys_file) == (
        folder / "register.toml",
        folder / "keys.json",
    )


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////var/lib/portal/portal.sqlite",
        "sqlite://",
        "postgresql+psycopg://portal:canary@localhost/portal",
    ],
)
def test_absolute_paths_and_servers_stay_as_they_are(write: Write, address: str) -> None:
    """Only a relative SQLite path is moved."""
    assert load(write(PORTAL_TOML), {}, {"database": address}).database == address


def test_the_folder_comes_from_the_argument_then_the_variable_then_here(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``PORTAL_INSTANCE`` names the folder where no argument does; else it is ./instance."""
    folder = write(PORTAL_TOML)
    other = tmp_path / "instance"
    other.mkdir()
    (other / "portal.toml").write_text(PORTAL_TOML)
    monkeypatch.chdir(tmp_path)
    assert load(folder, {"PORTAL_INSTANCE": str(other)}).instance == folder
    assert load(None, {"PORTAL_INSTANCE": str(folder)}).instance == folder
    assert load(None, {}).instance == other


@pytest.mark.parametrize(
    ("public_url", "hosts", "loopback", "secure"),
    [
        ("https://privacy.example.org", ("privacy.example.org",), False, True),
        ("https://privacy.example.org:8443/", ("privacy.example.org",), False, True),
        ("http://localhost:8080", ("localhost",), True, False),
        ("http://127.0.0.1:8080", ("127.0.0.1",), True, False),
        ("http://[::1]:8080", ("[::1]",), True, False),
        ("https://localhost", ("localhost",), True, True),
    ],
)
def test_the_own_address_says_which_hosts_and_cookies(
    write: Write, public_url: str, hosts: tuple[str, ...], loopback: bool, secure: bool
) -> None:
    """Links, trusted hosts and cookies all follow from the one address."""
    found = load(write(PORTAL_TOML), {}, {"public_url": public_url})
    assert found.public_url == public_url.removesuffix("/")
    assert (found.hosts, found.is_loopback, found.secure_cookies) == (hosts, loopback, secure)


def test_languages_are_those_of_all_sites(write: Write) -> None:
    """The register needs its texts in each of them."""
    text = PORTAL_TOML.replace('"nl", "en"', '"en"', 1)
    assert load(write(text), {}).languages == ("en", "nl")
    with pytest.raises(KeyError):
        load(write(text), {}).site("gone")


WRONG = [
    ('"https://privacy.example.org"', '"http://privacy.example.org"', "https://"),
    ('"https://privacy.example.org"', '"https://privacy.example.org/portal"', "host only"),
    ('"https://privacy.example.org"', '"https://me:canary@privacy.example.org"', "password"),
    ('"https://privacy.example.org"', '"privacy.example.org"', "not a web address"),
    ('"https://privacy.example.org"', '"https://privacy.example.org:99999"', "not a web address"),
    ('"https://privacy.example.org"', "3", "must be text"),
    ('"sqlite:///portal.sqlite"', '"mysql://u:canary@localhost/x"', "SQLite or PostgreSQL"),
    ('"sqlite:///portal.sqlite"', '"canary no address"', "not the address of a database"),
    ("proxy_hops = 1", "proxy_hops = 9", "at most 5"),
    ("worker = true", 'worker = "canary"', "true or false"),
    ("worker = true", "wroker = true", "did you mean worker?"),
    ("worker = true", "[worker]", "belongs under [portal]"),
    ("worker = true", "zebra = true", "take it out"),
    ('post = ["Postbus 1", "1000 AA Amsterdam"]', 'post = "Postbus 1"', "must be a list"),
    ('post = ["Postbus 1", "1000 AA Amsterdam"]', "post = []", "give one at least"),
    ('"service@example.org"', '"Service <service@example.org>"', "one plain e-mail address"),
    ("port = 587", "port = 0", "at least 1"),
    ("port = 587", 'port = "canary"', "whole number"),
    ('security = "starttls"', 'security = "ssl"', "must be one of"),
    ('security = "starttls"', 'security = "none"', "this machine only"),
    ('password = "canary-mail"', "", "mail.password: is missing"),
    ('username = "portal"', "", "mail.username: is missing"),
    ('password = "canary-mail"', 'passwrod = "canary-mail"', "did you mean password?"),
    ('password = "canary-mail"', 'password = ["canary-mail"]', "mail.password"),
    ('sender_name = "Flower shop"', 'sender_name = "Shop\\nBcc: x@example.org"', "one line"),
    ('id = "blog"', 'id = "shop"', "'shop' stands twice"),
    ('id = "blog"', 'id = "Blog"', "small letters"),
    ('id = "blog"', "", "sites.1.id: is missing"),
    ('adapters = ["shop"]', 'adapters = ["shopp"]', "did you mean shop?"),
    ('adapters = ["shop"]', 'adapters = ["zebra"]', "no adapter 'zebra'"),
    ('"https://www.example.org",', '"https://*.example.org",', "without *"),
    ('"https://www.example.org",', '"https://www.example.org/",', "host only"),
    ('"https://www.example.org",', '"https://www.example.org:443",', "goes without saying"),
    ('"https://www.example.org",', '"https://WWW.example.org",', "small letters"),
    ('"https://www.example.org",', '"http://www.example.org",', "https://"),
    ('"https://www.example.org",', '"https://münchen.example",', "xn--"),
    ('"https://www.example.org",', '"*",', "not a web address"),
    ('"https://www.example.org",', '"null",', "not a web address"),
    ('"https://www.example.org",', '"https://[::1",', "not a web address"),
    ('return_url = "https://blog.example.org/"', 'return_url = "javascript:1"', "web address"),
    ('return_url = "https://blog.example.org/"', 'return_url = "//blog.example.org"', "https://"),
    ('languages = ["nl", "en"]', 'languages = ["nl", "fr"]', "does not speak: nl, en"),
    ('languages = ["nl", "en"]', "languages = []", "give one at least"),
    ('"#0b5fff"', '"blue"', "must be a colour"),
    ("erase_after_hours = 72", "erase_after_hours = 169", "at most 168"),
    ("erase_after_hours = 72", "erase_after_hours = -1", "at least 0"),
    ("session_idle = 600", "session_idle = 7200", "not be more than session_absolute"),
    ("session_idle = 600", "token_lifetime = 3600", "at most 1800"),
    ("session_idle = 600", "sesion_idle = 600", "did you mean session_idle?"),
    ("[adapters.letters]", "[adapters.Letters]", "small letters"),
    ('adapter = "sql"\nurl', "url", "name its kind"),
    ("[limits]", "[limit]", "did you mean limits?"),
    ('"https://www.autoriteitpersoonsgegevens.nl/"', '"javascript:1"', "not a web address"),
    ('website = "https://www.auto', 'site = "https://www.auto', "authority.website: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "reason"), WRONG)
def test_a_fault_is_told_with_file_line_and_reason(
    write: Write, old: str, new: str, reason: str
) -> None:
    """One line of the file is wrong: one error says so, on that line or at its table."""
    text = PORTAL_TOML.replace(old, new, 1)
    assert text != PORTAL_TOML
    errors = errors_of(write(text))
    [error] = [one for one in errors if reason in one]
    place, _, _ = error.partition(": ")
    line = line_of(old)
    if "is missing" in error or reason == "name its kind":
        line = next(n for n in range(line, 0, -1) if text.splitlines()[n - 1].startswith("["))
    if old.startswith("session_idle = 600") and "absolute" in reason:
        line = line_of("session_idle")
    assert place == f"portal.toml:{line}"


def test_everything_that_is_wrong_is_told_at_once(write: Write) -> None:
    """All the faults above that can stand together are told in one go."""
    text = PORTAL_TOML
    expected = []
    used: set[str] = set()
    for old, new, reason in WRONG:
        if old in used or "[" in new.removeprefix('"https://[') or old not in text or not new:
            continue
        if any(old in other or other in old for other in used):
            continue
        used.add(old)
        text = text.replace(old, new, 1)
        expected.append(reason)
    errors = errors_of(write(text))
    assert len(expected) > 15
    for reason in expected:
        assert [one for one in errors if reason in one], reason


def test_an_empty_file_lacks_what_has_no_default(write: Write) -> None:
    """The address, the contact, the mail server, the sites and the adapters must be said."""
    keys = {error.split(": ")[1] for error in errors_of(write(""))}
    assert keys == {"portal.public_url", "contact", "mail", "sites", "adapters"}


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    """The first start of all ends with the next step."""
    errors = errors_of(tmp_path)
    assert f"{tmp_path / 'portal.toml'}: there is no such file: `portal init` makes one" in errors


def test_a_file_that_is_not_toml_names_the_line_first(write: Write) -> None:
    """Without quotes the password breaks the file; it is not shown."""
    text = PORTAL_TOML.replace('"canary-mail"', "canary-mail")
    errors = errors_of(write(text))
    assert errors[0].startswith(f"portal.toml:{line_of('password')}: this is not TOML")


def test_a_file_of_another_encoding_is_told_so(tmp_path: Path) -> None:
    """A file saved as Latin-1 is no crash."""
    (tmp_path / "portal.toml").write_bytes('[contact]\nname = "Café"\n'.encode("latin-1"))
    assert "portal.toml: is not UTF-8 text: save it as UTF-8" in errors_of(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Notepad's way of saving UTF-8 is fine."""
    (tmp_path / "portal.toml").write_text(PORTAL_TOML, encoding="utf-8-sig")
    assert load(tmp_path, {}).proxy_hops == 1


def test_settings_made_directly_refuse_the_same_faults(write: Write) -> None:
    """There is no way to settings with a fault in them."""
    found = load(write(PORTAL_TOML), {})
    values = {name: getattr(found, name) for name in Settings.model_fields}
    assert Settings(**values) == found
    with pytest.raises(ValidationError, match="stands twice") as caught:
        Settings(**{**values, "sites": (found.sites[0], found.sites[0])})
    assert "canary" not in str(caught.value)


def test_no_representation_of_settings_shows_a_secret(write: Write) -> None:
    """Settings in a log line or a traceback give nothing away."""
    found = load(write(PORTAL_TOML), {}, {"database": "postgresql://u:canary-db@localhost/p"})
    assert "canary" not in repr(found) + str(found)


LINES = PORTAL_TOML.splitlines(keepends=True)


@given(
    at=st.integers(0, len(LINES) - 1),
    until=st.integers(0, 4),
    piece=st.sampled_from(
        ["", "[portal]\n", "[[sites]]\n", "sites = 3\n", "adapters = []\n", "x = { y = 1 }\n",
         "password_file = 3\n", "[mail.server]\n", "url_file = 'gone'\n", "[[adapters]]\n"]
    )
    | st.text(max_size=20),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_the_file_loads_or_is_told_without_a_secret(
    tmp_path: Path, at: int, until: int, piece: str
) -> None:
    """Whatever happens to some lines, nothing but `ConfigError` comes of it, and no value in it."""
    text = "".join([*LINES[:at], piece, *LINES[at + until :]])
    (tmp_path / "portal.toml").write_bytes(text.encode())
    try:
        load(tmp_path, {})
    except ConfigError as error:
        told = "\n".join(error.errors)
        assert told
        assert "canary" not in told
