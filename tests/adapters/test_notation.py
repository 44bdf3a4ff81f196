"""How CRMs write values: there and back without loss, and what is odd stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from portal.adapters.contract import Scalar
from portal.adapters.notation import NoNotation, Notation
from portal.domain.countries import countries, three_letters
from portal.domain.phones import E164

NOTATIONS = {
    "plain": Notation(),
    "national": Notation(form="national", region="NL"),
    "international": Notation(form="international"),
    "alpha3": Notation(form="alpha3"),
    "names": Notation(names="en", values={"CZ": "Czech Republic", "US": "USA"}),
    "J and N": Notation(true="J", false="N"),
    "1 and 0": Notation(true=1, false=0),
    "in letters": Notation(true="true", false="false"),
    "values": Notation(values={"gold": 1, "silver": 2}),
}
PHONES = st.one_of(
    st.integers(600_000_000, 699_999_999).map(lambda nr: f"+31{nr}"),
    st.integers(10_000_000, 99_999_999).map(lambda nr: f"+324{nr}"),
    st.integers(7_000_000_000, 7_999_999_999).map(lambda nr: f"+44{nr}"),
)
NORMAL: dict[str, st.SearchStrategy[Scalar]] = {
    "national": PHONES,
    "international": PHONES,
    "alpha3": st.sampled_from(sorted(three_letters())),
    "names": st.sampled_from(sorted(countries("en"))),
    "J and N": st.booleans(),
    "1 and 0": st.booleans(),
    "in letters": st.booleans(),
    "values": st.sampled_from(["gold", "silver"]),
}


@pytest.mark.parametrize(
    ("notation", "value", "held"),
    [
        ("plain", "+31612345678", "+31612345678"),
        ("national", "+31612345678", "06 12345678"),
        ("national", "+31201234567", "020 123 4567"),
        ("national", "+32470123456", "+32 470 12 34 56"),
        ("international", "+31612345678", "+31 6 12345678"),
        ("alpha3", "NL", "NLD"),
        ("alpha3", "DE", "DEU"),
        ("names", "AT", "Austria"),
        ("names", "CZ", "Czech Republic"),
        ("J and N", True, "J"),
        ("J and N", False, "N"),
        ("1 and 0", True, 1),
        ("in letters", False, "false"),
        ("values", "gold", 1),
    ],
)
def test_a_value_is_written_as_the_crm_writes_it_and_read_back_as_it_was(
    notation: str, value: Scalar, held: Scalar
) -> None:
    assert NOTATIONS[notation].written(value) == held
    assert NOTATIONS[notation].read(held) == value


@pytest.mark.parametrize("notation", NORMAL)
@given(data=st.data())
def test_reading_what_was_written_is_what_it_was(notation: str, data: st.DataObject) -> None:
    value = data.draw(NORMAL[notation])

    assert NOTATIONS[notation].read(NOTATIONS[notation].written(value)) == value


@pytest.mark.parametrize("notation", NOTATIONS)
@given(held=st.one_of(st.none(), st.integers(), st.text(), PHONES, st.sampled_from(["NL", "AT"])))
def test_writing_what_was_read_is_what_stood_there_however_odd(notation: str, held: Scalar) -> None:
    once = NOTATIONS[notation].read(held)
    try:
        back = NOTATIONS[notation].written(once)
    except NoNotation:
        assert once == held, "it stays as it is"
        return

    assert NOTATIONS[notation].read(back) == once
    if once != held or not _is_normal(
        held
    ):  # a CRM may hold here and there what we would not write
        assert back == held


def _is_normal(held: Scalar) -> bool:
    """It looks as the portal itself would have it."""
    return bool(E164.fullmatch(str(held))) or str(held) in {*countries("en"), "gold", "silver"}


@pytest.mark.parametrize(
    ("notation", "odd"),
    [
        ("national", "06-1000482"),
        ("national", "0612345678"),
        ("national", "call mother"),
        ("alpha3", "Holland"),
        ("alpha3", "nld"),
        ("names", "United States"),
        ("J and N", "?"),
        ("J and N", "j"),
        ("values", 3),
    ],
)
def test_what_the_crm_writes_otherwise_stays_as_it_is(notation: str, odd: Scalar) -> None:
    assert NOTATIONS[notation].read(odd) == odd


def test_what_the_crm_cannot_write_is_said_without_its_value() -> None:
    with pytest.raises(NoNotation) as refused:
        NOTATIONS["values"].written("bronze")
    assert "bronze" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        {"form": "national"},
        {"region": "NL"},
        {"form": "international", "region": "NL"},
        {"true": "J"},
        {"true": "J", "false": "J"},
        {"true": 1, "false": "1"},
        {"form": "alpha3", "names": "en"},
        {"values": {"a": "x", "b": "x"}},
        {"names": "English"},
        {"form": "alpha2"},
    ],
)
def test_settings_that_would_lose_something_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Notation.model_validate(said)
