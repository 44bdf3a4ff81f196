"""What a clock is. Everything that needs the time is handed one, so that tests can move it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


def utc_now() -> datetime:
    """The present moment by the machine's clock."""
    return datetime.now(UTC)
