"""What an adapter says of itself: what it can do, where its data lives, how it is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from portal.adapters.contract.values import ErasureKind


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
    """Of ``set_address`` (see `SetsAddress`), ``set_frequency`` (see `SetsFrequency`), ``pause``
    (see `Pauses`), ``put_back`` (see `PutsBack`), ``set_link`` (see `SetsLink`),
    ``changes_since``, …"""
    frequencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Purpose id → ids of the frequencies that it can set; goes with ``set_frequency``."""
    pauses: frozenset[str] = frozenset()
    """Purpose ids that it can pause by itself; goes with ``pause``."""
    links: frozenset[str] = frozenset()
    """Purpose ids whose footer link has a field of its own; goes with ``set_link``."""
    links_at_once: int = 1
    """So many of them are taken by one call of ``set_links``."""


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
