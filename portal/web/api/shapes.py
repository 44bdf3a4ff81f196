"""What goes in and out, as shapes: they check what is sent, and describe themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar

from flask import Response, abort, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal.domain.register import Ground
from portal.rights.mailings.allowed import Because
from portal.rights.requests.feed_told import Kind
from portal.rights.requests.not_to_be_used import ErasureState
from portal.web.problems import problem

MOST_ASKED = 100
MOST_LINKS = 500
COMPLAINTS = 20
"""So many faults of a body are named."""


class Shape(BaseModel):
    """Strict: nothing unknown, nothing bent to fit, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Who(Shape):
    """A person: by her e-mail address, or by a record in a connected system."""

    email: Annotated[str, Field(max_length=508)] | None = None
    ref: Annotated[str, Field(max_length=300)] | None = Field(
        default=None, description="`<adapter>:<key>`, the key being the system's own."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.email is None) == (self.ref is None):
            raise ValueError("give email or ref, and not both")
        return self


class ConsentsAsked(Shape):
    """About whom."""

    asked: Annotated[list[Who], Field(min_length=1, max_length=MOST_ASKED)]


class PurposeTold(Shape):
    """How one purpose stands for one person."""

    purpose: str = Field(description="The id of the purpose in the register.")
    mailing: bool = Field(description="Does it send something?")
    ground: Ground
    allowed: bool = Field(description="May it be done now? The one thing to obey.")
    because: Because | None = Field(description="Why not; null where it is allowed.")
    since: datetime | None = Field(description="Since when it stands so, where that is known.")
    certain: bool = Field(description="false: a system that could say otherwise did not answer.")


class ErasureTold(Shape):
    """An erasure of hers."""

    state: ErasureState
    at: datetime = Field(description="The moment it waits for, or counts from.")


class PersonTold(Shape):
    """How everything stands for one person."""

    error: Literal["no_such_system", "not_an_address"] | None = Field(
        description="The question could not be asked; then nothing is allowed."
    )
    known: bool | None = Field(
        description="Does a system hold a record? null: one did not answer, the others do not."
    )
    away: list[str] = Field(description="The systems that did not answer.")
    restricted: bool = Field(description="Kept, and not to be used (Art. 18 GDPR).")
    erasure: ErasureTold | None
    purposes: list[PurposeTold]


class ConsentsTold(Shape):
    """The answers, in the order of the questions."""

    answers: list[PersonTold]


class FeedEntryTold(Shape):
    """One decision, and whose."""

    kind: Kind
    at: datetime = Field(description="When it was taken down.")
    due_at: datetime | None = Field(description="Until when it waits.")
    email: str = Field(
        description="As the connected system has it; of a change of address, the old one."
    )
    new_email: str | None = Field(
        description="Of `address_changed`: the address that is hers now; else null."
    )
    purposes: list[str] = Field(
        description="What it is about, of this site; empty: everything at once."
    )
    what: Kind | None = Field(
        description="Of `one_of_several`: what she has decided, as another entry's kind; else null."
    )
    refs: list[str] | None = Field(
        description="Of `one_of_several`: her records, as `<adapter>:<key>`, as far as known; "
        "else null, and it is about the whole address."
    )


class FeedTold(Shape):
    """A part of the feed, oldest first."""

    entries: list[FeedEntryTold]
    cursor: str = Field(description="Ask with this next time.")
    more: bool = Field(description="There is more already.")


class LinkAsked(Who):
    """A footer link of one person for one mailing."""

    purpose: Annotated[str, Field(max_length=48)]


class LinksAsked(Shape):
    """Whose links, and for which mailings."""

    links: Annotated[list[LinkAsked], Field(min_length=1, max_length=MOST_LINKS)]


class LinkTold(Shape):
    """One link, or why there is none."""

    error: Literal["no_such_system", "not_an_address", "unknown", "away", "no_such_mailing"] | None
    url: str | None


class LinksTold(Shape):
    """The links, in the order asked."""

    links: list[LinkTold]


class HandoffTold(Shape):
    """Where she goes on."""

    url: str = Field(description="Send her browser there at once: it works once, for one minute.")
    expires_at: datetime


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: Literal["about:blank"]
    title: str
    status: int
    code: str = Field(description="For the program.")
    detail: str = Field(description="For who reads its log; in English, and never with a value.")


S = TypeVar("S", bound=Shape)


def sent(shape: type[S]) -> S:
    """The body, as this shape; answers 415 or 422 when it is none."""
    if request.mimetype != "application/json":
        abort(problem(415, detail="The body must be application/json."))
    try:
        return shape.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        faults = [
            {"where": _place(shape, fault["loc"]), "what": fault["type"]}
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        detail = "The body has not the shape it must have."
        abort(problem(422, "shape", detail, faults=faults[:COMPLAINTS]))


def _place(shape: type[Shape], where: Sequence[int | str]) -> list[int | str]:
    """Where a fault is. What is not ours is left out: even the name of a field may be a value."""
    ours = {*shape.model_fields, *LinkAsked.model_fields}
    return [one if isinstance(one, int) or one in ours else "?" for one in where]


def told(shape: Shape, status: int = 200) -> Response:
    """The answer."""
    return Response(shape.model_dump_json(), status, content_type="application/json")
