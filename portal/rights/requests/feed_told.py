"""What the feed tells: of which decisions, and in which shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.domain.rights import Right


class Kind(StrEnum):
    """What was decided."""

    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    GIVEN = "given"
    """Given, given again, or a stop taken back."""
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    ERASURE = "erasure"
    """She is being erased, now."""
    ERASURE_WAITS = "erasure_waits"
    ERASURE_TAKEN_BACK = "erasure_taken_back"
    ADDRESS_CHANGED = "address_changed"
    """The address is hers no longer; another is, from now on."""
    ONE_OF_SEVERAL = "one_of_several"
    """One of several people who share the address has decided for herself alone."""


KINDS = {
    Right.WITHDRAW: Kind.WITHDRAWN,
    Right.OBJECT: Kind.OBJECTED,
    Right.CONSENT: Kind.GIVEN,
    Right.RESTRICT: Kind.RESTRICTED,
    Right.LIFT: Kind.RESTRICTION_LIFTED,
    Right.ERASE: Kind.ERASURE,
    Right.KEEP: Kind.ERASURE_TAKEN_BACK,
}
ABOUT_PURPOSES = frozenset({Kind.WITHDRAWN, Kind.OBJECTED, Kind.GIVEN})
"""Kinds that are about purposes; the others are about everything."""
OF_ONE = "one:"
"""Before the kind of an entry that is about one of several people under its address."""


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """One decision, and whose."""

    kind: Kind
    at: datetime
    due_at: datetime | None
    purposes: Sequence[str]
    email: str
    new_email: str | None = None
    """Of a change of address: which one is hers now."""
    what: Kind | None = None
    """Of one of several people: what she has decided."""
    refs: Sequence[str] | None = None
    """And her records, as far as they are known; None: it is about all of the address."""


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A part of the feed, and the cursor behind it. ``more``: there is more already."""

    entries: Sequence[Told]
    cursor: str
    more: bool
