"""No error, and no text that ends up in a log, holds a value."""

from collections.abc import Callable, Iterator

from portal.adapters.contract import AdapterError, Change, Ref
from portal.adapters.testing.crm import ADDRESS, EVIDENCE, UNKNOWN, Contract, Crm, read

MARK = "7361"


class SecrecyContract(Contract):
    """Errors, and ``repr``."""

    def test_no_error_holds_a_value_an_address_or_a_key(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        gone = Ref(ref.adapter, f"key-{MARK}")
        secret = [Change(field, f"seen-{MARK}", f"new-{MARK}" * 99) for field in crm.samples]
        unknown = [Change(UNKNOWN, f"seen-{MARK}", f"new-{MARK}")]
        errors = [
            *_errors(lambda: crm.adapter.write(ref, secret, key="1")),
            *_errors(lambda: crm.adapter.write(gone, secret, key="2")),
            *_errors(lambda: crm.adapter.write(ref, unknown, key="3")),
            *_errors(lambda: crm.adapter.set_consent(gone, UNKNOWN, True, EVIDENCE, key="4")),
            *_errors(lambda: crm.adapter.erase(gone, key="5")),
        ]
        assert len(errors) >= 2, "an unknown field and an unknown purpose are errors"
        for error in errors:
            shown = f"{error!r} {error} {vars(error)}"
            assert MARK not in shown
            assert ADDRESS not in shown
            assert EVIDENCE.wording not in shown

    def test_the_repr_of_a_reference_and_of_a_record_holds_no_value(self, crm: Crm) -> None:
        ref = crm.add(ADDRESS)
        record = read(crm, ref)
        shown = f"{ref!r} {ref} {record!r} {record}"
        assert ADDRESS not in shown
        assert repr(ref.key) not in shown
        assert not any(isinstance(one, str) and one in shown for one, _, _ in crm.samples.values())


def _errors(attempt: Callable[[], object]) -> Iterator[BaseException]:
    """The error that it raises, if any, and those behind it."""
    try:
        attempt()
    except AdapterError as error:
        behind: BaseException | None = error
        while behind is not None:
            yield behind
            behind = behind.__cause__ or behind.__context__
