"""An adapter writes all of it or nothing, once, and never over what nobody saw."""

import pytest

from portal.adapters.contract import AdapterError, Change, Conflict, Outcome, Refused, Unsupported
from portal.adapters.testing.crm import (
    ADDRESS,
    OTHER,
    UNKNOWN,
    Contract,
    Crm,
    changes,
    everything,
    read,
    write,
)


class WritingContract(Contract):
    """Write and restrict."""

    def test_all_writable_fields_are_written_together_and_read_back(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        untouched = everything(crm, other)
        outcome = write(crm, ref)
        assert (outcome == Outcome.ALREADY) is (not crm.samples)
        wanted = {field: two for field, (_, two, _) in crm.samples.items()}
        assert {field: read(crm, ref).values[field] for field in wanted} == wanted
        assert everything(crm, other) == untouched, "another record was written"

    def test_each_field_is_written_by_itself_and_no_other_changes(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        expected = dict(read(crm, ref).values)
        for field, (one, two, _) in crm.samples.items():
            crm.adapter.write(ref, [Change(field, one, two)], key=field)
            crm.settle()
            expected[field] = two
            assert read(crm, ref).values == expected

    def test_a_write_that_is_repeated_has_no_second_effect(self, crm: Crm) -> None:
        """The first answer may have been lost; what was seen then is not what is there now."""
        ref = crm.add(ADDRESS)
        first = write(crm, ref)
        before = everything(crm, ref)
        assert write(crm, ref) in {first, Outcome.ALREADY}
        assert everything(crm, ref) == before

    def test_a_write_that_is_repeated_leaves_what_a_colleague_wrote_since(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        write(crm, ref)
        for field, (_, _, three) in crm.samples.items():
            crm.change(ref, field, three)
        before = everything(crm, ref)
        try:
            write(crm, ref)
        except AdapterError as error:
            assert isinstance(error, Conflict)  # noqa: PT017  no error would be right as well
        assert everything(crm, ref) == before

    def test_writing_what_is_there_already_changes_nothing(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        before = everything(crm, ref)
        same = [Change(field, one, one) for field, (one, _, _) in crm.samples.items()]
        assert crm.adapter.write(ref, same, key="same") == Outcome.ALREADY
        assert everything(crm, ref) == before

    def test_a_seen_value_that_was_changed_is_a_conflict_and_nothing_is_written(
        self, crm: Crm
    ) -> None:
        for number, (field, (_, _, three)) in enumerate(crm.samples.items()):
            ref = crm.add(f"reader-{number}@example.org")
            crm.change(ref, field, three)
            before = everything(crm, ref)
            with pytest.raises(Conflict) as conflict:
                write(crm, ref)
            assert conflict.value.fields == (field,)
            assert everything(crm, ref) == before, "a part of it was written"

    def test_a_field_that_cannot_be_written_is_unsupported_and_nothing_is_written(
        self, crm: Crm
    ) -> None:
        ref, can = crm.add(ADDRESS), crm.adapter.capabilities
        before = everything(crm, ref)
        for field in (UNKNOWN, *sorted(can.fields - can.writable)):
            with pytest.raises(Unsupported):
                crm.adapter.write(ref, [*changes(crm), Change(field, None, "x")], key=field)
        assert everything(crm, ref) == before, "a part of it was written"

    def test_a_record_that_is_gone_cannot_be_written_and_does_not_come_back(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        crm.remove(ref)
        with pytest.raises((Refused, Unsupported)):
            crm.adapter.write(ref, changes(crm) or [Change(UNKNOWN, None, "x")], key="gone")
        assert crm.adapter.read(ref) is None

    def test_a_record_is_restricted_and_freed_again_or_that_is_unsupported(self, crm: Crm) -> None:
        ref, other = crm.add(ADDRESS), crm.add(OTHER)
        if not crm.adapter.capabilities.restrict:
            with pytest.raises(Unsupported):
                crm.adapter.restrict(ref, on=True, key="on")
            return
        for on in (True, False):
            first = crm.adapter.restrict(ref, on, key=f"restrict-{on}")
            assert first in {Outcome.DONE, Outcome.ASYNC}
            crm.settle()
            assert crm.is_restricted(ref) is on
            record = crm.adapter.read(ref)
            assert record is not None
            assert record.restricted is on, "what was restricted cannot be read back"
            assert not crm.is_restricted(other), "another record was restricted"
            before = everything(crm, ref)
            assert crm.adapter.restrict(ref, on, key=f"restrict-{on}") in {first, Outcome.ALREADY}
            assert everything(crm, ref) == before
