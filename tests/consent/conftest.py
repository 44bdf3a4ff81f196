"""Fixtures shared with the other tests of what is stored."""

from tests.storing import clock, database, lite, vault

__all__ = ["clock", "database", "lite", "vault"]
