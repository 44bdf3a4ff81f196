"""The register: the record of processing (Art. 30 GDPR) that also explains every page.

Activities hold purposes and fields; what an activity says (ground, retention, recipients,
transfers) holds for its fields unless a field says otherwise. Texts are per language. This module
is the shape and the rules between the parts; `portal.domain.register_file` reads it from TOML and
says the line where something is wrong.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from portal.domain.complaints import Misfit
from portal.domain.kinds import Kind, complaints_of
from portal.domain.register_misfits import misfits
from portal.domain.register_parts import (
    CardPart,
    Elsewhere,
    Frequency,
    Group,
    Id,
    Language,
    Part,
    Recipient,
    Text,
    Transfer,
    Words,
    in_language,
)

__all__ = [
    "Activity",
    "Category",
    "Elsewhere",
    "Explanation",
    "FieldEntry",
    "Frequency",
    "Ground",
    "Group",
    "Id",
    "Kind",
    "Language",
    "Part",
    "Purpose",
    "Recipient",
    "Register",
    "Text",
    "Transfer",
    "in_language",
]


class Ground(StrEnum):
    """Why processing is lawful: Art. 6(1) GDPR, and the existing-customer exception."""

    CONSENT = "consent"  # (a)
    CONTRACT = "contract"  # (b)
    LEGAL_DUTY = "legal_duty"  # (c)
    VITAL_INTEREST = "vital_interest"  # (d)
    PUBLIC_TASK = "public_task"  # (e)
    LEGITIMATE_INTEREST = "legitimate_interest"  # (f)
    CUSTOMER = "customer"  # Art. 13(2) Directive 2002/58/EC; Tw 11.7(3)


class Explanation(Part):
    """What can be said of an activity as a whole, and again, otherwise, of one of its fields."""

    why: Text | None = None
    """Why it is held, in the subscriber's words."""
    ground: Ground | None = None
    retention: Text | None = None
    """How long, and from when."""
    retention_law: Text | None = None
    """The law that prescribes it, where one does."""
    recipients: tuple[Recipient, ...] | None = None
    transfers: tuple[Transfer, ...] | None = None
    source: Text | None = None
    """Where it came from (Art. 14(2)(f), 15(1)(g))."""


class Activity(Explanation):
    """One processing activity, the unit of Art. 30."""

    id: Id
    name: Text
    why: Text
    ground: Ground
    retention: Text
    automated: Text | None = None
    """What is decided about her by a computer alone: by what logic, and what that means for her
    (Art. 15(1)(h) and 22). Left out: nothing is."""


class FieldEntry(Explanation):
    """One datum of a subscriber; its ``id`` is what the adapters map their columns to.

    ``tier``: 0 consent and objection, 1 contact data (a mailbox suffices), 2 needs more than a
    mailbox. A field that says nothing is of tier 2.
    """

    id: Id
    activity: Id
    label: Text
    category: Id
    """The category of data it belongs to: what an erasure decides on."""
    kind: Kind = Kind.TEXT
    tier: int = Field(default=2, ge=0, le=2)
    shown: bool = True
    editable: bool = False
    replaceable: bool = False
    """Of tier 2: she may type a new value without being shown the one that is held."""
    together: Id | None = None
    """Replaceable fields with the same word here are replaced all or none, such as an address."""
    may_be_empty: bool = False
    """Of those: may be left empty, and is emptied then."""
    exported: bool = True
    required: bool = False
    max_length: int = Field(default=200, ge=1, le=10_000)
    columns: Mapping[Id, Text] = Field(default_factory=dict)
    """For kind ``rows``: column id → label, in the order shown."""
    options: Mapping[Words, Text] = Field(default_factory=dict)
    """For kind ``choice``: the value → its label, in the order offered."""
    languages: tuple[Language, ...] = ()
    """For kind ``language``: the codes that can be chosen."""
    past: bool = False
    """For kind ``date``: a day that has been, as somebody's birth."""
    not_for_sign_in: bool = False
    """For kind ``email``: another address than the one she signs in by."""
    given: bool = True
    """Given by or observed of the subscriber, hence portable (Art. 20); False if inferred."""
    knows: bool = False
    """Only she herself knows it, such as the number on a card: it tells people apart who share a
    mailbox. Nobody can change it by herself, and it is never shown before."""
    vcard: CardPart | None = None
    """Which part of a contact card it is; for what its kind does not tell."""

    @model_validator(mode="after")
    def _kind_and_tier_fit(self) -> Self:
        complaints = list(complaints_of(self))
        if complaints:
            raise Misfit(complaints)
        return self


class Purpose(Part):
    """What data is used for and can be stopped: consents, and mailings by exception."""

    id: Id
    activity: Id
    group: Id | None = None
    """The heading that it shares with others, as topics of one thing."""
    label: Text
    description: Text
    ground: Ground = Ground.CONSENT
    mailing: bool = True
    """Does it send something?"""
    third_party: bool = False
    """Does it hand data to others for their own ends? What a browser signals (`Sec-GPC`) stops
    it."""
    profiling: bool = False
    """Is it profiling for direct marketing? Who objects to that objects to this as well
    (Art. 21(2))."""
    wording: Text
    """The text that consent is given to, or that is objected to."""
    wording_version: str = Field(default="1", min_length=1, max_length=32)
    frequencies: tuple[Frequency, ...] = ()
    """How often it can come, in order: each later one is less."""


class Category(Part):
    """A category of data: what the review of an erasure decides on, one line each."""

    id: Id
    label: Text


class Register(Part):
    """The whole register. ``fields`` and ``purposes`` keep the order in which they are shown."""

    activities: tuple[Activity, ...] = Field(min_length=1)
    categories: tuple[Category, ...] = Field(min_length=1)
    fields: tuple[FieldEntry, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    def activity(self, id: str) -> Activity:
        """:raises KeyError: there is none of this id."""
        return _by_id(self.activities, id)

    def field(self, id: str) -> FieldEntry:
        """:raises KeyError: there is none of this id."""
        return _by_id(self.fields, id)

    def purpose(self, id: str) -> Purpose:
        """:raises KeyError: there is none of this id."""
        return _by_id(self.purposes, id)

    def group(self, id: str) -> Group:
        """:raises KeyError: there is none of this id."""
        return _by_id(self.groups, id)

    def category(self, id: str) -> Category:
        """:raises KeyError: there is none of this id."""
        return _by_id(self.categories, id)

    def explain(self, field: FieldEntry) -> Explanation:
        """What holds for a field: its own words, else those of its activity."""
        activity = self.activity(field.activity)
        return Explanation(
            **{
                name: own if (own := getattr(field, name)) is not None else getattr(activity, name)
                for name in Explanation.model_fields
            }
        )

    @property
    def editable(self) -> tuple[FieldEntry, ...]:
        """The fields a subscriber may correct, or replace without being shown what they hold."""
        return tuple(field for field in self.fields if field.editable or field.replaceable)

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Every text with the path that leads to it, to check that no language is missing."""
        yield from _texts(self, "")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        found = misfits(self.model_dump())
        if found:
            raise Misfit(found)
        return self


_P = TypeVar("_P", Activity, FieldEntry, Purpose, Category, Group)


def _by_id(parts: tuple[_P, ...], id: str) -> _P:
    for part in parts:
        if part.id == id:
            return part
    raise KeyError(id)


def _texts(part: object, path: str) -> Iterator[tuple[str, Text]]:
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _texts(getattr(part, name), f"{path}.{name}" if path else name)
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _texts(item, f"{path}.{index}")
    elif isinstance(part, Mapping) and part:  # what may be left out and was says nothing
        if all(isinstance(value, str) for value in part.values()):
            yield path, part
        else:
            for key, value in part.items():
                yield from _texts(value, f"{path}.{key}")
