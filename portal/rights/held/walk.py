"""Walking through a whole CRM in constant memory, to find the few records of certain people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from portal.adapters.contract import Adapter, Ref
from portal.domain.addresses import Email
from portal.store.hashing import Hasher
from portal.store.search import Sought, search

PAGE = 2000
"""Records that are looked up at once."""

T = TypeVar("T")
Progress = Callable[[int], None]
"""Told after every page how many records were seen so far."""


class Hit(NamedTuple, Generic[T]):
    """One record of somebody who is looked for."""

    ref: Ref
    email: Email
    known: T


class Held(Generic[T]):
    """A few people who are looked for, all held in memory."""

    def __init__(self, held: Mapping[bytes, T]) -> None:
        self.held = held

    def among(self, digests: Sequence[bytes]) -> Mapping[bytes, T]:
        """Those that have one of these digests."""
        return {} if self.held.keys().isdisjoint(digests) else self.held


def walk(
    adapter: Adapter, hasher: Hasher, sought: Sought[T], expected: int | None
) -> Iterator[tuple[int, list[Hit[T]]]]:
    """Go through all records: for each page how many it had, and those that are looked for.

    Args:
        adapter: The system.
        hasher: Makes the keyed hashes that people are found by.
        sought: Who is looked for.
        expected: How many records there were last time.

    Raises:
        AdapterError: The system could not be asked, or not any more.
    """
    for page in search(_pages(adapter), hasher, sought, begin_with=expected):
        yield (
            len(page.keys),
            [
                Hit(Ref(adapter.name, page.keys[place]), Email.parse(page.texts[place]), known)
                for place, known in (page.found or {}).items()
            ],
        )


def _pages(adapter: Adapter) -> Iterator[tuple[list[str], list[str]]]:
    """Keys and addresses, page by page.

    Bare texts, appended one by one: a page of references and pairs would cost a third more, most of
    it in the search for garbage.
    """
    keys: list[str] = []
    texts: list[str] = []
    for ref, text in adapter.scan():
        keys.append(ref.key)
        texts.append(text)
        if len(keys) == PAGE:
            yield keys, texts
            keys, texts = [], []
    if keys:
        yield keys, texts
