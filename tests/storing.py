"""What tests of the store, the engine and the ledger share: a clock to move, keys, a database."""

import json
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet

from portal.store.database import Database
from portal.store.tables import Subject
from portal.store.vault import Keyring, Vault
from tests.servers.databases import FreshDatabase

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The slow hash, made quick: what is under test is not how slow it is."""


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def make_keyring(generations: int = 1) -> Keyring:
    return Keyring(
        sealing=tuple(Fernet.generate_key().decode() for _ in range(generations)),
        signing=tuple(secrets.token_urlsafe(32) for _ in range(generations)),
        alias=tuple((number + 1, secrets.token_urlsafe(32)) for number in range(generations)),
    )


def make_vault(keys: Keyring | None = None) -> Vault:
    return Vault(keys or make_keyring(), QUICK)


def write_keys(path: Path, **changed: object) -> Path:
    """A key file like `Keyring.create` makes, with some of its parts changed."""
    Keyring.create(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    return path


def add_subject(database: Database, subject_id: str = "s") -> str:
    with database.unit("test") as unit:
        unit.session.add(Subject(id=subject_id, created_at=NOON))
        unit.commit()
    return subject_id


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return make_vault()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and nothing in them, to copy: migrating takes a while."""
    file = tmp_path_factory.mktemp("migrated") / "portal.sqlite"
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file


def _open(url: str, migrated: Path) -> Database:
    database = Database(url)
    if url.startswith("sqlite"):
        shutil.copyfile(migrated, database.engine.url.database or "")
    else:
        database.migrate()
    return database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database(
    request: pytest.FixtureRequest, fresh_database: FreshDatabase, migrated: Path
) -> Iterator[Database]:
    """The portal's database with all its tables, on each kind that it runs on."""
    database = _open(fresh_database(request.param), migrated)
    yield database
    database.close()


@pytest.fixture
def lite(fresh_database: FreshDatabase, migrated: Path) -> Iterator[Database]:
    """The portal's database on SQLite, for what does not depend on the kind."""
    database = _open(fresh_database("sqlite"), migrated)
    yield database
    database.close()
