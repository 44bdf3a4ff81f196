"""What adapters raise: each tells the worker what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


class AdapterError(Exception):
    """Something went wrong in or on the way to a CRM.

    The message names tables, fields and causes; it never holds a value, an address or a secret,
    because it is logged and shown to operators.
    """

    retry = False
    """May the worker try the same call again by itself?"""


class Unreachable(AdapterError):
    """No answer, or none that says whether the call took effect: read before you retry."""

    retry = True


class RateLimited(AdapterError):
    """The CRM asks for patience; ``retry_after`` is in seconds, None when it did not say."""

    retry = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(AdapterError):
    """The CRM understood and will not, now or later (a constraint, a validation rule)."""


class Unsupported(AdapterError):
    """The CRM has no such thing; the adapter's capabilities should have said so."""


class Misconfigured(AdapterError):
    """Settings and CRM do not fit (a missing table, a wrong password): a person must look."""


class Conflict(AdapterError):
    """The CRM's value is no longer the one the subscriber saw; nothing was written.

    ``fields`` names what changed in between.
    """

    def __init__(self, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class InShadow(AdapterError):
    """Raised by the portal around an adapter that is in shadow, never by an adapter: not written.

    ``would`` says in codes what would have been done: the call, ids of fields, purposes and
    categories. ``until`` is the moment (UTC) from which on it is done for real.
    """

    def __init__(self, would: Mapping[str, Any], until: datetime) -> None:
        super().__init__(f"in shadow: {would['do']} was not done")
        self.would = dict(would)
        self.until = until
