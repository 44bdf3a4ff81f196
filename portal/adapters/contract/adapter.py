"""The calls of an adapter, and those that it may have besides."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from portal.adapters.contract.declared import (
    AdapterSettings,
    Capabilities,
)
from portal.adapters.contract.values import (
    Change,
    ConsentState,
    Erasure,
    Evidence,
    FieldInfo,
    Linked,
    LinkToSet,
    Outcome,
    Record,
    Ref,
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
class Pauses(Protocol):
    """What an adapter can do besides, whose ``optional`` capabilities name ``pause``."""

    def pause(self, ref: Ref, purpose: str, until: datetime, *, key: str) -> Outcome:
        """Send nothing before this moment (UTC), and go on by itself from then on.

        A system that keeps days goes on when that day begins. It starts and stops nothing: what is
        off stays off, and of what is paused already this is the new end. While it lasts,
        `Adapter.read` gives ``granted=False`` with ``paused_until``; `Adapter.set_consent` ends it,
        whichever way it decides. ``capabilities.pauses`` names the purposes.
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


@runtime_checkable
class SetsLink(Protocol):
    """What an adapter can do whose ``capabilities.optional`` names ``set_link``.

    For templates that print the footer link: ``capabilities.links`` names the mailings that have a
    field for theirs.
    """

    def links(self) -> Iterator[Linked]:
        """All records with the links they hold, paged, in constant memory, as `Adapter.scan`.

        Those without an address too, if a field of theirs holds a link: that one must go.
        """

    def set_links(self, links: Sequence[LinkToSet], *, key: str) -> Sequence[Outcome | None]:
        """Put the links into their fields, and touch nothing else.

        It is no change of the subscriber's: neither the record's version nor the time of its last
        change moves, and what she began to correct before it is no conflict after it.

        Args:
            links: At most ``capabilities.links_at_once``.
            key: See `Adapter`; of the whole call.

        Returns:
            For each, in this order, what was done; None: nothing was, for the record is gone, or
            its address is no longer the one that was ``seen``.

        Raises:
            Refused: A field will not take its link. None of them was written then.
            Unsupported: One is of a purpose without a field.
        """


@runtime_checkable
class PutsBack(Protocol):
    """What an adapter can do whose ``capabilities.optional`` names ``put_back``."""

    def put_back(
        self, ref: Ref, purpose: str, before: ConsentState, evidence: Evidence, *, key: str
    ) -> Outcome:
        """A stop is taken back within minutes: as before, with the evidence that stood there.

        That is no new consent, so the date, source and words of the old one are the proof. A CRM
        that keeps a history adds to it, with this ``evidence``, instead of writing it anew.

        Args:
            ref: The record.
            purpose: Of `Capabilities.consents`.
            before: What `read` gave before the stop; granted.
            evidence: Of the taking back.
            key: The idempotency key.
        """


Registry = Mapping[str, Adapter]
"""Adapters by name, in the order of the configuration."""


def that_sets_address(adapter: Adapter) -> SetsAddress | None:
    """The same adapter, if it can write addresses; None: a person has to do that."""
    can = "set_address" in adapter.capabilities.optional
    return adapter if can and isinstance(adapter, SetsAddress) else None


def that_pauses(adapter: Adapter) -> Pauses | None:
    """The same adapter, if it can pause mailings by itself; None: it only knows on and off."""
    can = "pause" in adapter.capabilities.optional
    return adapter if can and isinstance(adapter, Pauses) else None


def that_sets_link(adapter: Adapter) -> SetsLink | None:
    """The same adapter, if it has fields for footer links; None: it has none."""
    can = "set_link" in adapter.capabilities.optional
    return adapter if can and isinstance(adapter, SetsLink) else None


def that_puts_back(adapter: Adapter) -> PutsBack | None:
    """The same adapter, if it can put a consent back; None: it is given once more."""
    can = "put_back" in adapter.capabilities.optional
    return adapter if can and isinstance(adapter, PutsBack) else None
