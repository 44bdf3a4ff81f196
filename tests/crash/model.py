"""What a machine that tries anything knows of how it must end."""

from dataclasses import dataclass, field
from typing import Any


class Died(BaseException):
    """The process is gone: nothing that catches errors catches this."""


@dataclass
class Model:
    """What the CRMs may hold at the end, by (adapter, person, name of a value)."""

    values: dict[tuple[str, str, str], set[Any]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """Whose records must be empty."""
    uncertain: set[str] = field(default_factory=set)
    """Who came back with an old copy of a CRM: nothing is known, and nothing more is asked."""
