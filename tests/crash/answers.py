"""How a CRM may answer a call."""

from enum import StrEnum
from typing import Literal

from portal.adapters.contract import Misconfigured, Outcome, RateLimited, Refused, Unreachable


class How(StrEnum):
    """How one call is answered."""

    OK = "ok"
    AWAY = "away"
    """No answer, and nothing was done."""
    LOST = "lost"
    """It was done, and the answer was lost."""
    BUSY = "busy"
    """429, with a time to wait."""
    REFUSED = "refused"
    REFUSED_AFTER = "refused_after"
    """It was done, and the answer says that it was not."""
    GARBAGE = "garbage"
    """It was done, and the answer cannot be read; the adapter itself falls over it."""
    BROKEN = "broken"
    """The adapter falls over before it is done."""
    KEPT = "kept"
    """The CRM says yes and keeps the old."""
    STALLED = "stalled"
    """It is done, and so slowly that somebody else has taken over by then: see `when_stalled`."""
    STALLED_LOST = "stalled_lost"
    LOCKED = "locked"
    """401: a person must look."""


Keys = Literal["honours", "compares", "blind"]
"""What a repetition meets: a CRM that knows keys, one that is read and compared first, or one
that does everything it is told again (a negative control)."""

TAKES_EFFECT = {
    How.OK,
    How.LOST,
    How.REFUSED_AFTER,
    How.GARBAGE,
    How.STALLED,
    How.STALLED_LOST,
}


def answer(how: How) -> Outcome:
    """The answer to a call, or what the adapter makes of it."""
    match how:
        case How.AWAY | How.LOST | How.STALLED_LOST:
            raise Unreachable("no answer")
        case How.BUSY:
            raise RateLimited("slow down", retry_after=30)
        case How.REFUSED | How.REFUSED_AFTER:
            raise Refused("a rule of this CRM")
        case How.LOCKED:
            raise Misconfigured("the password is not the one")
        case How.GARBAGE | How.BROKEN:
            raise ValueError("an answer that nobody can read")
        case _:
            return Outcome.DONE
