"""How long to wait before trying again."""

import random
from collections.abc import Callable

FIRST = 2.0
"""Seconds, at most, before the first repetition."""
LONGEST = 3600.0
"""Seconds, at most, before any repetition."""
MAX_ATTEMPTS = 100
"""With the waits above about two days, so that a CRM may be away over a night."""


def pause(attempt: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after this attempt (1 for the first): exponential, with full jitter.

    Full jitter (anything from nothing up to the ceiling) spreads the crowd that a CRM's failure
    has gathered. A tenth of the ceiling is kept as a floor, so that a retry is never a hammer.
    """
    ceiling = min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 16))
    return ceiling * (0.1 + 0.9 * draw())
