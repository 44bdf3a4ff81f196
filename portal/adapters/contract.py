"""The adapter contract, version 1: all that a plugin for a CRM imports from the portal.

An adapter is a class, found by the entry-point group ``portal.adapters``, whose ``Settings`` model
validates its section of ``portal.toml``. It reads and writes one CRM and knows nothing of requests,
sessions or the law: it says what the CRM holds, does what it is told, and tells truthfully what
happened. `portal.adapters.testing.AdapterContract` is the test suite that it must pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

CONTRACT_VERSION = 1

Scalar = str | int | float | Decimal | bool | date | datetime | None
Row = Mapping[str, Scalar]
Value = Scalar | Sequence[Row]
"""A field's value: one scalar, or for a field of kind ``rows`` a sequence of rows."""


# --- what adapters raise -----------------------------------------------------------------------


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


# --- what goes in and out ----------------------------------------------------------------------


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
    """None: the CRM has no record either way."""
    at: datetime | None = None
    source: str | None = None
    wording: str | None = None
    frequency: str | None = None
    """How often, where the CRM holds that: the id of one of the register's frequencies."""


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


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter instance, as configured, holds and can do. Known without asking the CRM."""

    fields: frozenset[str] = frozenset()
    """Field ids it reads."""
    writable: frozenset[str] = frozenset()
    """Field ids it can write."""
    consents: frozenset[str] = frozenset()
    """Purpose ids whose consent the CRM holds."""
    restrict: bool = False
    erase: ErasureKind | None = None
    categories: frozenset[str] = frozenset()
    """Categories of data that its erasure removes or keeps."""
    idempotent: bool = False
    """Does the CRM itself honour idempotency keys?"""
    optional: frozenset[str] = frozenset()
    """Of ``set_address`` (see `SetsAddress`), ``set_frequency`` (see `SetsFrequency`),
    ``set_link``, ``changes_since``, …"""
    frequencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Purpose id → ids of the frequencies that it can set; goes with ``set_frequency``."""


class Location(BaseModel):
    """Where an adapter's data lives: for the overview, the statement and Art. 30(1)(d)-(e)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: str = Field(description="The legal entity that hosts it.")
    hosting: str = Field(
        description="Country of hosting, ISO 3166-1 alpha-2.", pattern="^[A-Z]{2}$"
    )
    backup: str | None = Field(
        default=None, description="Country of the back-ups.", pattern="^[A-Z]{2}$"
    )


class AdapterSettings(BaseModel):
    """The part of an adapter's settings that every adapter has; subclasses add their own."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    adapter: str = Field(description="The entry point's name, e.g. `sql`.")
    label: dict[str, str] = Field(description="What subscribers call this system, per language.")
    location: Location
    per_second: float | None = Field(
        default=None, gt=0, description="Deliveries a second, at most; left out: as they come."
    )
    burst: int = Field(
        default=1, ge=1, description="Deliveries that may follow each other at once after a rest."
    )
    shadow_until: date | None = Field(
        default=None,
        description="Up to and including this day everything is read and nothing is written.",
    )
    restart: Literal["by_itself", "ask"] = Field(
        default="by_itself",
        description="When a break is over, is mail started again by itself, or is she asked first? "
        "`ask` where it wants its own confirmation of whoever comes back.",
    )
    queued_mail_hours: int | None = Field(
        default=None,
        ge=0,
        le=720,
        description="So long after a stop it may still send what was in its queue already; left "
        "out: it does not say.",
    )
    brake_share: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="This share of its records may be erased or stopped within an hour; what would "
        "be more waits for a person.",
    )
    brake_floor: int = Field(
        default=25, ge=1, description="So many within an hour are always let through."
    )


@runtime_checkable
class Adapter(Protocol):
    """One connected CRM.

    ``key`` is an idempotency key, made before the first attempt and never again: a call that is
    repeated with it has no second effect. Every method may raise any `AdapterError`; instances are
    used by several threads at once.
    """

    Settings: ClassVar[type[AdapterSettings]]
    proven: ClassVar[bool]
    """Was it tested against a real server, rather than built from a description?"""

    name: str
    settings: AdapterSettings
    capabilities: Capabilities

    def __init__(self, name: str, settings: Any) -> None: ...

    def ping(self) -> None:
        """Return if the CRM is there and its schema fits the settings; raise otherwise."""

    def find(self, email: str) -> list[Ref]:
        """Candidates for this address; the caller compares each record's own address."""

    def read(self, ref: Ref) -> Record | None:
        """Everything that is mapped of one record, read now; None when it is gone."""

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        """Write all the changes or none. Raises `Conflict` when a seen value is no longer there."""

    def set_consent(
        self, ref: Ref, purpose: str, granted: bool, evidence: Evidence, *, key: str
    ) -> Outcome:
        """Record that consent for a purpose is given or withdrawn."""

    def restrict(self, ref: Ref, on: bool, *, key: str) -> Outcome:
        """Mark or unmark the record as restricted (Art. 18 GDPR)."""

    def erase(self, ref: Ref, *, key: str) -> Erasure:
        """Erase what may be erased. Repeating it on an erased record returns the same result.

        Of what has to be kept it removes what need not be kept any more: at once, and when it is
        called again after the day that `Retained.first` told.
        """

    def erasure_plan(self, ref: Ref) -> Erasure:
        """What `erase` would do to this record now, for the review before it. Changes nothing."""

    def erased(self, ref: Ref) -> bool:
        """Read back: is nothing left of what `erase` says it removes?"""

    def fields(self) -> list[FieldInfo]:
        """What the CRM holds, mapped or not."""

    def scan(self) -> Iterator[tuple[Ref, str]]:
        """All records with their address, paged, in constant memory."""

    def close(self) -> None:
        """Let go of connections; the instance is not used afterwards."""


@runtime_checkable
class SetsFrequency(Protocol):
    """What an adapter can do besides, whose ``optional`` capabilities name ``set_frequency``."""

    def set_frequency(self, ref: Ref, purpose: str, frequency: str, *, key: str) -> Outcome:
        """Send so often from now on. It neither starts nor stops anything: what is off stays off.

        ``frequency`` is one of the ids that ``capabilities.frequencies`` names for this purpose.
        """


@runtime_checkable
class SetsAddress(Protocol):
    """What an adapter can do whose ``capabilities.optional`` names ``set_address``."""

    def set_address(self, ref: Ref, seen: str, address: str, *, key: str) -> Outcome:
        """Write the address that the record is found by, and everything that hangs on it.

        Raises `Conflict` when the record's own address is no longer ``seen``, as `Record.email` has
        given it, and nothing was written then; `Refused` when the CRM will not have this address
        twice. An address that is there already is `Outcome.ALREADY`.
        """


Registry = Mapping[str, Adapter]
"""Adapters by name, in the order of the configuration."""


def that_sets_address(adapter: Adapter) -> SetsAddress | None:
    """The same adapter, if it can write addresses; None: a person has to do that."""
    can = "set_address" in adapter.capabilities.optional
    return adapter if can and isinstance(adapter, SetsAddress) else None
