"""The small parts of the register: texts per language, recipients, transfers, what is elsewhere."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from portal.domain.complaints import Misfit


def _per_language(text: object) -> object:
    if not isinstance(text, Mapping):
        # Pydantic takes a ValueError for a finding; a TypeError would be a crash.
        raise ValueError('must give the words per language: { nl = "…", en = "…" }')  # noqa: TRY004
    return text


Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[Mapping[Language, Words], Field(min_length=1), BeforeValidator(_per_language)]
"""Language code → words, e.g. ``{"nl": "Telefoon", "en": "Phone"}``."""


def in_language(text: Text, locale: str) -> str:
    """The words in this language, else in the first language given."""
    return text.get(locale) or next(iter(text.values()), "")


class Part(BaseModel):
    """Strict and frozen; an unknown key is an error, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Recipient(Part):
    """Who receives data, and what for (Art. 30(1)(d))."""

    name: Words
    role: Literal["internal", "processor", "controller", "authority"] = "processor"
    why: Text = Field(default_factory=dict)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    id: Id | None = None
    tell: bool = False
    """Does a person of yours tell them of an erasure, a correction or a restriction (Art. 19)? For
    those that no adapter connects; needs an ``id``, and the same one wherever they are named."""

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.tell and self.id is None:
            raise Misfit([(("id",), "is missing: a recipient that is told needs an id")])
        return self


class Transfer(Part):
    """Data that leaves the European Economic Area, and what guards it (Art. 30(1)(e))."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    to: Words
    safeguard: Text


class Group(Part):
    """A heading under which several purposes stand, and by which they are stopped together."""

    id: Id
    label: Text


class Elsewhere(Part):
    """A system with personal data that no adapter connects: named, so that nobody misses it."""

    id: Id
    label: Text
    what: Text
    """What is in it about people."""
    how: Text
    """How one asks for it, and how long that takes."""


class Frequency(Part):
    """How often a mailing can come."""

    id: Id
    label: Text


CardPart = Literal[
    "given",
    "additional",
    "family",
    "prefix",
    "suffix",
    "nickname",
    "org",
    "title",
    "street",
    "locality",
    "region",
    "postal_code",
    "country",
    "bday",
    "tel",
    "email",
    "lang",
]
"""Parts of a contact card (RFC 6350) that a field can be; several of ``street`` make one line."""
