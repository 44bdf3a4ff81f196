"""Walking through a whole CRM in constant memory, to find the few records of certain people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from portal.adapters.contract import Adapter, Ref
from portal.domain.addresses import Email
from portal.store.hashing import Hasher, hashed

PAGE = 2000
"""Records that are looked up at once."""

T = TypeVar("T")
Progress = Callable[[int], None]
"""Told after every page how many records were seen so far."""
Among = Callable[[Sequence[bytes]], Mapping[bytes, T]]
"""Those of some digests that are looked for, and what is known of each."""


class Hit(NamedTuple, Generic[T]):
    """One record of somebody who is looked for."""

    ref: Ref
    email: Email
    known: T


def walk(
    adapter: Adapter, hasher: Hasher, among: Among[T], expected: int | None
) -> Iterator[tuple[int, list[Hit[T]]]]:
    """Go through all records: for each page how many it had, and those that are looked for.

    Args:
        adapter: The system.
        hasher: Makes the keyed hashes that people are found by.
        among: Says which of them are looked for.
        expected: How many records there were last time.

    Raises:
        AdapterError: The system could not be asked, or not any more.
    """
    for batch in hashed(_pages(adapter), hasher, begin_with=expected):
        known = among(batch.digests)
        hits: dict[str, Hit[T]] = {}
        if known:
            for place, digest in enumerate(batch.digests):
                if digest in known:
                    key, text = batch.at(place)
                    hits[key] = Hit(Ref(adapter.name, key), Email.parse(text), known[digest])
        yield len(batch.things), [*hits.values()]


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
