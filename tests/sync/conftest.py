"""Fixtures shared with the other tests of what is stored, and an engine over them."""

import pytest

from portal.store.database import Database
from portal.store.vault import Vault
from tests.storing import FakeClock, add_subject, clock, database, lite, migrated, vault
from tests.sync.engine import Engine

__all__ = ["clock", "database", "lite", "migrated", "vault"]


@pytest.fixture
def engine(lite: Database, vault: Vault, clock: FakeClock) -> Engine:
    """An engine over SQLite that knows the subjects ``ann`` and ``bob``."""
    for name in ("ann", "bob"):
        add_subject(lite, name)
    return Engine(lite, vault, clock)
