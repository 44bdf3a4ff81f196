"""Fixtures shared with the other tests of what is stored."""

from tests.storing import clock, database, lite, migrated, vault

__all__ = ["clock", "database", "lite", "migrated", "vault"]
