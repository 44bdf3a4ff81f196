"""Values: taken as typed or not at all, compared by what they mean, given back exactly."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.adapters.contract import Scalar
from portal.domain.register import FieldEntry, Kind
from portal.rights.correcting.typed import Around, Fault, Unacceptable, clean
from portal.rights.held.values import cell, form_text, from_json, same, shown, to_json

HERE = Around(date(2026, 6, 1), "nl", "NL")
GIVEN: dict[str, dict[str, Any]] = {
    "language": {"languages": ("nl", "de")},
    "choice": {"options": {"g": {"nl": "Goud", "en": "Gold"}, "1": {"nl": "Een", "en": "One"}}},
    "rows": {"columns": {"one": {"en": "One"}}},
}


def field(kind: str, **more: Any) -> FieldEntry:
    return FieldEntry(
        id="one",
        activity="a",
        label={"en": "One"},
        category="c",
        kind=Kind(kind),
        tier=1,
        **{**GIVEN.get(kind, {}), **more},
    )


@pytest.mark.parametrize(
    ("kind", "typed", "taken"),
    [
        ("text", "  Dorp 1 ", "Dorp 1"),
        ("text", "   ", None),
        ("text", "Zoe\u0308", "Zoë"),
        ("name", "D'Arcy-O’Neill \u200dक", "D'Arcy-O’Neill \u200dक"),
        ("long_text", "one\r\ntwo", "one\ntwo"),
        ("phone", "06-1234 5678", "+31612345678"),
        ("phone", "+31 (0)6 12345678", "+31612345678"),
        ("phone", "0031 6 12345678", "+31612345678"),
        ("phone", "+32 470 12 34 56", "+32470123456"),
        ("date", "27-03-1958", date(1958, 3, 27)),
        ("date", "27/3/1958", date(1958, 3, 27)),
        ("date", "1958-03-27", date(1958, 3, 27)),
        ("date", "29-02-2024", date(2024, 2, 29)),
        ("date", "27 maart 1958", date(1958, 3, 27)),
        ("date", "27 Mrt. 1958", date(1958, 3, 27)),
        ("date", "27 March 1958", date(1958, 3, 27)),
        ("date", "1. 1. 2050", date(2050, 1, 1)),
        ("postal_code", "4001kb", "4001 KB"),
        ("postal_code", "NL-4001 KB", "4001 KB"),
        ("language", "de", "de"),
        ("choice", "1", "1"),
        ("email", "Jan@Bücher.Example", "Jan@bücher.example"),
        ("email", "jan@xn--bcher-kva.example", "jan@bücher.example"),
        ("number", "-12,50", Decimal("-12.50")),
        ("number", "007", Decimal(7)),
        ("country", "nl", "NL"),
        ("boolean", "yes", True),
        ("boolean", "no", False),
    ],
)
def test_what_was_typed_is_taken_as_what_it_means(kind: str, typed: str, taken: Scalar) -> None:
    assert clean(field(kind), typed, HERE) == taken


@pytest.mark.parametrize(
    ("kind", "typed", "fault"),
    [
        ("text", "x" * 201, Fault.TOO_LONG),
        ("text", "one\ntwo", Fault.BAD_CHARACTER),
        ("text", "a\x00b", Fault.BAD_CHARACTER),
        ("text", "a\u202eb", Fault.BAD_CHARACTER),  # turns what follows around
        ("text", "a\ud800b", Fault.BAD_CHARACTER),
        ("long_text", "a\tb", Fault.BAD_CHARACTER),
        ("phone", "12345", Fault.NOT_A_PHONE),
        ("phone", "06-1000482", Fault.NOT_A_PHONE),  # a digit is missing
        ("phone", "07700 900123", Fault.NOT_A_PHONE),  # of another country
        ("phone", "0900-CALLME", Fault.NOT_A_PHONE),
        ("phone", "+", Fault.NOT_A_PHONE),
        ("phone", "+999 1234567", Fault.NOT_A_PHONE),
        ("phone", "06 call me", Fault.NOT_A_PHONE),
        ("date", "30-02-2024", Fault.NO_SUCH_DAY),
        ("date", "03-27-1958", Fault.NO_SUCH_DAY),
        ("date", "00-00-0000", Fault.NO_SUCH_DAY),
        ("date", "27-03-58", Fault.SHORT_YEAR),
        ("date", "27-03-19580", Fault.SHORT_YEAR),
        ("date", "27 Foo 1958", Fault.NOT_A_DATE),
        ("date", "27-03", Fault.NOT_A_DATE),
        ("date", "٢٧-٠٣-١٩٥٨", Fault.NOT_A_DATE),
        ("postal_code", "4001 SS", Fault.NOT_A_POSTCODE),
        ("postal_code", "0001 AB", Fault.NOT_A_POSTCODE),
        ("postal_code", "10115", Fault.NOT_A_POSTCODE),
        ("language", "fr", Fault.NOT_IN_THE_LIST),
        ("choice", "silver", Fault.NOT_IN_THE_LIST),
        ("email", "jan at example", Fault.NOT_AN_EMAIL),
        ("date", "yesterday", Fault.NOT_A_DATE),
        ("number", "1.000", Fault.NOT_A_NUMBER),  # a thousand, or one?
        ("number", "1e9", Fault.NOT_A_NUMBER),
        ("number", "NaN", Fault.NOT_A_NUMBER),
        ("number", "٣", Fault.NOT_A_NUMBER),
        ("country", "Nederland", Fault.NOT_A_COUNTRY),
        ("country", "ZZ", Fault.NOT_A_COUNTRY),
        ("boolean", "maybe", Fault.NOT_YES_OR_NO),
        ("boolean", "1", Fault.NOT_YES_OR_NO),
    ],
)
def test_what_cannot_be_meant_is_told_by_its_fault_and_not_repeated(
    kind: str, typed: str, fault: Fault
) -> None:
    with pytest.raises(Unacceptable) as refused:
        clean(field(kind), typed, HERE)

    assert refused.value.fault is fault
    assert typed not in str(refused.value)


@pytest.mark.parametrize("kind", [k.value for k in Kind if k is not Kind.ROWS])
def test_nothing_is_nothing_unless_it_is_required(kind: str) -> None:
    assert clean(field(kind), " ", HERE) is None
    with pytest.raises(Unacceptable) as refused:
        clean(field(kind, required=True), " ", HERE)
    assert refused.value.fault is Fault.REQUIRED


@given(typed=st.text(max_size=60), kind=st.sampled_from([k for k in Kind if k is not Kind.ROWS]))
def test_any_text_at_all_is_taken_or_refused(typed: str, kind: Kind) -> None:
    try:
        taken = clean(field(kind.value), typed, HERE)
    except Unacceptable:
        return
    assert "\x00" not in str(taken)
    again = form_text(taken, field(kind.value), HERE.country)
    assert same(taken, clean(field(kind.value), again, HERE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ""),
        ("Ede", "Ede "),
        ("Zoë", "Zoe\u0308"),
        (Decimal("1.50"), 1.5),
        (1, True),
        (0, False),
        (date(1958, 3, 27), datetime(1958, 3, 27)),  # noqa: DTZ001  as drivers give it
        (date(1958, 3, 27), "1958-03-27"),
    ],
)
def test_the_same_is_the_same_whatever_type_a_database_gives_it_back_in(
    one: Scalar, other: Scalar
) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, 0),
        (None, False),
        ("Ede", "ede"),
        ("Ede", " Ede"),
        (Decimal("1.50"), Decimal("1.51")),
        (True, False),
        (True, "yes"),
        (date(1958, 3, 27), date(1958, 3, 28)),
    ],
)
def test_what_differs_is_not_the_same(one: Scalar, other: Scalar) -> None:
    assert not same(one, other)
    assert not same(other, one)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(st.characters(codec="utf-8")),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.decimals(allow_nan=False, allow_infinity=False),
)


@given(value=SCALARS)
def test_what_travels_sealed_comes_back_as_the_very_same(value: Scalar) -> None:
    back = from_json(to_json(value))

    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(("held", "chosen"), [(1, "yes"), (0, "no"), (True, "yes"), (None, "")])
def test_a_truth_value_is_chosen_in_the_form_however_a_database_holds_it(
    held: Scalar, chosen: str
) -> None:
    """Many databases hold it as a number."""
    assert form_text(held, field("boolean")) == chosen


@pytest.mark.parametrize(
    ("value", "kind", "nl", "en"),
    [
        (date(1958, 3, 27), "date", "27 maart 1958", "27 March 1958"),
        ("1958-03-27", "date", "27 maart 1958", "27 March 1958"),
        ("long ago", "date", "long ago", "long ago"),
        (datetime(2026, 3, 2, 9, 5), "text", "2 maart 2026, 09:05", "2 March 2026, 09:05"),  # noqa: DTZ001
        (Decimal("1234.50"), "number", "1.234,50", "1,234.50"),
        (Decimal("-0.010"), "number", "-0,010", "-0.010"),
        (Decimal("1E+3"), "number", "1.000", "1,000"),
        (1234.5, "number", "1.234,5", "1,234.5"),
        (Decimal("NaN"), "number", "NaN", "NaN"),
        (Decimal("1E+400"), "number", "1E+400", "1E+400"),
        ("NL", "country", "Nederland", "Netherlands"),
        ("XQ", "country", "XQ", "XQ"),
        ("NLD", "country", "Nederland", "Netherlands"),
        ("Austria", "country", "Oostenrijk", "Austria"),
        ("Atlantis", "country", "Atlantis", "Atlantis"),
        ("nl", "language", "Nederlands", "Dutch"),
        ("nl_NL", "language", "Nederlands", "Dutch"),
        ("Nedersaksisch", "language", "Nedersaksisch", "Nedersaksisch"),
        ("g", "choice", "Goud", "Gold"),
        (1, "choice", "Een", "One"),
        ("z", "choice", "z", "z"),
        ("+31612345678", "phone", "06 12345678", "06 12345678"),
        ("+32470123456", "phone", "+32 470 12 34 56", "+32 470 12 34 56"),
        ("06-1000482", "phone", "06-1000482", "06-1000482"),
        ("jan@xn--bcher-kva.example", "email", "jan@bücher.example", "jan@bücher.example"),
        ("jan@xn--a.org", "email", "jan@xn--a.org", "jan@xn--a.org"),
        ("J", "boolean", "J", "J"),
        (1, "boolean", True, True),
        (1, "number", "1", "1"),
        ("", "text", None, None),
    ],
)
def test_a_value_is_shown_as_its_reader_writes_it(
    value: Scalar, kind: str, nl: object, en: object
) -> None:
    assert shown(value, field(kind), "nl", "NL") == nl
    assert shown(value, field(kind), "en", "NL") == en


@pytest.mark.parametrize(
    ("value", "nl", "en"),
    [
        (date(2024, 6, 1), "1 juni 2024", "1 June 2024"),
        ("2024-06-01", "1 juni 2024", "1 June 2024"),
        ("2024-06-01T09:05:00", "1 juni 2024, 09:05", "1 June 2024, 09:05"),
        ("2024-06-01T00:00:00", "1 juni 2024", "1 June 2024"),
        ("2024-06-01T09:05:00.250000+02:00", "1 juni 2024, 09:05", "1 June 2024, 09:05"),
        ("20240601", "20240601", "20240601"),
        ("2024-W23-6", "2024-W23-6", "2024-W23-6"),
        ("2024-02-30", "2024-02-30", "2024-02-30"),
        ("M-2024-06-01", "M-2024-06-01", "M-2024-06-01"),
        ("", None, None),
        (True, True, True),
    ],
)
def test_a_day_in_a_row_is_shown_as_its_reader_writes_it(
    value: Scalar, nl: object, en: object
) -> None:
    assert cell(value, "nl") == nl
    assert cell(value, "en") == en
