"""The CRM under test as its own users reach it, and the sentences that tests are made of."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

import pytest

from portal.adapters.contract import (
    Adapter,
    Change,
    Evidence,
    Outcome,
    Pauses,
    Record,
    Ref,
    Scalar,
    SetsFrequency,
)

Samples = tuple[Scalar, Scalar, Scalar]
ADDRESS = "wilma.jansen@example.org"
OTHER = "piet@example.org"
UNKNOWN = "no_such_thing"
PAUSED_UNTIL = datetime(2037, 4, 2, 2, tzinfo=UTC)
"""To come, and a moment that 32 bits hold."""
EVIDENCE = Evidence(
    at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    source="portal",
    wording="Yes, send me the newsletter.",
    wording_version="2",
    locale="en",
)


class Crm(ABC):
    """An empty CRM for one test, and the way to it past the adapter.

    Args:
        adapter: the adapter, connected to this CRM.
        samples: for each writable field three different values that the CRM can hold: what is
            there, what the subscriber makes of it, what a colleague makes of it.
    """

    def __init__(self, adapter: Adapter, samples: Mapping[str, Samples]) -> None:
        self.adapter = adapter
        self.samples = samples

    @abstractmethod
    def add(self, email: str) -> Ref:
        """Make a record with this address.

        It has the first sample in each field, and data of every category that an erasure is about.
        """

    @abstractmethod
    def change(self, ref: Ref, field: str, value: Scalar) -> None:
        """Write one field, as a colleague would."""

    @abstractmethod
    def remove(self, ref: Ref) -> None:
        """Take the record away, with all that belongs to it."""

    def is_restricted(self, ref: Ref) -> bool:
        """Is the record marked as restricted? Needed when the adapter can restrict."""
        raise NotImplementedError("override is_restricted")

    def travel(self, day: date) -> bool:
        """Let it be noon of this day for the adapter; False: its clock cannot be moved.

        Needed when an erasure keeps something for a time (`Retained.first`), or it pauses mailings.
        """
        del day
        return False

    def settle(self) -> None:  # noqa: B027  only a CRM that does things later needs it
        """Wait until the CRM has done what it said it would do later."""


class Contract:
    """What all parts of the suite share."""

    @pytest.fixture
    def crm(self) -> Crm:
        """An empty CRM with its adapter; override this."""
        raise NotImplementedError("override the fixture crm")

    @pytest.fixture(autouse=True)
    def _closed_afterwards(self, crm: Crm) -> Iterator[None]:
        yield
        crm.adapter.close()


def read(crm: Crm, ref: Ref) -> Record:
    """The record, which must be there."""
    record = crm.adapter.read(ref)
    assert record is not None, "the record is gone"
    return record


def everything(crm: Crm, ref: Ref) -> tuple[object, ...] | None:
    """All that is read of a record, to compare before and after; None when it is gone."""
    one = crm.adapter.read(ref)
    if one is None:
        return None
    consents = {
        purpose: (
            state.granted,
            state.at,
            state.source,
            state.wording,
            state.frequency,
            state.paused_until,
        )
        for purpose, state in one.consents.items()
    }
    links = dict(one.links)
    return one.email, dict(one.values), consents, one.version, one.changed_at, one.locale, links


def changes(crm: Crm) -> list[Change]:
    """From the first sample to the second, in every field."""
    return [Change(field, one, two) for field, (one, two, _) in crm.samples.items()]


def write(crm: Crm, ref: Ref) -> Outcome:
    """Write all `changes`; for one record always with the same idempotency key."""
    outcome = crm.adapter.write(ref, changes(crm), key=f"write-{ref.key}")
    crm.settle()
    return outcome


def consent(crm: Crm, ref: Ref, purpose: str, granted: bool, key: str) -> Outcome:
    """Record a consent or its withdrawal."""
    outcome = crm.adapter.set_consent(ref, purpose, granted, EVIDENCE, key=key)
    crm.settle()
    return outcome


def paused(crm: Crm, ref: Ref, purpose: str, key: str, until: datetime = PAUSED_UNTIL) -> Outcome:
    """Pause a mailing."""
    assert isinstance(crm.adapter, Pauses)
    outcome = crm.adapter.pause(ref, purpose, until, key=key)
    crm.settle()
    return outcome


def frequent(crm: Crm, ref: Ref, purpose: str, frequency: str, key: str) -> Outcome:
    """Set how often."""
    assert isinstance(crm.adapter, SetsFrequency)
    outcome = crm.adapter.set_frequency(ref, purpose, frequency, key=key)
    crm.settle()
    return outcome
