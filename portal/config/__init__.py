"""Settings: `instance/portal.toml`, ``PORTAL_*`` and secret files over it; all errors at once."""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portal.config.parts import (
    ROLE_ADDRESSES,
    Authority,
    Contact,
    Limits,
    MailSettings,
    Part,
    RetentionSettings,
    Site,
)
from portal.config.sources import gather
from portal.config.values import (
    OwnAddress,
    Zone,
    is_loopback,
    listed,
)
from portal.domain.complaints import Complaint, Misfit, did_you_mean, explain


class ConfigError(Exception):
    """The portal cannot start. ``errors``: one line for each thing that is wrong.

    A line says where (file and line, or variable), which key, what is wrong and what to do. None
    holds the value of a setting that could be a secret.
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def load(
    instance: Path | None = None,
    env: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
) -> "Settings":
    """The settings of an instance folder: this one, else ``PORTAL_INSTANCE``, else `./instance`.

    ``PORTAL_*`` variables go before `portal.toml`, and ``overrides`` before both; the latter are
    laid out like the file, with what stands under `[portal]` at the top.

    :raises ConfigError: with everything that is wrong.
    """
    folder = (instance or Path(env.get("PORTAL_INSTANCE") or "instance")).absolute()
    gathered = gather(folder, env, overrides or {}, Settings)
    complaints: list[Complaint] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(gathered.values)
    except ValidationError as error:
        # `misfits` looks also where a fault of shape kept Pydantic from looking.
        complaints = [*explain(error, Settings), *misfits(gathered.values)]
    errors = [*gathered.errors, *(gathered.line(*complaint) for complaint in complaints)]
    if settings is None or errors:
        raise ConfigError(list(dict.fromkeys(errors)))
    return settings


class Settings(Part):
    """Everything the portal is told. Made by `load`; refuses to exist with a fault in it."""

    instance: Path
    public_url: OwnAddress
    """The portal's own address, `https://…` (http on loopback only); links are built from it alone.

    Without a slash at the end."""
    # Addresses of databases hold passwords, and so may the sections of adapters.
    database: str = Field(default="sqlite:///portal.sqlite", repr=False, validate_default=True)
    """SQLAlchemy address; a relative SQLite path is relative to the instance folder."""
    register_file: Path = Field(default=Path("register.toml"), validate_default=True)
    keys_file: Path = Field(default=Path("keys.json"), validate_default=True)
    journal_file: Path = Field(default=Path("journal.jsonl"), validate_default=True)
    """The erasure journal: best on another disk, and in no back-up of the database."""
    proxy_hops: int = Field(default=0, ge=0, le=5)
    """How many proxies in front of the portal set X-Forwarded-For."""
    contact: Contact
    authority: Authority | None = None
    """Where subscribers complain (Art. 77 GDPR); left out: that of their own country."""
    mail: MailSettings
    sites: Annotated[tuple[Site, ...], BeforeValidator(listed)] = Field(min_length=1)
    limits: Limits = Limits()
    role_addresses: Annotated[tuple[str, ...], BeforeValidator(listed)] = ROLE_ADDRESSES
    """What stands before the @ in addresses that a whole company reads: they show nothing."""
    retention: RetentionSettings = RetentionSettings()
    adapters: Mapping[str, Mapping[str, Any]] = Field(repr=False)
    worker: bool = True
    """Work inside `portal run`."""
    workers: int = Field(default=1, ge=1, le=16)
    """How many jobs a process does at a time."""
    timezone: Zone = "Europe/Amsterdam"
    """The zone that pages and mails tell the time in."""

    def site(self, id: str) -> Site:
        """:raises KeyError: there is none of this id."""
        for site in self.sites:
            if site.id == id:
                return site
        raise KeyError(id)

    def authority_of(self, site: str) -> Authority | None:
        """The data protection authority that visitors of a site are told of; None: their own."""
        return self.site(site).authority or self.authority

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that a site offers, in the order in which they are first named."""
        return tuple(dict.fromkeys(code for site in self.sites for code in site.languages))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The only host names that a request may be for, as Werkzeug wants them: no ports."""
        name = urlsplit(self.public_url).hostname or ""
        return (f"[{name}]" if ":" in name else name,)

    @property
    def is_loopback(self) -> bool:
        """Is this an installation that only this machine can reach, such as the demo?"""
        return is_loopback(urlsplit(self.public_url).hostname)

    @property
    def secure_cookies(self) -> bool:
        """Is it reached over https, so that its cookies can be Secure?"""
        return self.public_url.startswith("https:")

    @field_validator("register_file", "keys_file", "journal_file")
    @classmethod
    def _from_the_instance_folder(cls, path: Path, info: ValidationInfo) -> Path:
        instance: Path = info.data.get("instance", Path())
        return instance / path.expanduser()

    @field_validator("database")
    @classmethod
    def _database_in_the_instance_folder(cls, address: str, info: ValidationInfo) -> str:
        example = "sqlite:///portal.sqlite or postgresql://user:password@host/name"
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):
            raise ValueError(f"is not the address of a database: write {example}") from None
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ValueError(f"must be SQLite or PostgreSQL: write {example}")
        named = url.database and url.database != ":memory:" and not url.database.startswith("file:")
        if url.get_backend_name() != "sqlite" or not named:
            return address
        instance: Path = info.data.get("instance", Path())
        path = instance / Path(url.database or "").expanduser()
        return url.set(database=str(path)).render_as_string(hide_password=False)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        found = misfits({"sites": self.model_dump()["sites"], "adapters": self.adapters})
        if found:
            raise Misfit(found)
        return self


def misfits(settings: Mapping[str, Any]) -> list[Complaint]:
    """What does not fit between sites and adapters, in settings that are still plain data."""
    sites = settings.get("sites")
    sections = settings.get("adapters")
    adapters: Mapping[str, Any] = sections if isinstance(sections, Mapping) else {}
    complaints: list[Complaint] = []
    for name, section in adapters.items():
        complaints += _adapter_complaints(name, section)
    seen: set[str] = set()
    for index, site in enumerate(sites if isinstance(sites, Sequence) else ()):
        if isinstance(site, Mapping):
            complaints += _site_complaints(index, site, seen, adapters)
    return complaints


def _adapter_complaints(name: str, section: object) -> list[Complaint]:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,47}", name):
        return [(("adapters", name), "must have a name of small letters, digits, - and _")]
    if isinstance(section, Mapping) and not isinstance(section.get("adapter"), str):
        return [(("adapters", name, "adapter"), 'is missing: name its kind, such as "sql"')]
    return []


def _site_complaints(
    index: int, site: Mapping[str, Any], seen: set[str], adapters: Collection[str]
) -> list[Complaint]:
    complaints: list[Complaint] = []
    id = site.get("id")
    if isinstance(id, str):
        if id in seen:
            complaints.append((("sites", index, "id"), f"{id!r} stands twice"))
        seen.add(id)
    named = site.get("adapters", ())
    for position, name in enumerate(named if isinstance(named, (list, tuple)) else ()):
        if isinstance(name, str) and name not in adapters:
            hint = did_you_mean(name, adapters) or ": add [adapters.…] for it or leave it out"
            complaints.append(
                (("sites", index, "adapters", position), f"no adapter {name!r}{hint}")
            )
    return complaints
