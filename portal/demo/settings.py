"""The demo's settings: a folder's, with what only the running demo can know filled in."""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from portal.config import Settings, load
from portal.store.vault import Keyring

CONFIG = Path(__file__).parent / "config"
FILES = ("portal.toml", "register.toml")


def make_settings(
    data: Path,
    config: Path,
    *,
    portal_url: str,
    website_url: str,
    mail_port: int,
    crm_url: str | None,
) -> Settings:
    """The settings of this run, and beside them in `data` the keys it needs.

    Args:
        data: the instance folder; what it has by the names of the settings' files is replaced.
        config: the folder with ``portal.toml`` and ``register.toml``.
        portal_url: where the portal will be.
        website_url: where the website that embeds it will be; its first site is that website.
        mail_port: where the server is that catches the mail.
        crm_url: the CRM for the first adapter; None leaves it as the folder has it.

    Raises:
        ConfigError: with everything that is wrong.
    """
    for name in FILES:
        if (config / name).is_file():
            shutil.copyfile(config / name, data / name)
    overrides: dict[str, Any] = {
        "public_url": portal_url,
        "database": "sqlite:///portal.sqlite",
        "mail": {
            "server": "127.0.0.1",
            "port": mail_port,
            "security": "none",
            "username": None,
            "password": None,
        },
        "sites": {
            0: {"origins": [website_url], "return_url": f"{website_url}/nl/klantenservice"},
        },
    }
    if crm_url is not None:
        first = next(iter(load(data, {}, overrides).adapters))
        overrides["adapters"] = {first: {"url": crm_url}}
    settings = load(data, {}, overrides)
    if not settings.keys_file.exists():
        Keyring.create(settings.keys_file)
    return settings


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy address of a SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string()
