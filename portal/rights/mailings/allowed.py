"""May it be done now? One purpose for one person, by all that is known of her."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.adapters.contract import ConsentState
from portal.consent.record import Decision
from portal.domain.register import Purpose
from portal.rights.held.holdings import Holdings
from portal.rights.mailings.decide import standing_of
from portal.rights.requests.not_to_be_used import ErasureOf, ErasureState


class Because(StrEnum):
    """Why nothing may be sent."""

    ERASED = "erased"
    """She was erased, or is about to be."""
    ERASURE_WAITS = "erasure_waits"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"
    """No system holds a record of this address."""
    UNCERTAIN = "uncertain"
    """A system that could say otherwise did not answer: ask again."""
    STOPPED = "stopped"
    """She said no, and nothing shows that a yes came after it."""
    NOT_GIVEN = "not_given"
    """It needs a consent, and there is none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one purpose stands. ``allowed`` is the one thing to obey."""

    purpose: Purpose
    allowed: bool
    because: Because | None
    """None: it is allowed."""
    since: datetime | None
    """Since when it stands so, as far as that is known."""
    certain: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What the portal's own records say of her."""

    decisions: Mapping[str, Decision]
    erasure: ErasureOf | None
    restricting: bool
    gone: Mapping[str, ErasureOf]
    """Of several people under the address, those who were erased: by their own subject."""


NOTHING_DECIDED = Decided({}, None, restricting=False, gone={})


def answer(purpose: Purpose, held: Holdings, decided: Decided, *, restricted: bool) -> Answer:
    """How one purpose stands; ``restricted``: her data is kept and not used."""
    own = decided.decisions.get(purpose.id)
    standing = standing_of(purpose, held, own)
    # Whoever may have restricted her has to have said that it has not.
    marks = [name for name in held.away if held.adapters[name].capabilities.restrict]
    certain = standing.certain and not marks and (held.anything or not held.away)
    words = _words(purpose, held, own)
    no = _standing_no(words)
    because = _forbids_all(held, decided, restricted=restricted)
    if because is None and no:
        because = Because.STOPPED
    elif because is None and not certain:
        because = Because.UNCERTAIN
    elif because is None and not standing.on:
        because = Because.NOT_GIVEN
    return Answer(
        purpose=purpose,
        allowed=because is None,
        because=because,
        since=_latest([_said_at(word) for word in no]) if no else standing.since,
        certain=certain,
    )


def _forbids_all(held: Holdings, decided: Decided, *, restricted: bool) -> Because | None:
    """What forbids everything at once."""
    if decided.erasure is not None:
        waits = decided.erasure.state is ErasureState.WAITS
        return Because.ERASURE_WAITS if waits else Because.ERASED
    if restricted:
        return Because.RESTRICTED
    if not held.anything:
        return Because.UNCERTAIN if held.away else Because.UNKNOWN
    return None


_Word = ConsentState | Decision


def _words(purpose: Purpose, held: Holdings, own: Decision | None) -> list[_Word]:
    """Every yes and no about a purpose: of each record, and the portal's own latest."""
    said: list[_Word] = [
        state
        for _name, record in held.each()
        if (state := record.consents.get(purpose.id)) and state.granted is not None
    ]
    return said if own is None else [*said, own]


def _standing_no(words: Sequence[_Word]) -> list[_Word]:
    """The noes after which no yes is known to have come.

    So a withdrawal that has not reached the system yet counts, or one that a back-up or an import
    has undone there; and an opt-in of later, on the company's own form, is believed.
    """
    yes = _latest([word.at for word in words if word.granted])
    return [
        word
        for word in words
        if not word.granted
        and not (yes is not None and (at := _said_at(word)) is not None and yes > at)
    ]


def _said_at(word: _Word) -> datetime | None:
    """When it was said; None: nobody knows. What a system pauses is dated by its yes, if at all."""
    is_pause = isinstance(word, ConsentState) and word.paused_until is not None
    return None if is_pause else word.at


def _latest(times: Sequence[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
