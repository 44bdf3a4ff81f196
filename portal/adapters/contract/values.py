"""What goes into an adapter and comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

Scalar = str | int | float | Decimal | bool | date | datetime | None
Row = Mapping[str, Scalar]
Value = Scalar | Sequence[Row]
"""A field's value: one scalar, or for a field of kind ``rows`` a sequence of rows."""


@dataclass(frozen=True, slots=True, repr=False)
class Ref:
    """One record in one CRM: the adapter's name and the CRM's own key, as text.

    Opaque to everyone but its adapter. A key is a personal value (it points at a person), so
    ``repr`` shows the adapter only.
    """

    adapter: str
    key: str

    def __repr__(self) -> str:
        return f"Ref({self.adapter}:•)"


@dataclass(frozen=True, slots=True, repr=False)
class ConsentState:
    """What a CRM says about one purpose: given or not, and its evidence as far as it keeps any."""

    granted: bool | None
    """None: the CRM has no record either way. While it pauses by itself: False."""
    at: datetime | None = None
    source: str | None = None
    wording: str | None = None
    frequency: str | None = None
    """How often, where the CRM holds that: the id of one of the register's frequencies."""
    paused_until: datetime | None = None
    """Of what is on, and paused by the CRM itself: when that is over (UTC). None: it is not."""
    wording_version: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """What was read of one record. Lives as long as one page; never stored, logged or pickled."""

    ref: Ref
    email: str
    """The address exactly as the CRM has it: mail goes there, and nowhere else."""
    values: Mapping[str, Value]
    """Field id → value, for the fields the adapter is configured to hold."""
    consents: Mapping[str, ConsentState]
    """Purpose id → state, for the purposes the CRM can hold."""
    version: str | None
    """The CRM's own version mark, or None where it has none and values are compared."""
    changed_at: datetime | None = None
    locale: str | None = None
    """The subscriber's language in the CRM (``nl``), where it holds one."""
    links: Mapping[str, str | None] = field(default_factory=dict)
    """Purpose id → the footer link that its field holds, for those who have such fields."""
    restricted: bool | None = None
    """Is it marked as restricted? To be told by every adapter that can restrict, since that is how
    `restrict` is read back; None: the CRM knows no such mark."""

    def __repr__(self) -> str:
        return f"Record({self.ref!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """One field to write: the new value, and the value that the subscriber saw when deciding."""

    field: str
    seen: Scalar
    value: Scalar


@dataclass(frozen=True, slots=True, repr=False)
class Linked:
    """One record as `SetsLink.links` lists it."""

    ref: Ref
    email: str
    """The address exactly as the CRM has it; empty where it has none."""
    links: Mapping[str, str | None]
    """Purpose id → what its field holds now; None: nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class LinkToSet:
    """A footer link, and the field and record that it belongs into."""

    ref: Ref
    seen: str
    """The record's own address when the link was made for it, as `Linked.email` gave it."""
    purpose: str
    link: str | None
    """None: what stands there is taken away."""


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """The proof that goes with a consent or its withdrawal (Art. 7(1) GDPR)."""

    at: datetime
    """UTC."""
    source: str
    """The channel, e.g. ``portal``."""
    wording: str
    """The text that the subscriber agreed to or withdrew from."""
    wording_version: str
    locale: str


class Outcome(StrEnum):
    """What a write did, as far as the CRM said. Reading back is the caller's work."""

    DONE = "done"
    ALREADY = "already"
    """It was so before: nothing was written."""
    ASYNC = "async"
    """The CRM will do it later."""
    MANUAL = "manual"
    """A person has to do it."""


class ErasureKind(StrEnum):
    """What this CRM's erasure really is."""

    HARD = "hard"
    SOFT = "soft"
    ARCHIVED = "archived"
    ANONYMISED = "anonymised"
    ASYNC = "async"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Retained:
    """One category of data that stays after an erasure, why, and until when.

    ``category`` is a category of the register; ``ground`` the exception, as ``17(3)(b)``; ``law``
    the duty in words per language; ``until`` the last day on which any of it is kept; ``count`` how
    many records. ``first`` is the last day on which all of it is kept: on the next day `erase` is
    called once more, and removes what need not be kept any more. None: nothing goes by itself.
    Holds no personal value.
    """

    category: str
    ground: str
    law: Mapping[str, str]
    until: date | None
    count: int
    first: date | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """The result of an erasure, per category of data."""

    removed: Sequence[str]
    """Categories of which nothing is left."""
    retained: Sequence[Retained]
    kind: ErasureKind


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field the CRM holds, mapped or not: for the register's drift check."""

    name: str
    """The CRM's own name, e.g. ``Customer.Phone``."""
    type: str
    field: str | None
    """The register's field id it is mapped to; None when it is not mapped."""
    max_length: int | None = None
    nullable: bool = True
    link: str | None = None
    """The purpose whose footer link stands there; None: no link does."""
