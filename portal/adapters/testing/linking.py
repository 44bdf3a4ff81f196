"""An adapter that has fields for footer links writes those, and is otherwise as if it had not."""

from collections.abc import Iterable

import pytest

from portal.adapters.contract import (
    LinkToSet,
    Outcome,
    Ref,
    SetsLink,
    Unsupported,
    that_sets_address,
    that_sets_link,
)
from portal.adapters.testing.crm import (
    ADDRESS,
    OTHER,
    UNKNOWN,
    Contract,
    Crm,
    changes,
    consent,
    everything,
    read,
    write,
)

LINK = "https://privacy.example.org/u/" + "aB3-_" * 22
"""As long as those of common addresses."""
ANOTHER = LINK.replace("aB3", "zY9")


def put(
    crm: Crm, able: SetsLink, *wanted: tuple[Ref, str | None], seen: str = ADDRESS
) -> list[Outcome | None]:
    """Put these into the field of each mailing, as many at once as the adapter takes."""
    links = [
        LinkToSet(ref, seen, purpose, link)
        for ref, link in wanted
        for purpose in sorted(crm.adapter.capabilities.links)
    ]
    size, done = crm.adapter.capabilities.links_at_once, list[Outcome | None]()
    for start in range(0, len(links), size):
        done += able.set_links(links[start : start + size], key=f"links-{start}-{len(links)}")
    crm.settle()
    return done


def without_links(crm: Crm, ref: Ref) -> tuple[object, ...]:
    """Everything but the links, in the record as the CRM tells it."""
    *rest, _links = everything(crm, ref) or ()
    return tuple(rest)


def held(able: SetsLink, ref: Ref) -> set[str | None]:
    """What the fields of one record hold, as all records are listed."""
    listed = [one for one in able.links() if one.ref == ref]
    assert len(listed) <= 1, "a record was listed twice"
    return {link for one in listed for link in one.links.values()}


class LinkingContract(Contract):
    """``links`` and ``set_links``, or that there are none."""

    def test_what_is_said_of_links_is_so_or_they_are_unsupported(self, crm: Crm) -> None:
        can = crm.adapter.capabilities
        assert ("set_link" in can.optional) is bool(can.links)
        assert can.links_at_once >= 1
        able, ref = that_sets_link(crm.adapter), crm.add(ADDRESS)
        if able is None:
            if isinstance(crm.adapter, SetsLink):
                with pytest.raises(Unsupported):
                    list(crm.adapter.links())
                with pytest.raises(Unsupported):
                    crm.adapter.set_links([LinkToSet(ref, ADDRESS, UNKNOWN, LINK)], key="1")
            return
        assert set(read(crm, ref).links) == can.links
        with pytest.raises(Unsupported):
            able.set_links([LinkToSet(ref, ADDRESS, UNKNOWN, LINK)], key="1")

    def test_a_link_is_put_read_back_listed_and_taken_away_and_nothing_else_changes(
        self, crm: Crm
    ) -> None:
        able = that_sets_link(crm.adapter)
        if able is None:
            return
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        before, untouched = without_links(crm, ref), everything(crm, other)
        for link in (LINK, ANOTHER, None):
            first = put(crm, able, (ref, link))
            assert set(first) <= {Outcome.DONE, Outcome.ASYNC}
            assert {*read(crm, ref).links.values()} == {link}
            assert held(able, ref) == {link}
            assert without_links(crm, ref) == before, "its version, or something else, was changed"
            assert everything(crm, other) == untouched, "another record was written"
            assert set(put(crm, able, (ref, link))) <= {Outcome.ALREADY, *first}
            assert without_links(crm, ref) == before

    def test_every_record_is_listed_once_with_its_address(self, crm: Crm) -> None:
        able = that_sets_link(crm.adapter)
        if able is None:
            return
        made = {crm.add(f"reader-{number}@example.org"): number for number in range(5)}
        listed = [(one.ref, one.email) for one in able.links()]
        assert len(listed) == len(made)
        assert dict(listed) == {ref: f"reader-{number}@example.org" for ref, number in made.items()}

    def test_what_she_began_to_correct_before_is_no_conflict_after(self, crm: Crm) -> None:
        able = that_sets_link(crm.adapter)
        if able is None:
            return
        ref = crm.add(ADDRESS)
        seen = changes(crm)
        put(crm, able, (ref, LINK))
        write(crm, ref)
        values = read(crm, ref).values
        assert {one.field: values[one.field] for one in seen} == {
            one.field: one.value for one in seen
        }
        for purpose in sorted(crm.adapter.capabilities.consents):
            put(crm, able, (ref, ANOTHER))
            consent(crm, ref, purpose, granted=False, key=purpose)
            assert not read(crm, ref).consents[purpose].granted
        assert {*read(crm, ref).links.values()} == {ANOTHER}, "a correction took the link away"

    def test_a_link_of_an_address_that_is_no_longer_there_is_not_put(self, crm: Crm) -> None:
        able = that_sets_link(crm.adapter)
        if able is None:
            return
        ref, gone = crm.add(ADDRESS), crm.add(ADDRESS)
        crm.remove(gone)
        before = everything(crm, ref)
        assert _all_are_none(put(crm, able, (ref, LINK), seen="somebody.else@example.org"))
        assert _all_are_none(put(crm, able, (gone, LINK)))
        assert everything(crm, ref) == before
        assert crm.adapter.read(gone) is None
        moving = that_sets_address(crm.adapter)
        if moving is not None:
            moving.set_address(ref, ADDRESS, OTHER, key="move")
            crm.settle()
            assert _all_are_none(put(crm, able, (ref, LINK)))

    def test_after_an_erasure_no_link_is_left_and_none_is_put(self, crm: Crm) -> None:
        able = that_sets_link(crm.adapter)
        if able is None or crm.adapter.capabilities.erase is None:
            return
        ref = crm.add(ADDRESS)
        put(crm, able, (ref, LINK))
        crm.adapter.erase(ref, key="erase")
        crm.settle()
        assert crm.adapter.erased(ref)
        assert held(able, ref) <= {None}
        assert _all_are_none(put(crm, able, (ref, LINK)))
        assert held(able, ref) <= {None}


def _all_are_none(outcomes: Iterable[Outcome | None]) -> bool:
    return set(outcomes) == {None}
